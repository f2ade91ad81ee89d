import { describe, expect, test } from '@jest/globals';
import { readFileSync } from 'node:fs';
import { parse } from 'yaml';
import * as z from 'zod';
import type { Configuration } from '../../../plugins/framework.ts';
import { givenParameters, Parameters, problemsWith } from '../../../plugins/parameters.ts';

const read = (path: string): string => readFileSync(new URL(`../../../${path}`, import.meta.url), 'utf8');

const { params } = z
  .object({ params: z.record(z.string(), z.record(z.string(), z.unknown())) })
  .parse(parse(read('serverless.yml'), { logLevel: 'silent' }));

/** What `sls deploy --stage dev` hands over, with these options. */
const given = (...param: string[]): Record<string, unknown> =>
  givenParameters({
    configurationInput: {
      params: {
        ...params,
        default: { ...params['default'], namespace: 'eks-jobs-dev', nodeSelector: "{'a': 'b'}" },
      },
    },
    processedInput: { options: { param } },
    service: { provider: { stage: 'dev' }, functions: {} },
    classes: { Error: class extends Error {} },
  } satisfies Configuration);

const problems = (...param: string[]): string[] => problemsWith(given(...param));

describe('the parameters of a deploy', () => {
  test('are right by default', () => {
    expect(problems()).toEqual([]);
  });

  // The framework ignores a name it does not know: `--param custer=main` would create a cluster.
  test('have known names', () => {
    expect(problems('custer=main')).toEqual(['custer is no parameter']);
  });

  test.each([
    ['auth=open', 'auth must be one of iam, jwt, none'],
    ['cluster=', "cluster must be an EKS cluster's name"],
    ['namespace=Jobs', 'namespace must be a DNS label'],
    ['namespace=kube-system', "namespace must be the jobs' own"],
    ['buckets=Mine', 'buckets must be names of buckets with commas between'],
    ['alarmTopic=alarms', 'alarmTopic must be the ARN of an SNS topic'],
    ['jobLogGroup=/jobs', 'jobLogGroup of a cluster that the stack creates is made with it'],
    ['nodeClass=bottlerocket', 'nodeClass of a cluster that the stack creates is auto-mode'],
    ['maxJobMemory=8', 'jobMemory is beyond what a job may have. Allowed: from 16Mi to 8.'],
    ['maxJobCpu=4.0001', 'maxJobCpu must be a quantity such as 500m or 4'],
    ['jobCpu=5', 'jobCpu is beyond what a job may have. Allowed: from 10m to 4.'],
    ['bottlerocketVersion=v1.50.0', 'bottlerocketVersion means nothing with nodeClass=auto-mode'],
  ])('refuses %s, naming it and what is allowed', (param, problem) => {
    expect(problems(param)).toContain(problem);
  });

  test('belong together', () => {
    expect(problems('auth=jwt')).toEqual([
      'jwtIssuer is needed with auth=jwt',
      'jwtAudience is needed with auth=jwt',
    ]);
    expect(problems('auth=jwt', 'jwtIssuer=https://issuer.example', 'jwtAudience=jobs')).toEqual([]);
    expect(problems('cluster=main', 'nodeClass=none')).toEqual([
      'nodeSelector must name labels of your nodes, or be {}, with nodeClass=none',
    ]);
    expect(problems('cluster=main', 'nodeClass=none', 'nodeSelector={}')).toEqual([]);
  });

  test('of the command line come before the stage’s, and those before the defaults', () => {
    const configuration = (param: string[]) => ({
      configurationInput: { params: { default: { image: 'a', arch: 'amd64' }, prod: { image: 'b' } } },
      processedInput: { options: { param } },
      service: { provider: { stage: 'prod' }, functions: {} },
      classes: { Error: class extends Error {} },
    });
    expect(givenParameters(configuration([]))).toEqual({ image: 'b', arch: 'amd64' });
    // A value may hold equals signs.
    expect(givenParameters(configuration(['image=c=d']))).toEqual({ image: 'c=d', arch: 'amd64' });
  });
});

describe('docs/deploying.md', () => {
  const rows = [
    ...read('docs/deploying.md').matchAll(/^\| `(\w+)` +\| (?:`([^`|]*)`(?:, in prod `\w+`)?)? *\|/gm),
  ].map(([, name = '', value = '']) => [name, value] as const);

  test('lists every parameter, and none that there is not', () => {
    expect(rows.map(([name]) => name).sort()).toEqual(Object.keys(Parameters.shape).sort());
  });

  test('says the defaults of serverless.yml', () => {
    const said = Object.fromEntries(rows);
    for (const [name, value] of Object.entries(params['default'] ?? {})) {
      // Written for people.
      const expected = name === 'nodeSelector' ? "{'eks-jobs/pool': 'NAMESPACE'}" : String(value);
      expect({ name, default: said[name] }).toEqual({ name, default: expected });
    }
  });
});

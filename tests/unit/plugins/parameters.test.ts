import { describe, expect, test } from '@jest/globals';
import { readFileSync } from 'node:fs';
import { addDefaults, givenParameters } from '../../../plugins/parameters.ts';
import { problemsWith } from '../../../plugins/parameters/check.ts';
import { type Parameter, parameters } from '../../../plugins/parameters/table.ts';
import {
  defaultParameters,
  stackDefaults,
  templateParameters,
} from '../../../plugins/parameters/template.ts';

/** The parameters of `sls deploy --stage dev` with these options, and with the framework's variables resolved. */
const given = (...param: string[]): Record<string, unknown> =>
  givenParameters({
    configurationInput: {
      params: {
        ...defaultParameters(),
        default: {
          ...defaultParameters()['default'],
          namespace: 'eks-jobs-dev',
          nodeSelector: "{'eks-jobs/pool': 'eks-jobs-dev'}",
        },
      },
    },
    processedInput: { options: { param } },
    service: { provider: { stage: 'dev' }, functions: {} },
  });

const problems = (...param: string[]): string[] => problemsWith(given(...param));

describe('the parameters of a deploy', () => {
  test('are correct by default', () => {
    expect(problems()).toEqual([]);
  });

  // The framework ignores a name that it does not know: `--param custer=main` would create a cluster.
  test('have known names', () => {
    expect(problems('custer=main')).toEqual(['custer is not a parameter']);
  });

  test.each([
    ['auth=open', 'auth must be one of iam, jwt, none'],
    ['builder=kaniko', 'builder must be one of docker, podman, buildah'],
    ['cluster=', "cluster must be an EKS cluster's name"],
    ['namespace=Jobs', 'namespace must be a DNS label'],
    [
      'namespace=kube-system',
      'namespace must be a namespace for the jobs alone: not default, and not kube-…',
    ],
    ['buckets=Mine', 'buckets must be names of buckets separated by commas'],
    ['alarmTopic=alarms', 'alarmTopic must be the ARN of an SNS topic'],
    [
      'jobLogGroup=/jobs',
      'jobLogGroup cannot be set when the stack creates the cluster: it creates the log group too',
    ],
    [
      `namespace=${'n'.repeat(59)}`,
      'namespace must have at most 58 characters: the logs are shipped from NAMESPACE-logs',
    ],
    ['nodeClass=bottlerocket', 'nodeClass must be auto-mode when the stack creates the cluster'],
    ['maxJobMemory=8', 'jobMemory is outside the limits of one job. Allowed: from 16Mi to 8.'],
    ['maxJobCpu=4.0001', 'maxJobCpu must be a quantity such as 500m or 4'],
    ['jobCpu=5', 'jobCpu is outside the limits of one job. Allowed: from 10m to 4.'],
    ['bottlerocketVersion=v1.50.0', 'bottlerocketVersion has no effect with nodeClass=auto-mode'],
    ['queueSeconds=30', 'queueSeconds must be an integer from 60 to 21600'],
    ['waiters=501', 'waiters must be an integer from 0 to 500'],
    [
      'getJobConcurrency=5',
      'getJobConcurrency must be more than waiters, 5, or be 0: a request that waits occupies one',
    ],
    ['cpuLimit=many', 'cpuLimit must be an integer from 1 to 999999'],
    // The template has the same pattern: what CloudFormation would reject is rejected here.
    [`nodeSelector={'a': "b"}`, "nodeSelector must be {} or labels such as {'key': 'value'}"],
    ['jobEndpointUrl=http://a/b', 'jobEndpointUrl must be an address such as http://10.0.0.1:4566'],
  ])('%s is rejected, with the name and what is allowed', (param, problem) => {
    expect(problems(param)).toContain(problem);
  });

  test('are checked together', () => {
    expect(problems('auth=jwt')).toEqual([
      'jwtIssuer is required with auth=jwt',
      'jwtAudience is required with auth=jwt',
    ]);
    expect(problems('auth=jwt', 'jwtIssuer=https://issuer.example', 'jwtAudience=jobs')).toEqual([]);
    expect(problems('cluster=main', 'nodeClass=none')).toEqual([
      'nodeSelector must name labels of your nodes, or be {}, with nodeClass=none',
    ]);
    for (const own of ['{}', "{'disk': 'ssd'}"]) {
      expect(problems('cluster=main', 'nodeClass=none', `nodeSelector=${own}`)).toEqual([]);
    }
  });

  test('of the command line replace those of the stage, and these the defaults', () => {
    const configuration = (param: string[]) => ({
      configurationInput: { params: { default: { image: 'a', arch: 'amd64' }, prod: { image: 'b' } } },
      processedInput: { options: { param } },
      service: { provider: { stage: 'prod' }, functions: {} },
    });
    expect(givenParameters(configuration([]))).toEqual({ image: 'b', arch: 'amd64' });
    // A value may hold equals signs.
    expect(givenParameters(configuration(['image=c=d']))).toEqual({ image: 'c=d', arch: 'amd64' });
  });

  test('of serverless.yml, under params, replace the defaults', () => {
    const extended: Record<string, unknown> = {};
    addDefaults({
      configurationInput: { params: { default: { cpuLimit: 8 }, prod: { cpuLimit: 128 } } },
      extendConfiguration: (path, value) => {
        extended[path.join('.')] = value;
      },
    });
    expect(extended).toMatchObject({
      'params.default': { cpuLimit: 8, arch: 'amd64', tableDeletionPolicy: 'Delete' },
      'params.prod': { cpuLimit: 128, tableDeletionPolicy: 'Retain' },
    });
  });
});

describe('the template', () => {
  test('has a CloudFormation parameter for each row that names one, with its rule and the value of --param', () => {
    expect(templateParameters()).toMatchObject({
      ServiceName: { Default: '${self:service}-${sls:stage}' },
      ExistingCluster: {
        Default: "${param:cluster, ''}",
        AllowedPattern: '^([0-9A-Za-z][A-Za-z0-9_-]{0,99})?$',
      },
      CpuLimit: { Type: 'Number', MinValue: 1, MaxValue: 999_999, Default: '${param:cpuLimit}' },
      Zones: { Type: 'CommaDelimitedList', Default: '${param:zones}' },
      ClusterAdmin: { AllowedPattern: '^(arn:[a-z-]+:iam::[0-9]{12}:(role|user)/.+)?$' },
    });
  });

  // CloudFormation itself refuses a default that its own rule does not accept.
  test('accepts every default', () => {
    const rules = templateParameters() as Record<
      string,
      { AllowedPattern?: string; AllowedValues?: string[] }
    >;
    for (const [name, value] of Object.entries(stackDefaults())) {
      // plugins/image.ts replaces it when it is empty.
      if (name === 'JobImage') continue;
      const { AllowedPattern = '', AllowedValues = [value] } = rules[name] ?? {};
      const text = value.replaceAll(/\$\{[^}]*\}/g, 'resolved');
      expect({ name, fits: new RegExp(AllowedPattern).test(text) }).toEqual({ name, fits: true });
      expect(AllowedValues).toContain(value);
    }
  });
});

describe('docs/deploying.md', () => {
  const text = readFileSync(new URL('../../../docs/deploying.md', import.meta.url), 'utf8');
  const rows = [...text.matchAll(/^\| `\w+` .*\|$/gm)]
    .map(([row]) => row.replaceAll(/ +/g, ' '))
    .filter((row) => Object.keys(parameters).some((name) => row.startsWith(`| \`${name}\` |`)));

  /** A row as the tables have it, without the spaces that align the columns. */
  function rowOf(name: string, { default: value = '', stages, meaning, costs = '' }: Parameter): string {
    const shown = String(value).replace('${param:namespace}', 'NAMESPACE');
    const ofStages = Object.entries(stages ?? {}).map(([stage, other]) => `, in ${stage} \`${other}\``);
    const cells = [`\`${name}\``, shown === '' ? '' : `\`${shown}\`${ofStages.join('')}`, meaning, costs];
    return `| ${cells.join(' | ')} |`.replaceAll(/ +/g, ' ');
  }

  test('has a row for each parameter with its default, its meaning and what it costs, in this order', () => {
    expect(rows).toEqual(Object.entries<Parameter>(parameters).map(([name, row]) => rowOf(name, row)));
  });

  test('has a row for nothing else', () => {
    const names = [...text.matchAll(/^\| `(\w+)` +\|[^|]*\|[^|]*\|[^|]*\|$/gm)].map(([, name]) => name);
    expect(names.sort()).toEqual(Object.keys(parameters).sort());
  });
});

import { describe, expect, test } from '@jest/globals';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';
import * as z from 'zod';
import {
  deployRoleValues,
  type DeployRoleValues,
  readDeployRoles,
  type Statement,
} from '../harness/package/deploy-role.ts';
import { root } from '../harness/package/packaged.ts';

/** Who may assume the pipeline's role: GitHub's tokens of one repository and one environment. */

const issuer = 'token.actions.githubusercontent.com';

/** Evaluates conditions as IAM does: all must hold, StringEquals compares the whole text and its case. */
function holds({ Condition }: Statement, token: Record<string, string>): boolean {
  return Object.entries(Condition).every(([operator, keys]) => {
    if (operator !== 'StringEquals') throw new Error(`${operator} is not known to this test`);
    return Object.entries(keys).every(([key, values]) => {
      const claim = key.startsWith(`${issuer}:`) ? token[key.slice(issuer.length + 1)] : undefined;
      return claim !== undefined && values.includes(claim);
    });
  });
}

/** Checks whether AWS gives the role to a token with this subject. */
function trusts(repository: string, sub: string, aud = 'sts.amazonaws.com'): boolean {
  const values: DeployRoleValues = { ...deployRoleValues, Repository: repository };
  const trust = readDeployRoles(values).Resources.DeployRole.Properties.AssumeRolePolicyDocument.Statement;
  return trust.some((statement) => holds(statement, { sub, aud }));
}

const accepted = (parameter: string, value: string): boolean =>
  new RegExp(readDeployRoles().Parameters[parameter]?.AllowedPattern ?? '').test(value);

describe('GitHub’s token for the repository and the environment gets the role', () => {
  test.each([
    ['octo-org/jobs', 'repo:octo-org/jobs:environment:dev'],
    // Repositories created or renamed since 15 July 2026, and older ones that opted in.
    ['octo-org@123456/jobs@456789', 'repo:octo-org@123456/jobs@456789:environment:dev'],
  ])('%s', (repository, subject) => {
    expect(accepted('Repository', repository)).toBe(true);
    expect(trusts(repository, subject)).toBe(true);
    expect(trusts(repository, subject, 'https://github.com/octo-org')).toBe(false);
  });
});

describe('another token does not get the role', () => {
  const old = 'octo-org/jobs';
  const immutable = 'octo-org@123456/jobs@456789';
  test.each([
    ['another environment', old, 'repo:octo-org/jobs:environment:prod'],
    ['an environment whose name begins alike', old, 'repo:octo-org/jobs:environment:dev2'],
    ['a branch without an environment', old, 'repo:octo-org/jobs:ref:refs/heads/main'],
    ['a pull request', old, 'repo:octo-org/jobs:pull_request'],
    ['another repository of the owner', old, 'repo:octo-org/jobs2:environment:dev'],
    ['a fork', old, 'repo:someone/jobs:environment:dev'],
    ['the name in another case', old, 'repo:Octo-Org/jobs:environment:dev'],
    ['an environment with the subject of another in its name', old, 'repo:a/b:environment:octo-org/jobs:dev'],
    ['the immutable form, when the stack has the old one', old, `repo:${immutable}:environment:dev`],
    ['the old form, when the stack has the immutable one', immutable, `repo:${old}:environment:dev`],
    [
      'an owner of the same name, registered later',
      immutable,
      'repo:octo-org@999/jobs@456789:environment:dev',
    ],
    [
      'a repository of the same name, created later',
      immutable,
      'repo:octo-org@123456/jobs@9:environment:dev',
    ],
    ['another environment of it', immutable, `repo:${immutable}:environment:prod`],
  ])('%s', (_name, repository, subject) => {
    expect(trusts(repository, subject)).toBe(false);
  });

  test('of any repository: names with wildcards and half of the immutable form are not accepted', () => {
    const wrong = [
      'octo-org/*',
      '*/*',
      'octo-org',
      'octo-org@1/jobs',
      'octo-org/jobs@1',
      'octo-org@x/jobs@y',
    ];
    expect([...wrong, 'repo:octo-org/jobs', ''].filter((value) => accepted('Repository', value))).toEqual([]);
  });
});

const Workflow = z.object({
  jobs: z.object({
    deploy: z.object({
      'timeout-minutes': z.number(),
      steps: z.array(
        z.looseObject({
          uses: z.string().optional(),
          with: z.record(z.string(), z.unknown()).optional(),
        }),
      ),
    }),
  }),
});

// A cluster and a rollback may take more than an hour. A session that ends leaves the pipeline red while the stack
// continues.
test('a slow deploy keeps its credentials: the session is not shorter than the limit of the job', () => {
  const { deploy } = Workflow.parse(
    parse(readFileSync(join(root, '.github', 'workflows', 'pipeline.yml'), 'utf8')),
  ).jobs;
  const login = deploy.steps.find(({ uses }) => uses?.startsWith('aws-actions/configure-aws-credentials@'));
  const requested = z.number().parse(login?.with?.['role-duration-seconds']);
  const allowed = readDeployRoles().Resources.DeployRole.Properties.MaxSessionDuration;
  expect(requested).toBeGreaterThanOrEqual(deploy['timeout-minutes'] * 60);
  expect(requested).toBeLessThanOrEqual(allowed);
  // Image 10, cluster 15, access and nodes 20, functions and roles 10, and as long for a rollback.
  expect(deploy['timeout-minutes']).toBeGreaterThanOrEqual(110);
});

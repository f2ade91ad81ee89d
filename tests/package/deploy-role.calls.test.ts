import { expect, test } from '@jest/globals';
import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { coversAction, statementsOf } from '../harness/package/deploy-role.ts';
import { root } from '../harness/package/packaged.ts';

/** Every call to AWS of `sls deploy`, `sls info` and `sls remove`, our plugins included, is allowed by the pipeline's first role. */

const sources = [
  ...globSync('node_modules/serverless/lib/plugins/aws/{deploy,info,remove,lib}/**/*.js', { cwd: root }),
  'node_modules/serverless/lib/plugins/aws/provider.js',
  ...globSync('plugins/**/*.ts', { cwd: root }),
];

/** The IAM prefixes of the SDK's packages that have another name. */
const prefixes: Record<string, string> = {
  'api-gateway': 'apigateway',
  apigatewayv2: 'apigateway',
  'cloudwatch-logs': 'logs',
};

/** Calls whose permission has another name (each service's authorization reference). */
const actionNames: Record<string, string> = {
  'apigateway:GetApi': 'apigateway:GET',
  'apigateway:GetApiKey': 'apigateway:GET',
  's3:DeleteObjects': 's3:DeleteObject',
  's3:HeadBucket': 's3:ListBucket',
  's3:HeadObject': 's3:GetObject',
  's3:ListObjectVersions': 's3:ListBucketVersions',
  's3:ListObjectsV2': 's3:ListBucket',
};

/** Calls in these files that our configuration never makes, or that need no permission. */
const exceptions: Record<string, string> = {
  'sts:GetCallerIdentity': 'Every identity may call it.',
  'apigateway:GET': 'sls info reads API keys and an API from outside the stack; serverless.yml has neither.',
  'cloudformation:ListExports': 'It resolves Fn::ImportValue, which serverless.yml does not use.',
  'cloudformation:SetStackPolicy': 'provider.stackPolicy is not set.',
  'logs:DescribeSubscriptionFilters': 'Only for events cloudwatchLog, which no function has.',
  'logs:DeleteSubscriptionFilter': 'Only for events cloudwatchLog, which no function has.',
};

/** Lists the IAM actions of the SDK's commands that a file sends. */
function actionsOf(path: string): string[] {
  const text = readFileSync(join(root, path), 'utf8');
  const imports = text.matchAll(/\{([^{}]*)\}\s*(?:=\s*require\(|from )\s*'@aws-sdk\/client-([a-z0-9-]+)'/g);
  return [...imports].flatMap(([, names = '', client = '']) =>
    [...names.matchAll(/\b(\w+)Command\b/g)]
      .filter(([command]) => text.includes(`new ${command}(`))
      .map(([, operation = '']) => {
        const action = `${prefixes[client] ?? client}:${operation}`;
        return actionNames[action] ?? action;
      }),
  );
}

const called = [...new Set(sources.flatMap(actionsOf))].sort();
const allowed = statementsOf('DeployRole').flatMap(({ Action }) => Action);

test('the pipeline may make every call of the framework and of our plugins', () => {
  expect(called).toEqual(expect.arrayContaining(['cloudformation:CreateStack', 'ecr:CreateRepository']));
  expect(called.length).toBeGreaterThan(25);
  const missing = called.filter(
    (action) => !(action in exceptions) && !allowed.some((pattern) => coversAction(pattern, action)),
  );
  expect(missing).toEqual([]);
});

test('every exception is called somewhere', () => {
  expect(Object.keys(exceptions).filter((action) => !called.includes(action))).toEqual([]);
});

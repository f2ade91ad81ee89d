import { expect, test } from '@jest/globals';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';
import { packaged, packagedVariant, root } from '../harness/package/packaged.ts';

/** The IAM prefixes of services that have another name in CloudFormation. */
const prefixes: Record<string, string> = { apigatewayv2: 'apigateway', stepfunctions: 'states' };

// A type that is in the template but not allowed by the role would fail only in the pipeline, halfway through a deploy.
test('the pipeline’s role allows every service of which the template has resources', () => {
  const text = readFileSync(join(root, '.github', 'deploy-role.yml'), 'utf8');
  const known = new Set(
    [...JSON.stringify(parse(text, { logLevel: 'silent' })).matchAll(/"([a-z0-9]+):[A-Za-z*]+"/g)].map(
      ([, prefix]) => prefix,
    ),
  );
  const types = [packaged(), packagedVariant()].flatMap(({ template }) =>
    Object.values(template.Resources).map(({ Type }) => Type),
  );
  const needed = types
    .filter((type) => type.startsWith('AWS::'))
    .map((type) => (type.split('::')[1] ?? '').toLowerCase())
    .map((service) => prefixes[service] ?? service);
  expect([...new Set(needed)].filter((prefix) => !known.has(prefix))).toEqual([]);
});

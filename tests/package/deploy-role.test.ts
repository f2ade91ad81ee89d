import { expect, test } from '@jest/globals';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';
import { packaged, packagedVariant, root } from '../harness/package/packaged.ts';

/** The IAM prefixes of services that CloudFormation calls by another name. */
const prefixes: Record<string, string> = { apigatewayv2: 'apigateway', stepfunctions: 'states' };

// A type that was added to the template and forgotten here fails in the pipeline only, halfway through a deploy.
test('the pipeline’s role knows every service that the template has resources of', () => {
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

import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import * as z from 'zod';
import type { Template } from './packaged.ts';

/** The IAM actions that CloudFormation's own code needs to create, change and delete resources, by type. */

export const handlersPath = fileURLToPath(new URL('resource-handlers.json', import.meta.url));

/** How to bring the file up to date, for example after the template got a resource of a new type. */
export const refreshCommand =
  'git clone --depth 1 the repository pulumi/pulumi-aws-native of GitHub, then run node tests/harness/package/vendor-resource-handlers.ts CLONE';

const ResourceHandlers = z.object({
  source: z.string(),
  license: z.string(),
  commit: z.string().regex(/^[0-9a-f]{40}$/),
  date: z.iso.date(),
  handlers: z.record(z.string(), z.record(z.string(), z.array(z.string()))),
});

/** Reads the file: for each type, for each of create, read, update and delete, the actions. */
export const readResourceHandlers = (): z.infer<typeof ResourceHandlers> =>
  ResourceHandlers.parse(JSON.parse(readFileSync(handlersPath, 'utf8')));

/** Types that templates of earlier versions had: the update of such a stack deletes their resources. */
const formerTypes = ['AWS::EKS::Addon'];

/** Lists the types of AWS in templates and in those of earlier versions. A custom resource is handled by our own function. */
export const resourceTypesOf = (templates: Template[]): string[] =>
  [
    ...new Set([
      ...templates.flatMap(({ Resources }) => Object.values(Resources).map(({ Type }) => Type)),
      ...formerTypes,
    ]),
  ]
    .filter((type) => type.startsWith('AWS::') && type !== 'AWS::CloudFormation::CustomResource')
    .sort();

import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as z from 'zod';
import { packageService, root, variantOptions } from './packaged.ts';
import { handlersPath, refreshCommand, resourceTypesOf } from './resource-handlers.ts';

/**
 * Writes resource-handlers.json from a clone of pulumi/pulumi-aws-native, which keeps the schemas of CloudFormation's public
 * registry as AWS publishes them. It takes the types of our packaged templates only.
 */

const folder = 'aws-cloudformation-schema';

const Schema = z.object({
  handlers: z.record(z.string(), z.object({ permissions: z.array(z.string()).default([]) })),
});

const [clone] = process.argv.slice(2);
if (clone === undefined) throw new Error(`the folder of the clone is missing: ${refreshCommand}`);
const git = (...options: string[]): string =>
  execFileSync('git', ['-C', clone, ...options], { encoding: 'utf8', maxBuffer: 64 * 1024 * 1024 });

/** Packages the service with all choices and lists the types of its resources. */
function packagedTypes(): string[] {
  const directories = [[], variantOptions].map((options) => {
    const directory = mkdtempSync(join(tmpdir(), 'eks-jobs-package-'));
    return { directory, template: packageService(directory, ...options).template };
  });
  for (const { directory } of directories) rmSync(directory, { recursive: true, force: true });
  return resourceTypesOf(directories.map(({ template }) => template));
}

function handlersOf(type: string): Record<string, string[]> {
  const name = type.toLowerCase().replaceAll('::', '-');
  const { handlers } = Schema.parse(JSON.parse(git('show', `HEAD:${folder}/${name}.json`)));
  return Object.fromEntries(
    Object.keys(handlers)
      .sort()
      .map((event) => [event, [...(handlers[event]?.permissions ?? [])].sort()]),
  );
}

const types = packagedTypes();
const contents = {
  source: `github.com/pulumi/pulumi-aws-native, ${folder}/, handlers.*.permissions`,
  license: 'Apache-2.0',
  commit: git('rev-parse', 'HEAD').trim(),
  date: git('log', '-1', '--format=%cs').trim(),
  handlers: Object.fromEntries(types.map((type) => [type, handlersOf(type)])),
};
writeFileSync(handlersPath, JSON.stringify(contents));
execFileSync(process.execPath, [
  join(root, 'node_modules', 'prettier', 'bin', 'prettier.cjs'),
  '--write',
  handlersPath,
]);
console.log(`${types.length} types of ${contents.date}`);

import * as z from 'zod';
import { builderNames } from '../../image/builder.ts';
import { UserError } from '../../lib/user-error.ts';
import { architectures } from '../../image/publish.ts';

/** `custom.image` of serverless.yml, where each comes from a parameter (docs/deploying.md). */
const Settings = z.strictObject({
  /** Given: this image is used as it is, and the plugin does nothing. */
  uri: z.string(),
  architecture: z.enum(architectures),
  /** Empty: the first that works. */
  builder: z.union([z.literal(''), z.enum(builderNames)]),
  prebuilt: z.union([z.boolean(), z.stringbool({ truthy: ['true'], falsy: ['false'] })]),
});
export type Settings = z.infer<typeof Settings>;

/** Which parameter each comes from: what the user can change. */
const parameters: Record<string, string> = { uri: 'image', architecture: 'arch' };

/**
 * Reads them.
 * @throws UserError naming the parameter and what it may be.
 */
export function readSettings(custom: unknown): Settings {
  const result = Settings.safeParse(custom);
  if (result.success) return result.data;
  const problems = result.error.issues.map(({ path, message }) => {
    const name = String(path[0] ?? '');
    return `--param ${parameters[name] ?? name}: ${message}`;
  });
  throw new UserError(problems.join('; '));
}

/** A repository's name as ECR takes it (API reference, CreateRepository), as far as service and stage can break it. */
const RepositoryName = z.string().regex(/^[a-z0-9]+([._-][a-z0-9]+)*$/);

/**
 * The repository of a stage.
 * @throws UserError when ECR would not take the name.
 */
export function repositoryName(service: string, stage: string): string {
  const name = `${service}-${stage}`;
  if (RepositoryName.safeParse(name).success) return name;
  throw new UserError(
    `${name} would be the image's repository, and ECR takes lower-case letters and digits only, joined by single ` +
      'dashes: choose another --stage',
  );
}

import * as z from 'zod';
import { builderNames } from '../../image/builder.ts';
import { UserError } from '../../lib/user-error.ts';
import { architectures } from '../../image/publish.ts';

/** `custom.image` of serverless.yml: each value comes from a parameter (docs/deploying.md). */
const ImageSettings = z.strictObject({
  /** If it is set, this image is used as it is, and the plugin does nothing. */
  uri: z.string(),
  architecture: z.enum(architectures),
  /** If it is empty, the first one that works. */
  builder: z.union([z.literal(''), z.enum(builderNames)]),
  prebuilt: z.union([z.boolean(), z.stringbool({ truthy: ['true'], falsy: ['false'] })]),
});
export type ImageSettings = z.infer<typeof ImageSettings>;

/** The parameter from which each value comes. */
const parameters: Record<string, string> = { uri: 'image', architecture: 'arch' };

/**
 * Reads the settings.
 * @throws UserError naming the parameter and the allowed values.
 */
export function readImageSettings(custom: unknown): ImageSettings {
  const result = ImageSettings.safeParse(custom);
  if (result.success) return result.data;
  const problems = result.error.issues.map(({ path, message }) => {
    const name = String(path[0] ?? '');
    return `--param ${parameters[name] ?? name}: ${message}`;
  });
  throw new UserError(problems.join('; '));
}

/** The name of a repository as ECR accepts it (API reference, CreateRepository), as far as service and stage can break the rule. */
const RepositoryName = z.string().regex(/^[a-z0-9]+([._-][a-z0-9]+)*$/);

/**
 * Names the repository of a stage.
 * @throws UserError when ECR would not accept the name.
 */
export function repositoryName(service: string, stage: string): string {
  const name = `${service}-${stage}`;
  if (RepositoryName.safeParse(name).success) return name;
  throw new UserError(
    `${name} would be the image's repository, and ECR accepts lower-case letters and digits only, joined by single ` +
      'dashes: choose another --stage',
  );
}

import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseAllDocuments } from 'yaml';
import { KubernetesObject } from './kubernetes-object.ts';
import { readParameters, tokensOf, type Parameters, type ParametersInput } from './parameters.ts';

/** The text of each manifest by its file's name: read from a folder, or bundled with the code. */
export type ManifestSources = Readonly<Record<string, string>>;

/** The objects that are applied to a cluster for one namespace of jobs. */
export interface ManifestSet {
  namespace: string;
  /** In the order of applying; they are deleted in the reverse order. */
  objects: KubernetesObject[];
}

/** Reads the files of k8s/manifests/. */
export const readManifests = (folder = join(import.meta.dirname, 'manifests')): ManifestSources =>
  Object.fromEntries(
    readdirSync(folder)
      .filter((name) => name.endsWith('.yml'))
      .map((name) => [name, readFileSync(join(folder, name), 'utf8')]),
  );

/** Lists the files that the parameters require, in the order of applying: what others refer to comes first. */
function filesFor({ nodeClass, tableAddress, logGroup }: Parameters): string[] {
  return [
    'namespace.yml',
    'service-account.yml',
    'run-job.yml',
    'settle-job.yml',
    'sweep.yml',
    'default-deny.yml',
    'job-egress.yml',
    ...(tableAddress ? ['table-egress.yml'] : []),
    ...(nodeClass === 'auto-mode' ? ['auto-mode-network-policy.yml'] : []),
    ...(nodeClass === 'none' ? [] : [`${nodeClass}-node-class.yml`, 'node-pool.yml']),
    ...(logGroup === undefined ? [] : ['container-logs.yml']),
  ];
}

/**
 * Renders the objects of one namespace of jobs, with every #{Name} filled in. Nothing is read but the arguments.
 * @throws InvalidParameters naming each parameter that is wrong, unknown or missing.
 * @throws Error when a manifest contains a #{Name} without a value, or is not a Kubernetes object.
 */
export function renderManifests(
  sources: ManifestSources,
  given: ParametersInput | Readonly<Record<string, unknown>>,
): ManifestSet {
  const parameters = readParameters(given);
  const tokens = tokensOf(parameters);
  const objects = filesFor(parameters).flatMap((file) => {
    const source = sources[file];
    if (source === undefined) throw new Error(`${file} is missing from the manifests`);
    return parseAllDocuments(source).map((document) =>
      KubernetesObject.parse(fillIn(document.toJS(), tokens, file)),
    );
  });
  return { namespace: parameters.namespace, objects };
}

const token = /#\{([^}]*)\}/g;

/** Fills in the values after parsing: a value stays inside its own string, whatever it contains. */
function fillIn(value: unknown, tokens: Readonly<Record<string, string | number>>, file: string): unknown {
  const valueOf = (name: string): string | number => {
    const found = Object.hasOwn(tokens, name) ? tokens[name] : undefined;
    if (found === undefined) throw new Error(`${file}: #{${name}} has no value`);
    return found;
  };
  if (typeof value === 'string') {
    const single = /^#\{([^}]*)\}$/.exec(value)?.[1];
    // A number alone in its string stays a number: text would be the name of a port.
    return single === undefined
      ? value.replaceAll(token, (_token, name: string) => String(valueOf(name)))
      : valueOf(single);
  }
  if (Array.isArray(value)) return value.map((item) => fillIn(item, tokens, file));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, inner]) => [
      String(fillIn(key, tokens, file)),
      fillIn(inner, tokens, file),
    ]),
  );
}

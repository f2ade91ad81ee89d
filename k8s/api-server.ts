import * as z from 'zod';
import type { Connection } from './connection.ts';
import { UnknownKind } from './failure.ts';
import { KubernetesObject, nameOf, referenceTo, type ObjectReference } from './kubernetes-object.ts';
import { Requests } from './requests.ts';

const ResourceList = z.object({
  resources: z.array(z.object({ name: z.string(), kind: z.string(), namespaced: z.boolean() })),
});
type Resource = z.infer<typeof ResourceList>['resources'][number];

/**
 * Reads, applies and deletes objects of any kind. The bodies stay plain JSON: client-node's own models drop every field they do not
 * know, ours and the server's.
 */
export class ApiServer {
  readonly #requests: Requests;
  readonly #resources = new Map<string, Resource[]>();

  /** @param signal once aborted, nothing more is asked of the server. */
  constructor(connection: Connection, signal?: AbortSignal) {
    this.#requests = new Requests(connection, signal);
  }

  /** @returns the object, or undefined when there is none. */
  async read(reference: ObjectReference): Promise<KubernetesObject | undefined> {
    const path = await this.#pathOf(reference);
    const answer = await this.#requests.send({ method: 'GET', path, subject: nameOf(reference) }, [404]);
    return answer === undefined ? undefined : KubernetesObject.parse(answer);
  }

  /**
   * Server-side apply. Fields that others manage are taken over (`force`); a field that the schema does not have is refused.
   * @returns the object as it is now, or as it would be.
   */
  async apply(
    object: KubernetesObject,
    { manager, dryRun = false }: { manager: string; dryRun?: boolean },
  ): Promise<KubernetesObject> {
    const reference = referenceTo(object);
    const answer = await this.#requests.send({
      method: 'PATCH',
      path: await this.#pathOf(reference),
      query: {
        fieldManager: manager,
        force: 'true',
        fieldValidation: 'Strict',
        ...(dryRun && { dryRun: 'All' }),
      },
      headers: { 'Content-Type': 'application/apply-patch+yaml' },
      body: object,
      subject: nameOf(reference),
    });
    return KubernetesObject.parse(answer);
  }

  /** Deletes that very object and, in the background, what belongs to it; one that is gone or was replaced is left alone. */
  async delete(reference: ObjectReference, uid: string | undefined): Promise<void> {
    await this.#requests.send(
      {
        method: 'DELETE',
        path: await this.#pathOf(reference),
        headers: { 'Content-Type': 'application/json' },
        body: { propagationPolicy: 'Background', ...(uid !== undefined && { preconditions: { uid } }) },
        subject: nameOf(reference),
      },
      [404, 409],
    );
  }

  /** Deletes all that the selector finds and, in the background, what belongs to it. @param path of their collection */
  async deleteCollection(path: string, labelSelector: string, subject: string): Promise<void> {
    await this.#requests.send({
      method: 'DELETE',
      path,
      query: { labelSelector },
      headers: { 'Content-Type': 'application/json' },
      body: { propagationPolicy: 'Background' },
      subject,
    });
  }

  /** GET of any other path. @throws RequestRefused naming the subject. */
  async get(path: string, subject: string, headers?: Record<string, string>): Promise<unknown> {
    return await this.#requests.send({ method: 'GET', path, subject, ...(headers && { headers }) });
  }

  async #pathOf(reference: ObjectReference): Promise<string> {
    const { apiVersion, kind, name, namespace } = reference;
    const base = apiVersion.includes('/') ? `/apis/${apiVersion}` : `/api/${apiVersion}`;
    const resource = await this.#resource(base, reference);
    const parts = resource.namespaced ? ['namespaces', namespace ?? '', resource.name] : [resource.name];
    if (resource.namespaced && namespace === undefined) throw new Error(`${kind} ${name} needs a namespace`);
    return [base, ...parts.map(encodeURIComponent), encodeURIComponent(name)].join('/');
  }

  async #resource(base: string, reference: ObjectReference): Promise<Resource> {
    const known = this.#resources.get(base);
    const resources = known ?? (await this.#discover(base, reference));
    const resource = resources.find(({ kind, name }) => kind === reference.kind && !name.includes('/'));
    if (resource === undefined) throw unknownKind(reference);
    this.#resources.set(base, resources);
    return resource;
  }

  async #discover(base: string, reference: ObjectReference): Promise<Resource[]> {
    const answer = await this.#requests.send(
      { method: 'GET', path: base, subject: `the API ${reference.apiVersion}` },
      [404],
    );
    if (answer === undefined) throw unknownKind(reference);
    return ResourceList.parse(answer).resources;
  }
}

function unknownKind({ apiVersion, kind }: ObjectReference): UnknownKind {
  const [group = ''] = apiVersion.split('/');
  const needed: Record<string, string> = {
    'karpenter.sh': 'Karpenter',
    'karpenter.k8s.aws': "Karpenter's AWS provider",
    'eks.amazonaws.com': 'EKS Auto Mode',
  };
  const hint = group in needed ? `: it needs ${needed[group] ?? ''}, or node class none` : '';
  return new UnknownKind(`this cluster knows no ${kind} of ${apiVersion}${hint}`);
}

import { STATUS_CODES } from 'node:http';
import pRetry from 'p-retry';
import * as z from 'zod';
import { describeError } from '../lib/describe-error.ts';
import type { ClusterConnection, KubernetesRequest, KubernetesResponse } from './connection.ts';
import { NoCredentials, RequestRefused, UnknownKind, Unreachable } from './failure.ts';
import { KubernetesObject, nameOf, referenceTo, type ObjectReference } from './kubernetes-object.ts';

/** Longer than any response takes that is not a watch, in milliseconds. */
const responseWithin = 30_000;

/**
 * How often a request is repeated; the pauses double from 0.2 s (each up to twice as long). A server that has responded before
 * is restarting, which takes 13 s at least; one that never did is more likely the wrong one.
 */
const retries = { restarting: 6, unknown: 2 };

/** Too many requests, and the statuses of an API server that starts or is overloaded. */
const passingStatuses = [429, 500, 502, 503, 504];

const ResourceList = z.object({
  resources: z.array(z.object({ name: z.string(), kind: z.string(), namespaced: z.boolean() })),
});
type Resource = z.infer<typeof ResourceList>['resources'][number];

const Page = z.object({
  metadata: z.object({ continue: z.string().optional() }).default({}),
  /** Go writes an empty list as null. */
  items: z.array(z.unknown()).nullable(),
});

const Status = z.object({ message: z.string() });

interface Call {
  method: KubernetesRequest['method'];
  /** From the root; its query may be in it. */
  path: string;
  query?: Record<string, string>;
  headers?: Record<string, string>;
  /** It is sent as JSON. */
  body?: unknown;
}

/** A call that may safely be repeated. */
interface RepeatableCall extends Call {
  /** What the call is about, for messages. */
  subject: string;
}

export interface ApiServerOptions {
  /** Once it is aborted, nothing more is sent, and every call is rejected with its reason. */
  signal?: AbortSignal;
  /** Delays work when too much is under way; each request is sent through it. */
  limit?: <Value>(work: () => Promise<Value>) => Promise<Value>;
}

/**
 * Reads, applies and deletes objects of any kind on one API server. The bodies stay plain JSON: client-node's own models drop
 * every field that they do not know, ours and the server's.
 */
export class ApiServer<Connection extends ClusterConnection = ClusterConnection> {
  readonly connection: Connection;
  readonly #signal: AbortSignal | undefined;
  readonly #limit: NonNullable<ApiServerOptions['limit']>;
  readonly #resources = new Map<string, Resource[]>();
  #hasResponded = false;

  constructor(connection: Connection, { signal, limit = (work) => work() }: ApiServerOptions = {}) {
    this.connection = connection;
    this.#signal = signal;
    this.#limit = limit;
  }

  /** Reads an object. @returns undefined when it does not exist. */
  async read(reference: ObjectReference): Promise<KubernetesObject | undefined> {
    const path = await this.#pathOf(reference);
    const found = await this.#call({ method: 'GET', path, subject: nameOf(reference) }, [404]);
    return found === undefined ? undefined : KubernetesObject.parse(found);
  }

  /**
   * Applies an object on the server (server-side apply). Fields that others manage are taken over (`force`); the server refuses
   * a field that the schema does not have.
   * @returns the object as it is now, or as it would be.
   */
  async apply(
    object: KubernetesObject,
    { manager, dryRun = false }: { manager: string; dryRun?: boolean },
  ): Promise<KubernetesObject> {
    const reference = referenceTo(object);
    const applied = await this.#call({
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
    return KubernetesObject.parse(applied);
  }

  /** Deletes this very object and, in the background, its dependents. An object that is gone or was replaced is left as it is. */
  async delete(
    reference: ObjectReference,
    uid: string | undefined,
    { gracePeriodSeconds }: { gracePeriodSeconds?: number } = {},
  ): Promise<void> {
    await this.#call(
      {
        method: 'DELETE',
        path: await this.#pathOf(reference),
        body: {
          propagationPolicy: 'Background',
          ...(uid !== undefined && { preconditions: { uid } }),
          ...(gracePeriodSeconds !== undefined && { gracePeriodSeconds }),
        },
        subject: nameOf(reference),
      },
      [404, 409],
    );
  }

  /**
   * Changes the status of an object by a strategic merge patch: conditions are merged by their type.
   * @param patch may hold a uid and a resourceVersion; the object must still have them.
   * @returns false when the object is gone, or is not the one in `patch`.
   */
  async patchStatus(reference: ObjectReference, patch: object): Promise<boolean> {
    const patched = await this.#call(
      {
        method: 'PATCH',
        path: `${await this.#pathOf(reference)}/status`,
        headers: { 'Content-Type': 'application/strategic-merge-patch+json' },
        body: patch,
        subject: `the status of ${nameOf(reference)}`,
      },
      [404, 409],
    );
    return patched !== undefined;
  }

  /** Deletes all objects that a selector finds and, in the background, their dependents. @param path of their collection */
  async deleteCollection(path: string, labelSelector: string, subject: string): Promise<void> {
    const body = { propagationPolicy: 'Background' };
    await this.#call({ method: 'DELETE', path, query: { labelSelector }, body, subject });
  }

  /** Sends GET to any other path. @throws RequestRefused naming the subject. */
  async get(path: string, subject: string, headers?: Record<string, string>): Promise<unknown> {
    return await this.#call({ method: 'GET', path, subject, ...(headers && { headers }) });
  }

  /** Lists a collection page by page; the caller stops when it has enough. @throws RequestRefused naming the subject. */
  async *pages(
    path: string,
    query: Record<string, string>,
    subject: string,
    headers?: Record<string, string>,
  ): AsyncGenerator<unknown[], void> {
    let token: string | undefined = '';
    do {
      const search = new URLSearchParams({ ...query, ...(token && { continue: token }) });
      const { items, metadata } = Page.parse(
        await this.get(`${path}?${search.toString()}`, subject, headers),
      );
      yield items ?? [];
      token = metadata.continue;
    } while (token);
  }

  /**
   * Sends one request, once, and returns the response of any status: eks:runJob decides itself what to repeat.
   * @param path from the root, with its query.
   * @throws Unreachable, NoCredentials as the other methods do.
   */
  async request(
    method: KubernetesRequest['method'],
    path: string,
    body?: object,
  ): Promise<{ statusCode: number; statusText: string; body: unknown }> {
    const { status, text } = await this.#send({ method, path, ...(body && { body }) });
    return { statusCode: status, statusText: STATUS_CODES[status] ?? '', body: parseBody(text) };
  }

  /**
   * Sends a request, and repeats it while the server is away or overloaded.
   * @returns the JSON of the response; undefined when its status is one of `accepted`.
   * @throws RequestRefused naming the subject; Unreachable, NoCredentials.
   */
  #call(call: RepeatableCall, accepted: number[] = []): Promise<unknown> {
    return pRetry(
      async () => {
        const { status, text } = await this.#send(call);
        if (accepted.includes(status)) return undefined;
        if (status >= 200 && status < 300) return JSON.parse(text) as unknown;
        throw new RequestRefused(status, `${call.subject}: ${refusalReason(status, text)}`);
      },
      {
        retries: this.#hasResponded ? retries.restarting : retries.unknown,
        minTimeout: 200,
        randomize: true,
        shouldRetry: ({ error }) =>
          error instanceof Unreachable ||
          (error instanceof RequestRefused && passingStatuses.includes(error.status)),
        ...(this.#signal && { signal: this.#signal }),
      },
    );
  }

  /**
   * Sends a request once.
   * @throws Unreachable when there was no connection, or no response within 30 seconds: whether the request was carried out is
   * unknown. NoCredentials when there are none to send it with.
   */
  #send({ method, path, query, headers, body }: Call): Promise<KubernetesResponse> {
    return this.#limit(async () => {
      const timeout = AbortSignal.timeout(responseWithin);
      const json = body === undefined ? {} : { 'Content-Type': 'application/json' };
      try {
        const response = await this.connection.send({
          method,
          path: query ? `${path}?${new URLSearchParams(query).toString()}` : path,
          headers: { Accept: 'application/json', ...json, ...headers },
          ...(body !== undefined && { body: JSON.stringify(body) }),
          signal: this.#signal ? AbortSignal.any([this.#signal, timeout]) : timeout,
        });
        this.#hasResponded = true;
        return response;
      } catch (error) {
        if (error instanceof NoCredentials) throw error;
        const message = `the API server ${this.connection.server} does not respond: ${describeError(error)}`;
        throw new Unreachable(message, { cause: error });
      }
    });
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
    const resources = this.#resources.get(base) ?? (await this.#discover(base, reference));
    const resource = resources.find(({ kind, name }) => kind === reference.kind && !name.includes('/'));
    if (resource === undefined) throw unknownKind(reference);
    this.#resources.set(base, resources);
    return resource;
  }

  async #discover(base: string, reference: ObjectReference): Promise<Resource[]> {
    const subject = `the API ${reference.apiVersion}`;
    const found = await this.#call({ method: 'GET', path: base, subject }, [404]);
    if (found === undefined) throw unknownKind(reference);
    return ResourceList.parse(found).resources;
  }
}

/** Parses JSON; other text stays as it is, because proxies respond with pages of their own. */
function parseBody(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

function refusalReason(status: number, text: string): string {
  if (status === 401) return 'the cluster does not accept these credentials (401)';
  const message = Status.safeParse(parseBody(text)).data?.message ?? text.slice(0, 500);
  return `${message} (${status})`;
}

function unknownKind({ apiVersion, kind }: ObjectReference): UnknownKind {
  const [group = ''] = apiVersion.split('/');
  const providers: Record<string, string> = {
    'karpenter.sh': 'Karpenter',
    'karpenter.k8s.aws': "Karpenter's AWS provider",
    'eks.amazonaws.com': 'EKS Auto Mode',
  };
  const hint = group in providers ? `: it needs ${providers[group] ?? ''}, or node class none` : '';
  return new UnknownKind(`this cluster does not have the kind ${kind} of ${apiVersion}${hint}`);
}

import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import * as z from 'zod';
import { selfSigned } from '../certificate.ts';

const Applied = z.looseObject({
  apiVersion: z.string(),
  kind: z.string(),
  metadata: z.looseObject({ name: z.string(), namespace: z.string().optional() }),
});
type Applied = z.infer<typeof Applied>;

interface StoredObject {
  object: Applied;
  managers: Set<string>;
  version: number;
}

interface ResourceKind {
  name: string;
  kind: string;
  namespaced: boolean;
}

const namespaced = (name: string, kind: string): ResourceKind => ({ name, kind, namespaced: true });
const clusterWide = (name: string, kind: string): ResourceKind => ({ name, kind, namespaced: false });

/** The kinds of a cluster of EKS Auto Mode that the setup uses, by API version. */
const servedKinds: Record<string, ResourceKind[]> = {
  v1: [
    clusterWide('namespaces', 'Namespace'),
    namespaced('configmaps', 'ConfigMap'),
    namespaced('pods', 'Pod'),
    namespaced('serviceaccounts', 'ServiceAccount'),
  ],
  'apps/v1': [namespaced('daemonsets', 'DaemonSet')],
  'batch/v1': [namespaced('jobs', 'Job')],
  'networking.k8s.io/v1': [namespaced('networkpolicies', 'NetworkPolicy')],
  'rbac.authorization.k8s.io/v1': [namespaced('roles', 'Role'), namespaced('rolebindings', 'RoleBinding')],
  'eks.amazonaws.com/v1': [clusterWide('nodeclasses', 'NodeClass')],
  'karpenter.sh/v1': [clusterWide('nodepools', 'NodePool')],
};

const baseOf = (version: string): string => (version.includes('/') ? `/apis/${version}` : `/api/${version}`);

/** What is true of an object as soon as it exists: no controller has to run for it. */
const statusOf = (kind: string): object => {
  if (kind === 'Namespace') return { phase: 'Active' };
  return { conditions: [{ type: 'Ready', status: 'True' }] };
};

/**
 * A fake of a Kubernetes API server on loopback, over TLS: discovery, and objects that are applied, read, listed and deleted at
 * once. It checks neither credentials nor schemas. What is applied replaces the object, also fields that others manage.
 */
export class FakeApiServer {
  /** By the path of the object, such as /api/v1/namespaces/jobs. */
  readonly objects = new Map<string, StoredObject>();
  /** How often the discovery of an API version fails with 404 before it is served, by API version. */
  readonly missing = new Map<string, number>();
  readonly certificate: string;
  readonly #server;

  private constructor() {
    const { key, cert } = selfSigned();
    this.certificate = cert;
    this.#server = createServer({ key, cert }, (request, response) => {
      void text(request).then((body) => {
        const [status, value] = this.#serve(request.method ?? '', request.url ?? '', body);
        response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(value));
      });
    });
  }

  static async start(): Promise<FakeApiServer> {
    const server = new FakeApiServer();
    await new Promise<void>((resolve) => server.#server.listen(0, '127.0.0.1', resolve));
    return server;
  }

  get endpoint(): string {
    return `https://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  async stop(): Promise<void> {
    const closed = new Promise((resolve) => this.#server.close(resolve));
    this.#server.closeAllConnections();
    await closed;
  }

  /** Names every object as "KIND NAME" or "KIND NAMESPACE/NAME". */
  get names(): string[] {
    return [...this.objects.values()].map(({ object: { kind, metadata } }) =>
      [kind, [metadata.namespace, metadata.name].filter(Boolean).join('/')].join(' '),
    );
  }

  /** Creates an object that we did not apply. */
  add(path: string, object: Applied): void {
    this.objects.set(path, { object, managers: new Set(['kubectl']), version: 1 });
  }

  #serve(method: string, url: string, body: string): [number, unknown] {
    const { pathname, searchParams } = new URL(url, 'https://server');
    if (pathname === '/api' || pathname === '/apis') return [200, discoveryOf(pathname)];
    const version = Object.keys(servedKinds).find((candidate) => baseOf(candidate) === pathname);
    if (version !== undefined) return this.#discover(version);
    const stored = this.objects.get(pathname);
    switch (method) {
      case 'GET':
        if (/^\/apis?\/.*\/namespaces\/[^/]+\/[a-z]+$/.test(pathname)) return [200, this.#list(pathname)];
        return stored ? [200, shown(stored)] : [404, { message: 'not found' }];
      case 'PATCH': {
        const object = Applied.parse(JSON.parse(body));
        const changed = JSON.stringify(stored?.object) !== JSON.stringify(object);
        const managers = new Set([...(stored?.managers ?? []), searchParams.get('fieldManager') ?? '']);
        const applied = { object, managers, version: (stored?.version ?? 0) + (changed ? 1 : 0) };
        this.objects.set(pathname, applied);
        return [200, shown(applied)];
      }
      case 'DELETE':
        for (const path of this.objects.keys()) {
          if (path === pathname || path.startsWith(`${pathname}/`)) this.objects.delete(path);
        }
        // The contents of a namespace have other paths: /apis/GROUP/VERSION/namespaces/NAME/….
        if (stored?.object.kind === 'Namespace') this.#empty(stored.object.metadata.name);
        return [200, {}];
      default:
        return [405, {}];
    }
  }

  #discover(version: string): [number, unknown] {
    const missing = this.missing.get(version) ?? 0;
    if (missing === 0) return [200, { resources: servedKinds[version] }];
    this.missing.set(version, missing - 1);
    return [404, { message: 'the server could not find the requested resource' }];
  }

  #list(path: string): object {
    const found = [...this.objects].filter(([candidate]) => candidate.startsWith(`${path}/`));
    return { metadata: {}, items: found.map(([, stored]) => shown(stored)) };
  }

  #empty(namespace: string): void {
    for (const path of this.objects.keys()) {
      if (path.includes(`/namespaces/${namespace}/`)) this.objects.delete(path);
    }
  }
}

/** The object as a client reads it. */
const shown = ({ object, managers, version }: StoredObject): object => ({
  ...object,
  metadata: {
    ...object.metadata,
    uid: `${object.kind}-${object.metadata.name}`,
    resourceVersion: String(version),
    managedFields: [...managers].map((manager) => ({ manager, operation: 'Apply' })),
  },
  status: statusOf(object.kind),
});

/** The aggregated discovery of all groups below a root. */
function discoveryOf(root: string): object {
  const groups = Object.entries(servedKinds).filter(([version]) => baseOf(version).startsWith(`${root}/`));
  return {
    items: groups.map(([apiVersion, kinds]) => {
      const [group = '', version = group] = apiVersion.split('/');
      return {
        metadata: { name: apiVersion.includes('/') ? group : '' },
        versions: [
          {
            version,
            resources: kinds.map(({ name, kind, namespaced: isNamespaced }) => ({
              resource: name,
              scope: isNamespaced ? 'Namespaced' : 'Cluster',
              responseKind: { kind },
              verbs: ['list', 'create', 'delete'],
            })),
          },
        ],
      };
    }),
  };
}

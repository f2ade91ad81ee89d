import { beforeAll, describe, expect, test } from '@jest/globals';
import { identity, type Identity } from '../harness/cluster/identities.ts';
import { jobManifest } from '../harness/cluster/job-manifest.ts';
import { manifestsDone } from './manifest-command.ts';

/**
 * The pod of the real Job manifest under the restricted Pod Security standard that k8s/manifests/namespace.yml enforces. Each
 * refusal takes one hardening away from the pod that was admitted: so each is there for a reason, and none is missing.
 */
const namespace = 'restricted';

let administrator: Identity;

interface Pod {
  spec: { securityContext: object; containers: { securityContext: object }[] };
}

beforeAll(async () => {
  await manifestsDone('apply', '--namespace', namespace);
  administrator = identity('administrator', 'system:masters');
});

/** Asks the API server, which decides as it would for good, and keeps nothing. */
async function admit(change: (pod: Pod) => object): Promise<{ status: number; body: string }> {
  const job = await jobManifest('restricted', namespace);
  // The pod of the manifest, as the Job controller makes it.
  const pod = structuredClone(job.spec.template) as unknown as Pod;
  const { spec } = { ...pod, ...change(pod) };
  return administrator.send('POST', `/api/v1/namespaces/${namespace}/pods?dryRun=All`, {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: 'restricted' },
    spec,
  });
}

const withPod = (change: object) => (pod: Pod) => ({ spec: { ...pod.spec, ...change } });

const withPodSecurity = (change: object) => (pod: Pod) =>
  withPod({ securityContext: { ...pod.spec.securityContext, ...change } })(pod);

const withContainerSecurity = (change: object) => (pod: Pod) =>
  withPod({
    containers: pod.spec.containers.map((container) => ({
      ...container,
      securityContext: { ...container.securityContext, ...change },
    })),
  })(pod);

test('the pod of the real Job manifest is admitted', async () => {
  const { status, body } = await admit((pod) => pod);
  expect({ status, body }).toMatchObject({ status: 201 });
});

describe('with one hardening less it is refused', () => {
  const refusals: [string, (pod: Pod) => object, string][] = [
    ['as root', withPodSecurity({ runAsUser: 0, runAsNonRoot: false }), 'runAsNonRoot != true'],
    ['as user 0', withPodSecurity({ runAsUser: 0 }), 'runAsUser=0'],
    ['as whatever user the image has', withPodSecurity({ runAsNonRoot: null }), 'runAsNonRoot != true'],
    ['without a seccomp profile', withPodSecurity({ seccompProfile: null }), 'seccompProfile'],
    [
      'with an unconfined seccomp profile',
      withPodSecurity({ seccompProfile: { type: 'Unconfined' } }),
      'seccompProfile',
    ],
    [
      'with privilege escalation',
      withContainerSecurity({ allowPrivilegeEscalation: true }),
      'allowPrivilegeEscalation != false',
    ],
    [
      'with privilege escalation by default',
      withContainerSecurity({ allowPrivilegeEscalation: null }),
      'allowPrivilegeEscalation != false',
    ],
    [
      'with the default capabilities',
      withContainerSecurity({ capabilities: null }),
      'unrestricted capabilities',
    ],
    [
      'with one more capability',
      withContainerSecurity({ capabilities: { drop: ['ALL'], add: ['SYS_ADMIN'] } }),
      'unrestricted capabilities',
    ],
    ['in the network of its node', withPod({ hostNetwork: true }), 'host namespaces'],
    ['among the processes of its node', withPod({ hostPID: true }), 'host namespaces'],
    [
      'with a folder of its node',
      withPod({ volumes: [{ name: 'host', hostPath: { path: '/' } }] }),
      'hostPath',
    ],
  ];
  test.each(refusals)('%s', async (_what, change, reason) => {
    const { status, body } = await admit(change);
    expect({ status, body }).toEqual({ status: 403, body: expect.stringContaining('violates PodSecurity') });
    expect(body).toContain(reason);
  });

  // An API server may admit no privileged pod anywhere, and says so (422) before Pod Security looks at it (403).
  test('privileged', async () => {
    const { status } = await admit(
      withContainerSecurity({ privileged: true, allowPrivilegeEscalation: null }),
    );
    expect([403, 422]).toContain(status);
  });
});

// Restricted says nothing of these two: the manifest keeps them by itself.
test('the root file system is read-only, and no token is mounted', async () => {
  const { body } = await admit((pod) => pod);
  expect(JSON.parse(body)).toMatchObject({
    spec: {
      automountServiceAccountToken: false,
      containers: [{ securityContext: { readOnlyRootFilesystem: true, capabilities: { drop: ['ALL'] } } }],
    },
  });
  expect(body).not.toContain('kube-api-access');
});

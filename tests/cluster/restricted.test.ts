import { beforeAll, describe, expect, test } from '@jest/globals';
import { identity, type Identity } from '../harness/cluster/identities.ts';
import { jobManifest } from '../harness/cluster/job-manifest.ts';
import { runManifestCommand } from './manifest-command.ts';

/**
 * The pod of the real Job manifest under the restricted Pod Security standard that k8s/manifests/namespace.yml enforces.
 * Each case removes one hardening from the pod, and the pod is then rejected. So each hardening is needed, and together
 * they are enough.
 */
const namespace = 'restricted';

let administrator: Identity;

interface Pod {
  spec: { securityContext: object; containers: { securityContext: object }[] };
}

beforeAll(async () => {
  await runManifestCommand('apply', '--namespace', namespace);
  administrator = identity('administrator', 'system:masters');
});

/** Creates the changed pod as a dry run. @returns the API server's response. */
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

describe('with one hardening less it is rejected', () => {
  const rejectedChanges: [string, (pod: Pod) => object, string][] = [
    ['as root', withPodSecurity({ runAsUser: 0, runAsNonRoot: false }), 'runAsNonRoot != true'],
    ['as user 0', withPodSecurity({ runAsUser: 0 }), 'runAsUser=0'],
    ['as the default user of the image', withPodSecurity({ runAsNonRoot: null }), 'runAsNonRoot != true'],
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
    ['in the node’s network', withPod({ hostNetwork: true }), 'host namespaces'],
    ['in the node’s process namespace', withPod({ hostPID: true }), 'host namespaces'],
    [
      'with a folder of the node',
      withPod({ volumes: [{ name: 'host', hostPath: { path: '/' } }] }),
      'hostPath',
    ],
  ];
  test.each(rejectedChanges)('%s', async (_what, change, reason) => {
    const { status, body } = await admit(change);
    expect({ status, body }).toEqual({ status: 403, body: expect.stringContaining('violates PodSecurity') });
    expect(body).toContain(reason);
  });

  // An API server can reject privileged pods in all namespaces (422), before Pod Security checks the pod (403).
  test('privileged', async () => {
    const { status } = await admit(
      withContainerSecurity({ privileged: true, allowPrivilegeEscalation: null }),
    );
    expect([403, 422]).toContain(status);
  });
});

// The restricted standard does not require these two; the manifest sets them anyway.
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

import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { join } from 'node:path';
import type { KubernetesObject } from '../../k8s/kubernetes-object.ts';
import { nodes, objectOf, render } from '../unit/k8s/manifest-sets.ts';
import { identity, type ApiServerResponse } from '../harness/cluster/identities.ts';
import { applyObjects, kubectl } from '../harness/cluster/kubectl.ts';
import { manifestCommand, runManifestCommand } from './manifest-command.ts';

/**
 * Checks our NodePools and our EC2NodeClass against the schemas of Karpenter and its AWS provider. The API server checks
 * them; a controller does not run. The NodeClass of EKS Auto Mode does not have a public schema. Here a fake schema accepts
 * every NodeClass, so that the rest of Auto Mode's set can be applied; a unit test of the manifests compares our NodeClass
 * with AWS's documentation.
 */
const fakeAutoModeSchema = {
  apiVersion: 'apiextensions.k8s.io/v1',
  kind: 'CustomResourceDefinition',
  metadata: { name: 'nodeclasses.eks.amazonaws.com' },
  spec: {
    group: 'eks.amazonaws.com',
    scope: 'Cluster',
    names: { kind: 'NodeClass', plural: 'nodeclasses' },
    versions: [
      {
        name: 'v1',
        served: true,
        storage: true,
        subresources: { status: {} },
        schema: { openAPIV3Schema: { type: 'object', 'x-kubernetes-preserve-unknown-fields': true } },
      },
    ],
  },
};

const crds = ['nodepools.karpenter.sh', 'ec2nodeclasses.karpenter.k8s.aws', 'nodeclasses.eks.amazonaws.com'];

beforeAll(async () => {
  const folder = process.env['CLUSTER_CRDS'] ?? '';
  const files = ['karpenter', 'karpenter-aws'].map((name) => `--filename=${join(folder, name)}`);
  await kubectl('apply', '--server-side', ...files);
  await applyObjects(fakeAutoModeSchema);
  await kubectl('wait', '--for=condition=Established', '--timeout=60s', ...crds.map((name) => `crd/${name}`));
});

/** Other test files expect a cluster without Karpenter. Deleting the kinds deletes the NodePools. */
afterAll(async () => {
  await kubectl('delete', 'crd', ...crds);
});

const autoMode = ['--node-class', 'auto-mode', '--node-role', 'node', '--cluster-name', 'test'];
const bottlerocket = [
  ...['--node-class', 'bottlerocket', '--node-role', 'node', '--cluster-name', 'test'],
  ...['--bottlerocket-version', 'v1.50.0'],
];

describe('k8s:apply with nodes', () => {
  test('the schemas accept both node classes, a second run changes nothing, and one without nodes deletes them', async () => {
    for (const nodeOptions of [bottlerocket, autoMode]) {
      const inNamespace = ['--namespace', 'nodes'];
      await runManifestCommand('apply', ...inNamespace, ...nodeOptions, '--wait', '0');
      const second = await runManifestCommand('apply', ...inNamespace, ...nodeOptions, '--wait', '0');
      expect(second).toContain('unchanged NodePool nodes\n');
      expect(second).not.toMatch(/^(created|changed)/m);
      // The defaults that the schema adds are not a difference.
      expect(await runManifestCommand('diff', ...inNamespace, ...nodeOptions)).toBe('');
      expect(await runManifestCommand('apply', ...inNamespace)).toContain('deleted NodePool nodes\n');
    }
    await runManifestCommand('delete', '--namespace', 'nodes');
  });

  // An object is ready only when Karpenter has set its status.
  test('waits until pool and class are Ready, and reports it if they are not', async () => {
    const apply = (...options: string[]) =>
      manifestCommand('apply', '--context', 'cluster', '--namespace', 'ready', ...bottlerocket, ...options);
    const notReady = await apply('--wait', '1');
    expect(notReady.code).toBe(1);
    expect(notReady.errors).toContain(
      'EC2NodeClass ready: after 1 s it has no condition yet: does the controller of karpenter.k8s.aws/v1 run?',
    );
    const condition = {
      type: 'Ready',
      status: 'False',
      reason: 'SubnetsNotFound',
      message: 'no subnet has that tag',
      lastTransitionTime: '2026-01-01T00:00:00Z',
    };
    const setStatus = (kind: string, ready: 'True' | 'False') => {
      const patch = JSON.stringify({ status: { conditions: [{ ...condition, status: ready }] } });
      return kubectl('patch', kind, 'ready', '--subresource=status', '--type=merge', `--patch=${patch}`);
    };
    await setStatus('ec2nodeclass', 'False');
    expect((await apply('--wait', '1')).errors).toContain('it is not Ready: no subnet has that tag');

    const applying = apply('--wait', '60');
    for (const kind of ['ec2nodeclass', 'nodepool']) await setStatus(kind, 'True');
    expect(await applying).toMatchObject({ code: 0, errors: '' });
    await runManifestCommand('delete', '--namespace', 'ready');
  });

  // Stages on one Auto Mode cluster share a setting; deleting one must not switch NetworkPolicy off for the other.
  test('the cluster’s setting for NetworkPolicy is kept until the last stage is deleted, and the ConfigMap always', async () => {
    const readSetting = () =>
      kubectl('get', 'configmap', 'amazon-vpc-cni', '--namespace=kube-system', '--output=jsonpath={.data}');
    const metadata = { name: 'amazon-vpc-cni', namespace: 'kube-system' };
    await applyObjects({ apiVersion: 'v1', kind: 'ConfigMap', metadata, data: { other: 'setting' } });
    for (const stage of ['one', 'two']) {
      await runManifestCommand('apply', '--namespace', `stage-${stage}`, ...autoMode, '--wait', '0');
    }
    expect(JSON.parse(await readSetting())).toEqual({
      other: 'setting',
      'enable-network-policy-controller': 'true',
    });
    expect(await runManifestCommand('delete', '--namespace', 'stage-one')).toContain(
      'released ConfigMap amazon-vpc-cni in kube-system\n',
    );
    expect(JSON.parse(await readSetting())).toEqual({
      other: 'setting',
      'enable-network-policy-controller': 'true',
    });
    await runManifestCommand('delete', '--namespace', 'stage-two');
    expect(JSON.parse(await readSetting())).toEqual({ other: 'setting' });
  });
});

describe('the schemas of Karpenter v1.14.1 reject wrong values', () => {
  const set = render(nodes.bottlerocket);
  const paths = {
    NodePool: '/apis/karpenter.sh/v1/nodepools',
    EC2NodeClass: '/apis/karpenter.k8s.aws/v1/ec2nodeclasses',
  };

  /** Replaces the value at a path of keys and creates the object as a dry run. @returns the API server's response. */
  function tryValue(kind: keyof typeof paths, path: string, value: unknown): Promise<ApiServerResponse> {
    const object: KubernetesObject = structuredClone(objectOf(set, kind));
    const keys = path.split('.');
    const last = keys.pop() ?? '';
    const parent = keys.reduce<object>(
      (current, key) => (current as Record<string, object>)[key] ?? {},
      object,
    );
    if (!(last in parent)) throw new Error(`${kind} has no ${path}`);
    (parent as Record<string, unknown>)[last] = value;
    const administrator = identity('administrator', 'system:masters');
    return administrator.send('POST', `${paths[kind]}?dryRun=All&fieldValidation=Strict`, object);
  }

  test.each([
    ['NodePool', 'metadata.name', 'accepted'],
    ['EC2NodeClass', 'metadata.name', 'accepted'],
  ] as const)('and accept our %s', async (kind, path, name) => {
    expect((await tryValue(kind, path, name)).status).toBe(201);
  });

  const template = 'spec.template.spec';
  test.each([
    ['NodePool', `${template}.taints.0.effect`, 'NoJobs', 'Unsupported value: \\"NoJobs\\"'],
    ['NodePool', `${template}.terminationGracePeriod`, '12 hours', 'terminationGracePeriod'],
    ['NodePool', `${template}.terminationGracePeriod`, 'Never', 'terminationGracePeriod'],
    ['NodePool', `${template}.expireAfter`, '7d', 'expireAfter'],
    ['NodePool', `${template}.requirements.0.values`, [], "operator 'In' must have a value defined"],
    ['NodePool', `${template}.requirements.0.operator`, 'Is', 'Unsupported value: \\"Is\\"'],
    ['NodePool', `${template}.nodeClassRef.kind`, '', 'kind may not be empty'],
    ['NodePool', 'spec.disruption.consolidationPolicy', 'WhenUnderutilized', 'Unsupported value'],
    ['NodePool', 'spec.disruption.consolidateAfter', '60', 'consolidateAfter'],
    ['NodePool', 'spec.disruption.budgets.0.nodes', '101%', 'nodes'],
    ['NodePool', 'spec.disruption.budgets.0.reasons', ['Expired'], 'Unsupported value: \\"Expired\\"'],
    ['NodePool', 'spec.limits.cpu', 'many', 'spec.limits'],
    // The name of this setting in v1alpha5.
    ['NodePool', 'spec', { ttlSecondsAfterEmpty: 60 }, 'unknown field \\"spec.ttlSecondsAfterEmpty\\"'],
    [
      'EC2NodeClass',
      'spec.amiSelectorTerms.0.alias',
      'bottlerocket',
      "must match the format 'family@version'",
    ],
    ['EC2NodeClass', 'spec.amiSelectorTerms.0.alias', 'ubuntu@v1', 'family is not supported'],
    ['EC2NodeClass', 'spec.role', '', 'role cannot be empty'],
    ['EC2NodeClass', 'spec.role', null, "must specify exactly one of ['role', 'instanceProfile']"],
    ['EC2NodeClass', 'spec.subnetSelectorTerms', [], 'subnetSelectorTerms cannot be empty'],
    [
      'EC2NodeClass',
      'spec.securityGroupSelectorTerms.0.tags',
      { name: '' },
      "empty tag keys or values aren't supported",
    ],
    ['EC2NodeClass', 'spec.metadataOptions.httpTokens', 'never', 'Unsupported value: \\"never\\"'],
    ['EC2NodeClass', 'spec.tags', { 'karpenter.sh/nodepool': 'other' }, 'restricted tag'],
  ] as const)('%s with %s %j', async (kind, path, value, reason) => {
    const { status, body } = await tryValue(kind, path, value);
    expect({ rejected: [400, 422].includes(status), body }).toEqual({
      rejected: true,
      body: expect.stringContaining(reason),
    });
  });
});

import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { InvalidParameters } from '../../../k8s/failure.ts';
import { keyOf, referenceTo } from '../../../k8s/kubernetes-object.ts';
import { readManifests, renderManifests } from '../../../k8s/manifests.ts';
import { everySet, logs, nodes, objectOf, render } from './manifest-sets.ts';

const rejectionOf = (parameters: Record<string, unknown>): string => {
  try {
    renderManifests(readManifests(), parameters);
  } catch (error) {
    if (error instanceof InvalidParameters) return error.message;
    throw error;
  }
  return 'accepted';
};

describe('what the parameters ask for is what is rendered', () => {
  test('the defaults need no Karpenter and no table elsewhere', () => {
    expect(render({}).objects.map(({ kind, metadata }) => `${kind} ${metadata.name}`)).toEqual([
      'Namespace eks-jobs',
      'ServiceAccount data-processor',
      'Role run-job',
      'RoleBinding run-job',
      'Role settle-job',
      'RoleBinding settle-job',
      'Role sweep',
      'RoleBinding sweep',
      'NetworkPolicy default-deny',
      'NetworkPolicy job-egress',
    ]);
  });

  test('each form of nodes adds its class before the pool that refers to it', () => {
    const added = (form: keyof typeof nodes): string[] =>
      render(nodes[form])
        .objects.slice(10)
        .map(({ kind }) => kind);
    expect(added('auto-mode')).toEqual(['ConfigMap', 'NodeClass', 'NodePool']);
    expect(added('bottlerocket')).toEqual(['EC2NodeClass', 'NodePool']);
  });

  // A manifest that nothing uses is dead, or is missing in manifests.ts.
  test('every file is used by some set', () => {
    const used = new Set<string>();
    const sources = new Proxy(readManifests(), {
      get: (files, name: string) => {
        used.add(name);
        return files[name];
      },
    });
    for (const form of Object.values(nodes)) {
      renderManifests(sources, { ...form, ...logs, tableAddress: '10.0.0.1:3002' });
    }
    expect([...used].sort()).toEqual(Object.keys(readManifests()).sort());
  });

  // kube-apiserver reads a port that is text as a port's name, and the policy would open nothing.
  test('a number stays a number', () => {
    expect(
      objectOf(render({ tableAddress: '10.0.0.1:3002' }), 'NetworkPolicy', 'table-egress'),
    ).toMatchObject({
      spec: {
        egress: [{ to: [{ ipBlock: { cidr: '10.0.0.1/32' } }], ports: [{ protocol: 'TCP', port: 3002 }] }],
      },
    });
  });

  test('no token is left over', () => {
    expect(JSON.stringify(everySet())).not.toContain('#{');
  });

  test('a token without a value is rejected, in every position', () => {
    const base = readManifests();
    const withAccount = (text: string) => () => renderManifests({ ...base, 'service-account.yml': text }, {});
    const account = 'apiVersion: v1\nkind: ServiceAccount\nmetadata: { name: a, ';
    expect(withAccount(`${account}labels: { a: 'x-#{Unknown}' } }`)).toThrow(
      'service-account.yml: #{Unknown} has no value',
    );
    expect(withAccount(`${account}labels: { '#{Unknown}': a } }`)).toThrow('#{Unknown} has no value');
    expect(withAccount(`${account}labels: { a: '#{constructor}' } }`)).toThrow('#{constructor} has no value');
    expect(withAccount(`${account}labels: { a: '#{CpuLimit}' } }`)).toThrow('#{CpuLimit} has no value');
  });

  // Deploying a second stage must not touch the first one's objects.
  test('two namespaces share nothing but the setting that is the whole cluster’s', () => {
    const dnsLabel = fc
      .stringMatching(/^[a-z]([-a-z0-9]{0,20}[a-z0-9])?$/)
      .filter((name) => name !== 'default');
    fc.assert(
      fc.property(fc.uniqueArray(dnsLabel, { minLength: 2, maxLength: 2 }), ([one, other]) => {
        const keys = (namespace = ''): Set<string> =>
          new Set(
            everySet(namespace).flatMap(({ objects }) => objects.map((object) => keyOf(referenceTo(object)))),
          );
        const both = [...keys(one)].filter((key) => keys(other).has(key));
        expect(both).toEqual(['kube-system/amazon-vpc-cni//ConfigMap']);
      }),
      { numRuns: 20 },
    );
  });
});

describe('wrong parameters are refused by name, before anything is applied', () => {
  test.each([
    [{ namespace: 'Jobs' }, 'namespace must be a DNS label'],
    [{ namespace: 'a'.repeat(64) }, 'namespace must be a DNS label'],
    [
      { namespace: 'default' },
      'namespace must be a namespace for the jobs alone: not default, and not kube-…',
    ],
    [
      { namespace: 'kube-system' },
      'namespace must be a namespace for the jobs alone: not default, and not kube-…',
    ],
    [{ tableAddress: '10.0.0.1' }, 'tableAddress must be ADDRESS:PORT with an IPv4 address'],
    [{ tableAddress: '10.0.0.1:0' }, 'tableAddress must be ADDRESS:PORT with an IPv4 address'],
    [{ tableAddress: '0.0.0.0/0:80' }, 'tableAddress must be ADDRESS:PORT with an IPv4 address'],
    [{ cpuLimits: '3' }, 'cpuLimits is not a parameter'],
    [{ ...nodes['auto-mode'], cpuLimit: '1.5' }, 'cpuLimit must be an integer from 1 to 999999'],
    [{ ...nodes['auto-mode'], nodeRole: 'role/with/path' }, "nodeRole must be an IAM role's name"],
    [{ ...nodes['auto-mode'], subnetTag: 'name' }, 'subnetTag must be KEY=VALUE'],
    [
      { ...nodes['auto-mode'], bottlerocketVersion: 'v1.50.0' },
      'bottlerocketVersion has no effect in EKS Auto Mode: AWS chooses the release',
    ],
    [
      { ...nodes.bottlerocket, bottlerocketVersion: 'latest' },
      'bottlerocketVersion must be one release, such as v1.50.0',
    ],
    [{ nodeRole: 'eks-jobs-node' }, 'nodeRole has no effect without a node class'],
    [{ logGroup: '/logs' }, 'logRegion is required: a log group has a region'],
    [{ logRegion: 'eu-central-1' }, 'logGroup is required: a log group has a region'],
    [{ ...logs, logGroup: 'a group' }, "logGroup must be a CloudWatch log group's name"],
    [{ ...logs, logRegion: 'Frankfurt' }, 'logRegion must be a region of AWS'],
    [
      { ...logs, namespace: 'n'.repeat(59) },
      'namespace must have at most 58 characters: the logs are shipped from NAMESPACE-logs',
    ],
  ])('%j', (parameters, message) => {
    expect(rejectionOf(parameters)).toBe(message);
  });

  test('all that is missing is named at once', () => {
    expect(rejectionOf({ nodeClass: 'bottlerocket' })).toMatch(
      /^nodeRole .*; clusterName .*; bottlerocketVersion /,
    );
  });

  test('both tags replace the name of the cluster', () => {
    const form = { nodeClass: 'auto-mode', nodeRole: 'eks-jobs-node' } as const;
    const tags = { subnetTag: 'tier=private', securityGroupTag: 'name=a=b' };
    expect(objectOf(render({ ...form, ...tags }), 'NodeClass')).toMatchObject({
      spec: {
        subnetSelectorTerms: [{ tags: { tier: 'private' } }],
        securityGroupSelectorTerms: [{ tags: { name: 'a=b' } }],
      },
    });
  });
});

import { expect } from '@jest/globals';
import pRetry from 'p-retry';
import { applyObjects, kubectl } from '../harness/cluster/kubectl.ts';

/** Lets no Role be made there, until the returned function is called: what comes after one in a set is not applied. */
export async function denyNewRoles(namespace: string): Promise<() => Promise<void>> {
  const metadata = { name: `no-roles-in-${namespace}` };
  const resources = [
    {
      apiGroups: ['rbac.authorization.k8s.io'],
      apiVersions: ['v1'],
      operations: ['CREATE'],
      resources: ['roles'],
    },
  ];
  const apiVersion = 'admissionregistration.k8s.io/v1';
  const namespaceSelector = { matchLabels: { 'kubernetes.io/metadata.name': namespace } };
  const validations = [{ expression: 'false', message: 'not now' }];
  await applyObjects(
    {
      apiVersion,
      kind: 'ValidatingAdmissionPolicy',
      metadata,
      spec: { matchConstraints: { namespaceSelector, resourceRules: resources }, validations },
    },
    {
      apiVersion,
      kind: 'ValidatingAdmissionPolicyBinding',
      metadata,
      spec: { policyName: metadata.name, validationActions: ['Deny'] },
    },
  );
  // The API server learns of a policy, and of its end, a moment later.
  const tried = ['create', 'role', 'trial', '--verb=get', '--resource=pods', '--dry-run=server'];
  const trial = () => kubectl(...tried, '--namespace', namespace);
  const patience = { retries: 100, minTimeout: 100, factor: 1 };
  await pRetry(() => expect(trial()).rejects.toThrow('not now'), patience);
  return async () => {
    await kubectl('delete', 'validatingadmissionpolicybinding,validatingadmissionpolicy', metadata.name);
    await pRetry(() => expect(trial()).resolves.toContain('created'), patience);
  };
}

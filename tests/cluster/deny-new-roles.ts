import { expect } from '@jest/globals';
import pRetry from 'p-retry';
import { applyObjects, kubectl } from '../harness/cluster/kubectl.ts';

/**
 * Makes the API server reject new Roles in a namespace until the returned function is called. Objects that follow a Role
 * in a set are then not applied.
 */
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
  // A policy, and its deletion, take effect a moment later.
  const dryRun = ['create', 'role', 'trial', '--verb=get', '--resource=pods', '--dry-run=server'];
  const tryNewRole = () => kubectl(...dryRun, '--namespace', namespace);
  const retryOptions = { retries: 100, minTimeout: 100, factor: 1 };
  await pRetry(() => expect(tryNewRole()).rejects.toThrow('not now'), retryOptions);
  return async () => {
    await kubectl('delete', 'validatingadmissionpolicybinding,validatingadmissionpolicy', metadata.name);
    await pRetry(() => expect(tryNewRole()).resolves.toContain('created'), retryOptions);
  };
}

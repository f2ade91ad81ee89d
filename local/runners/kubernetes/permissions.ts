import * as z from 'zod';
import { UserError } from '../../../lib/user-error.ts';
import { messageOf } from '../../aws/step-functions/integrations/job-runner.ts';
import type { ContextApiServer } from './api-server.ts';

/** What the runner, the start check and settle-job do in the namespace. The Roles of k8s/manifests allow nothing else. */
const required = [
  ...['create', 'get', 'list', 'watch', 'delete'].map((verb) => ({ verb, group: 'batch', resource: 'jobs' })),
  ...['list', 'watch'].map((verb) => ({ verb, group: '', resource: 'pods' })),
];

const Review = z.object({ status: z.object({ allowed: z.boolean() }) });

/**
 * Checks every permission that jobs need.
 * @throws UserError naming each missing permission, ClusterFailure when the cluster does not respond.
 */
export async function ensurePermissions(
  api: ContextApiServer,
  context: string,
  namespace: string,
): Promise<void> {
  const allowed = await Promise.all(
    required.map((attributes) => review(api, context, { ...attributes, namespace })),
  );
  const missing = required.filter((_, index) => allowed[index] !== true);
  if (missing.length === 0) return;
  const names = missing.map(({ verb, group, resource }) => `${verb} ${resource}${group && `.${group}`}`);
  throw new UserError(
    `the context ${context} lacks permissions in the namespace ${namespace}: ${names.join(', ')}. ` +
      'An administrator can bind it to the Role of the state machine in k8s/manifests, which ' +
      `npm run k8s:apply -- --context ${context} creates`,
  );
}

async function review(api: ContextApiServer, context: string, resourceAttributes: object): Promise<boolean> {
  const body = {
    apiVersion: 'authorization.k8s.io/v1',
    kind: 'SelfSubjectAccessReview',
    spec: { resourceAttributes },
  };
  const path = '/apis/authorization.k8s.io/v1/selfsubjectaccessreviews';
  const response = await api.request('POST', path, body);
  if (response.statusCode === 201) return Review.parse(response.body).status.allowed;
  const { statusCode, statusText } = response;
  const reason = statusCode === 401 ? 'it does not accept the credentials' : messageOf(response.body);
  throw new UserError(`the cluster of context ${context} responds ${statusCode} ${statusText}: ${reason}`);
}

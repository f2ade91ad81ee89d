import type { CloudWatchLogsClient } from '@aws-sdk/client-cloudwatch-logs';
import type { EKSClient } from '@aws-sdk/client-eks';
import {
  type CustomResourceRequest,
  type CustomResourceResponse,
  stackOf,
} from '../../lib/custom-resource/cloudformation.ts';
import {
  type CustomResourceFunction,
  type CustomResourceWork,
  respondToCloudFormation,
} from '../../lib/custom-resource/respond.ts';
import { nameOf } from '../kubernetes-object.ts';
import type { ManifestSources } from '../manifests.ts';
import { limitControlPlaneLogs } from './control-plane-logs.ts';
import { idOf, readProperties, targetOf } from './properties.ts';
import { connectToCluster, setUp, type SetupContext, tearDown } from './setup.ts';

/** What handling a request needs besides the request. */
export interface SetupDependencies extends CustomResourceFunction {
  client: EKSClient;
  logsClient: CloudWatchLogsClient;
  /** Reads the manifests when they are needed, so that there is a response even if they are missing. */
  readSources: () => ManifestSources;
  /** Tells whether CloudFormation deletes the whole stack, and not only this resource in an update. */
  isStackBeingDeleted: (stackId: string) => Promise<boolean>;
  /** How long to wait until the cluster authorizes us, in milliseconds. */
  authorizedWithin?: number;
}

/** All servers of a cluster know an access entry after a minute or so. */
const usuallyAuthorizedWithin = 180_000;

/** Does what CloudFormation requests and sends the response; throws as respondToCloudFormation. */
export async function handleRequest(event: unknown, dependencies: SetupDependencies): Promise<void> {
  await respondToCloudFormation(event, dependencies, async (request, work) => {
    const context: SetupContext = {
      client: dependencies.client,
      stack: stackOf(request),
      authorizedWithin: dependencies.authorizedWithin ?? usuallyAuthorizedWithin,
      signal: work.signal,
      onFailure: ({ message }) => {
        work.note(message);
      },
      report: (object, change) => {
        work.note(`${change} ${nameOf(object)}`);
      },
    };
    return request.RequestType === 'Delete'
      ? await remove(request, work, dependencies, context)
      : await apply(request, work, dependencies, context);
  });
}

async function apply(
  { PhysicalResourceId, ResourceProperties }: CustomResourceRequest,
  { resource }: CustomResourceWork,
  { readSources, logsClient }: SetupDependencies,
  context: SetupContext,
): Promise<CustomResourceResponse> {
  const desired = readProperties(ResourceProperties, readSources());
  const target = { clusterName: desired.clusterName, namespace: desired.set.namespace };
  const id = idOf(target);
  const { controlPlaneLogs } = desired;
  if (controlPlaneLogs) await limitControlPlaneLogs(logsClient, controlPlaneLogs, context);
  const cluster = await connectToCluster(desired, context);
  if (PhysicalResourceId === undefined) resource.id = id;
  try {
    await setUp(cluster, desired, context);
  } catch (error) {
    // CloudFormation returns to the old target and does not know the new one.
    const isNew = PhysicalResourceId !== undefined && PhysicalResourceId !== id;
    if (isNew) await tearDown(target, context, () => Promise.resolve(false)).catch(() => undefined);
    throw error;
  }
  const { endpoint, certificateAuthority } = cluster.address;
  return {
    Status: 'SUCCESS',
    PhysicalResourceId: id,
    Data: { Endpoint: endpoint, CertificateAuthority: certificateAuthority },
  };
}

/**
 * Removes what was applied. CloudFormation requests a Delete when it deletes the stack, and also when an update has replaced this
 * resource, because the stack now names another cluster or namespace. Only the former may end running jobs.
 */
async function remove(
  { StackId }: CustomResourceRequest,
  { resource: { id } }: CustomResourceWork,
  { isStackBeingDeleted }: SetupDependencies,
  context: SetupContext,
): Promise<CustomResourceResponse> {
  const target = targetOf(id);
  const left = target && (await tearDown(target, context, () => isStackBeingDeleted(StackId)));
  return { Status: 'SUCCESS', PhysicalResourceId: id, ...(left !== undefined && { Reason: left }) };
}

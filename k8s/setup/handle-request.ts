import type { EKSClient } from '@aws-sdk/client-eks';
import { ClusterFailure } from '../failure.ts';
import { nameOf } from '../kubernetes-object.ts';
import type { ManifestSources } from '../manifests.ts';
import {
  maximumSendingTime,
  sendResponse,
  SetupRequest,
  type SetupResponse,
  stackOf,
} from '../../lib/custom-resource/cloudformation.ts';
import { idOf, idOfNothing, readProperties, targetOf } from './properties.ts';
import { connectToCluster, setUp, type SetupContext, tearDown } from './setup.ts';

/** What handling a request needs besides the request. */
export interface SetupDependencies {
  client: EKSClient;
  /** Reads the manifests when they are needed, so that there is a response even if they are missing. */
  readSources: () => ManifestSources;
  /** Returns how long the function may still run, in milliseconds. */
  remaining: () => number;
  /** Where the function's log is. */
  log: string;
  /** How long to wait until the cluster authorizes us, in milliseconds. */
  authorizedWithin?: number;
  report?: (message: string, details: Record<string, unknown>) => void;
}

/** All servers of a cluster know an access entry after a minute or so. */
const usuallyAuthorizedWithin = 180_000;

/**
 * Does what CloudFormation requests and sends the response: after any failure, and before the function's own time is up.
 * @throws Error when the request has no address for a response, or the response is not accepted.
 */
export async function handleRequest(event: unknown, dependencies: SetupDependencies): Promise<void> {
  const request = SetupRequest.parse(event);
  const { report = () => undefined, remaining } = dependencies;
  const control = new AbortController();
  const left = remaining();
  // Half of it, if the function has hardly any time.
  const time = Math.max(left - maximumSendingTime, left / 2);
  let lastStep = 'nothing';
  const note = (text: string): void => {
    lastStep = text;
    report(text, {});
  };
  const context: SetupContext = {
    client: dependencies.client,
    stack: stackOf(request),
    authorizedWithin: dependencies.authorizedWithin ?? usuallyAuthorizedWithin,
    signal: control.signal,
    onFailure: ({ message }) => {
      note(message);
    },
    report: (object, change) => {
      note(`${change} ${nameOf(object)}`);
    },
  };
  const timer = setTimeout(() => {
    const seconds = Math.round(time / 1000);
    control.abort(new ClusterFailure(`it took longer than ${seconds} s; the last step: ${lastStep}`));
  }, time);
  let response: SetupResponse;
  try {
    response = await responseTo(request, dependencies, context);
  } finally {
    clearTimeout(timer);
  }
  report('responding', { requestType: request.RequestType, ...response });
  await sendResponse(request, response);
}

/** Does the work and returns the response. Never throws, and returns as soon as the time is up, even if work is under way. */
async function responseTo(
  request: SetupRequest,
  dependencies: SetupDependencies,
  context: SetupContext,
): Promise<SetupResponse> {
  const { RequestType, PhysicalResourceId } = request;
  // A failed response must contain the id that CloudFormation knows; a first one, the id of what there is to delete.
  const resource = { id: PhysicalResourceId ?? idOfNothing };
  const timeIsUp = new Promise<never>((_resolve, reject) => {
    context.signal.addEventListener('abort', () => {
      reject(context.signal.reason as Error);
    });
  });
  try {
    const work =
      RequestType === 'Delete'
        ? remove(resource.id, context)
        : apply(request, dependencies, context, resource);
    return await Promise.race([work, timeIsUp]);
  } catch (error) {
    dependencies.report?.('failed', { error });
    return {
      Status: 'FAILED',
      PhysicalResourceId: resource.id,
      Reason: failureReason(error, dependencies.log),
    };
  }
}

async function apply(
  { PhysicalResourceId, ResourceProperties }: SetupRequest,
  { readSources }: SetupDependencies,
  context: SetupContext,
  resource: { id: string },
): Promise<SetupResponse> {
  const desired = readProperties(ResourceProperties, readSources());
  const target = { clusterName: desired.clusterName, namespace: desired.set.namespace };
  const id = idOf(target);
  const cluster = await connectToCluster(desired, context);
  if (PhysicalResourceId === undefined) resource.id = id;
  try {
    await setUp(cluster, desired, context);
  } catch (error) {
    // CloudFormation returns to the old target and does not know the new one.
    const isNew = PhysicalResourceId !== undefined && PhysicalResourceId !== id;
    if (isNew) await tearDown(target, context).catch(() => undefined);
    throw error;
  }
  const { endpoint, certificateAuthority } = cluster.address;
  return {
    Status: 'SUCCESS',
    PhysicalResourceId: id,
    Data: { Endpoint: endpoint, CertificateAuthority: certificateAuthority },
  };
}

async function remove(id: string, context: SetupContext): Promise<SetupResponse> {
  const target = targetOf(id);
  const kept = target ? await tearDown(target, context) : [];
  return {
    Status: 'SUCCESS',
    PhysicalResourceId: id,
    ...(kept.length > 0 && {
      Reason: `namespace ${target?.namespace ?? ''} stays, it holds ${kept.join(', ')}`,
    }),
  };
}

/** Describes a failure. One that the reader can correct needs no log; for any other the log has the details. */
function failureReason(error: unknown, log: string): string {
  if (error instanceof ClusterFailure) return error.message;
  const description = error instanceof Error ? `${error.name}: ${error.message}` : String(error);
  return `${description} (log: ${log})`;
}

import type { EKSClient } from '@aws-sdk/client-eks';
import { ClusterFailure } from '../failure.ts';
import { nameOf } from '../kubernetes-object.ts';
import type { ManifestSources } from '../manifests.ts';
import { send, sendingTime, type Answer } from './answer.ts';
import { readProperties } from './properties.ts';
import { Request, stackOf } from './request.ts';
import { idOf, idOfNothing, placeOf } from './resource-id.ts';
import { open, setUp, tearDown, type Setting } from './setup.ts';

export interface Surroundings {
  client: EKSClient;
  /** Read when they are needed, so that their absence too is answered. */
  readSources: () => ManifestSources;
  /** How long the function may still run, in milliseconds. */
  remaining: () => number;
  /** Where its log is. */
  log: string;
  /** How long a cluster may go on refusing us, in milliseconds. */
  settling?: number;
  report?: (message: string, details: Record<string, unknown>) => void;
}

/** An access entry is known everywhere in a minute or so. */
const usualSettling = 180_000;

/**
 * Does what CloudFormation asks, and tells it the outcome: whatever goes wrong, and before the function's own time is up.
 * @throws Error when there is nowhere to send an answer, or it is not taken.
 */
export async function respond(event: unknown, surroundings: Surroundings): Promise<void> {
  const request = Request.parse(event);
  const { report = () => undefined, remaining } = surroundings;
  const control = new AbortController();
  const left = remaining();
  // Half of it, should the function have been given hardly any time.
  const time = Math.max(left - sendingTime, left / 2);
  let last = 'nothing';
  const note = (text: string): void => {
    last = text;
    report(text, {});
  };
  const setting: Setting = {
    client: surroundings.client,
    stack: stackOf(request),
    settling: surroundings.settling ?? usualSettling,
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
    control.abort(new ClusterFailure(`it took longer than ${seconds} s; the last of it: ${last}`));
  }, time);
  let answer: Answer;
  try {
    answer = await outcome(request, surroundings, setting);
  } finally {
    clearTimeout(timer);
  }
  report('answering', { requestType: request.RequestType, ...answer });
  await send(request, answer);
}

/** Never throws, and returns as soon as the time is up, whatever is still under way. */
async function outcome(request: Request, surroundings: Surroundings, setting: Setting): Promise<Answer> {
  const { RequestType, PhysicalResourceId } = request;
  // A failed answer must name what CloudFormation knows; a first one, what there is to delete.
  const failing = { id: PhysicalResourceId ?? idOfNothing };
  const timeIsUp = new Promise<never>((_resolve, reject) => {
    setting.signal.addEventListener('abort', () => {
      reject(setting.signal.reason as Error);
    });
  });
  try {
    const work =
      RequestType === 'Delete'
        ? deleted(failing.id, setting)
        : applied(request, surroundings, setting, failing);
    return await Promise.race([work, timeIsUp]);
  } catch (error) {
    surroundings.report?.('failed', { error });
    return { Status: 'FAILED', PhysicalResourceId: failing.id, Reason: reasonOf(error, surroundings.log) };
  }
}

async function applied(
  { PhysicalResourceId, ResourceProperties }: Request,
  { readSources }: Surroundings,
  setting: Setting,
  failing: { id: string },
): Promise<Answer> {
  const wanted = readProperties(ResourceProperties, readSources());
  const place = { clusterName: wanted.clusterName, namespace: wanted.set.namespace };
  const id = idOf(place);
  const cluster = await open(wanted, setting);
  if (PhysicalResourceId === undefined) failing.id = id;
  try {
    await setUp(cluster, wanted, setting);
  } catch (error) {
    // CloudFormation goes back to the old place and knows nothing of this one.
    const isNew = PhysicalResourceId !== undefined && PhysicalResourceId !== id;
    if (isNew) await tearDown(place, setting).catch(() => undefined);
    throw error;
  }
  const { endpoint, certificateAuthority } = cluster.address;
  return {
    Status: 'SUCCESS',
    PhysicalResourceId: id,
    Data: { Endpoint: endpoint, CertificateAuthority: certificateAuthority },
  };
}

async function deleted(id: string, setting: Setting): Promise<Answer> {
  const place = placeOf(id);
  const kept = place ? await tearDown(place, setting) : [];
  return {
    Status: 'SUCCESS',
    PhysicalResourceId: id,
    ...(kept.length > 0 && {
      Reason: `namespace ${place?.namespace ?? ''} stays, it holds ${kept.join(', ')}`,
    }),
  };
}

/** What its reader can do something about is enough by itself. */
function reasonOf(error: unknown, log: string): string {
  if (error instanceof ClusterFailure) return error.message;
  const what = error instanceof Error ? `${error.name}: ${error.message}` : String(error);
  return `${what} (log: ${log})`;
}

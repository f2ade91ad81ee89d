import pRetry from 'p-retry';
import { ClusterFailure, RequestRefused, UnknownKind, Unreachable } from '../failure.ts';

export interface AccessWait {
  /** How long to wait until the cluster authorizes us, in milliseconds. */
  authorizedWithin: number;
  signal: AbortSignal;
  /** Whether a kind that the cluster does not serve may come, so that it is waited for as long. */
  kindsMayCome?: boolean;
  /** Called with each failure, also when the work is repeated after it. */
  onFailure: (error: Error) => void;
}

/**
 * An API server of EKS knows an access entry, and the policy on it, some seconds after CloudFormation has made it, and each
 * server of a cluster at a time of its own: until then it responds 401, then 403. A new cluster's name may not resolve yet.
 */
const mayPass = (error: unknown): boolean => error instanceof Unreachable || isUnauthorized(error);

const isUnauthorized = (error: unknown): error is RequestRefused =>
  error instanceof RequestRefused && [401, 403].includes(error.status);

/**
 * Does the work, and repeats it from its beginning while the cluster does not authorize us, or does not serve a kind that may
 * come, after pauses that double from 1 s to 10 s. The work must be safe to repeat.
 * @throws ClusterFailure naming the access entry that is missing, when it is still unauthorized in the end; UnknownKind when a
 * kind is still missing.
 */
export async function onceAuthorized<T>(
  cluster: string,
  work: () => Promise<T>,
  { authorizedWithin, kindsMayCome = false, signal, onFailure }: AccessWait,
): Promise<T> {
  try {
    return await pRetry(work, {
      retries: Infinity,
      maxRetryTime: authorizedWithin,
      minTimeout: 1000,
      maxTimeout: 10_000,
      shouldRetry: ({ error }) => mayPass(error) || (kindsMayCome && error instanceof UnknownKind),
      onFailedAttempt: ({ error }) => {
        onFailure(error);
      },
      signal,
    });
  } catch (error) {
    if (!isUnauthorized(error)) throw error;
    throw new ClusterFailure(
      `EKS cluster ${cluster} does not authorize cluster-setup: ${error.message}. Its role needs an access entry with AmazonEKSClusterAdminPolicy`,
      { cause: error },
    );
  }
}

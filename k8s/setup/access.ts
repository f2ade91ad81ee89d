import pRetry from 'p-retry';
import { ClusterFailure, RequestRefused, Unreachable } from '../failure.ts';

export interface Patience {
  /** How long a cluster may go on refusing what it should allow, in milliseconds. */
  settling: number;
  signal: AbortSignal;
  /** Told each failure, also those after which it is tried again. */
  onFailure: (error: Error) => void;
}

/**
 * An API server of EKS learns of an access entry, and of the policy on it, some seconds after CloudFormation has made it, each of a
 * cluster's servers for itself: until then it answers 401, then 403. A new cluster's name may not resolve yet.
 */
const isSettling = (error: unknown): boolean => error instanceof Unreachable || isClosed(error);

const isClosed = (error: unknown): error is RequestRefused =>
  error instanceof RequestRefused && [401, 403].includes(error.status);

/**
 * Does the work, again from its beginning while the cluster does not let us in, after pauses that double from 1 s to 10 s.
 * The work must be safe to repeat.
 * @throws ClusterFailure saying what would let us in, when it is still refused in the end.
 */
export async function onceLetIn<T>(
  cluster: string,
  work: () => Promise<T>,
  { settling, signal, onFailure }: Patience,
): Promise<T> {
  try {
    return await pRetry(work, {
      retries: Infinity,
      maxRetryTime: settling,
      minTimeout: 1000,
      maxTimeout: 10_000,
      shouldRetry: ({ error }) => isSettling(error),
      onFailedAttempt: ({ error }) => {
        onFailure(error);
      },
      signal,
    });
  } catch (error) {
    if (!isClosed(error)) throw error;
    throw new ClusterFailure(
      `EKS cluster ${cluster} does not let cluster-setup in: ${error.message}. Its role needs an access entry with AmazonEKSClusterAdminPolicy`,
      { cause: error },
    );
  }
}

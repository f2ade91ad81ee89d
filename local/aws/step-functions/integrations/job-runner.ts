/** A batch/v1 Job as the state machine's Arguments hold it; each runner checks the fields that it uses. */
export type KubernetesJob = Readonly<Record<string, unknown>>;

export interface JobRunOptions {
  namespace: string;
  clusterName: string;
  /** When the state machine submitted the Job (epoch milliseconds); the Job's deadline counts from here. */
  submittedAt: number;
  /** The service was restarted while the Job ran: an existing Job of the same name is this Job. */
  resumed: boolean;
  /** On abort the Job is deleted, with its pods, before the promises reject. */
  signal: AbortSignal;
}

/** A response of the cluster's API server; the body is parsed JSON, or text that is not JSON. */
export interface ClusterResponse {
  statusCode: number;
  statusText: string;
  body: unknown;
}

/** The API server refused the Job, or the Job no longer exists there; the response holds the reason. */
export class JobRefused extends Error {
  override readonly name = 'JobRefused';
  readonly response: ClusterResponse;

  constructor(response: ClusterResponse) {
    const { statusCode, statusText, body } = response;
    super(`the cluster responded ${statusCode} ${statusText}: ${messageOf(body)}`);
    this.response = response;
  }
}

/** How a Job ended; `reason` and `message` as in the condition of its status. */
export interface JobOutcome {
  succeeded: boolean;
  reason?: string;
  message?: string;
  /** By pod and container, if the runner keeps them. */
  logs?: Record<string, Record<string, string>>;
}

/** A Job that exists. */
export interface RunningJob {
  /** Holds the Job as it was created. */
  response: ClusterResponse;
  /** Rejects with JobRefused when another client deletes the Job. */
  ended: Promise<JobOutcome>;
}

/** Runs Jobs: in processes of this machine or in a cluster (local/runners/). */
export interface JobRunner {
  /**
   * Creates a batch/v1 Job.
   * @returns as soon as it exists.
   * @throws JobRefused when the API server does not accept it.
   */
  start(job: KubernetesJob, options: JobRunOptions): Promise<RunningJob>;
  /**
   * Lists the ids of jobs that wait in this runner until others end, oldest first. A cluster reports its waiting pods
   * itself.
   */
  waitingTurn(): readonly string[];
  /** Interrupts every Job, as a node that shuts down does, and waits until their containers are gone. */
  stop(): Promise<void>;
}

/** Reads the message of an API server's response (a metav1.Status in most cases). */
export function messageOf(body: unknown): string {
  if (typeof body === 'object' && body !== null && 'message' in body) return String(body.message);
  return typeof body === 'string' ? body : JSON.stringify(body);
}

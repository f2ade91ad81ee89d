/** A batch/v1 Job as the state machine's Arguments give it; each runner checks the parts it uses. */
export type KubernetesJob = Readonly<Record<string, unknown>>;

export interface JobRunOptions {
  namespace: string;
  clusterName: string;
  /** When the state machine handed the Job over (epoch milliseconds); the Job's deadline counts from here. */
  submittedAt: number;
  /** The service was restarted while the Job ran: one of the same name is the same Job. */
  resumed: boolean;
  /** On abort the Job is deleted, with its pods, before the promises reject. */
  signal: AbortSignal;
}

/** What the cluster's API server answered; the body is JSON, or its text where it was none. */
export interface ClusterAnswer {
  statusCode: number;
  statusText: string;
  body: unknown;
}

/** The API server refused the Job, or has it no more: its own answer says why. */
export class JobRefused extends Error {
  override readonly name = 'JobRefused';
  readonly answer: ClusterAnswer;

  constructor(answer: ClusterAnswer) {
    super(`the cluster answered ${answer.statusCode} ${answer.statusText}: ${messageOf(answer.body)}`);
    this.answer = answer;
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
export interface StartedJob {
  /** With the Job as it was created. */
  answer: ClusterAnswer;
  /** Rejects with JobRefused when the Job is deleted by somebody else. */
  ended: Promise<JobOutcome>;
}

/** Where Jobs run. */
export interface JobRunner {
  /**
   * Creates a batch/v1 Job.
   * @returns as soon as it exists.
   * @throws JobRefused when the API server does not take it.
   */
  start(job: KubernetesJob, options: JobRunOptions): Promise<StartedJob>;
  /** Ids of jobs that wait here until others end, oldest first; where a cluster makes them wait, it says so itself. */
  waitingTurn(): readonly string[];
  /** Interrupts every Job, as a node that shuts down would, and waits until their containers are gone. */
  stop(): Promise<void>;
}

/** The words of an API server's answer (a metav1.Status, where it is one). */
export function messageOf(body: unknown): string {
  if (typeof body === 'object' && body !== null && 'message' in body) return String(body.message);
  return typeof body === 'string' ? body : JSON.stringify(body);
}

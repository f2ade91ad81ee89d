/** A batch/v1 Job as the state machine's Arguments give it; each runner checks the parts it uses. */
export type KubernetesJob = Readonly<Record<string, unknown>>;

export interface JobRunOptions {
  namespace: string;
  clusterName: string;
  /** When the state machine handed the Job over (epoch milliseconds); the Job's deadline counts from here. */
  submittedAt: number;
  /** The service was restarted while the Job ran: one of the same name is the same Job. */
  resumed: boolean;
  /** On abort the Job is deleted before the promise rejects. */
  signal: AbortSignal;
}

/** How a Job ended; `reason` and `message` as in the condition of its status. */
export interface JobOutcome {
  succeeded: boolean;
  reason?: string;
  message?: string;
  /** By pod and container, if the runner keeps them. */
  logs?: Record<string, Record<string, string>>;
}

/** Where Jobs run. */
export interface JobRunner {
  /** Runs a batch/v1 Job to its end. */
  run(job: KubernetesJob, options: JobRunOptions): Promise<JobOutcome>;
}

import type { Json } from './json.ts';

/** A task as an integration receives it. */
export interface Task {
  /** The state's Resource, as arn:aws:states:::eks:runJob.sync. */
  resource: string;
  arguments: Json;
  execution: { arn: string; name: string };
  stateName: string;
  /** The same for the same try, also after a restart; another for each retry. */
  token: string;
  /** When the task was scheduled (epoch milliseconds), also if that was before a restart. */
  submittedAt: number;
  /** The service was restarted while this try ran: it may have been begun, or even be done. */
  resumed: boolean;
  /**
   * Aborted when the try is over: stopped, timed out or no longer needed. What the task returns after that is ignored.
   */
  signal: AbortSignal;
  /**
   * For .sync resources: reports that the service accepted the request, with its response (the event TaskSubmitted).
   */
  submitted: (output: Json) => void;
}

/** A service that Task states can call. After a kill between call and journal it is called again with `resumed`. */
export interface Integration {
  supports(resource: string): boolean;
  /** Runs a task. @returns its raw result. @throws TaskFailure with AWS's error name and cause. */
  run(task: Task): Promise<Json>;
}

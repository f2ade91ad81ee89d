import type { Json } from './json.ts';

/** A task as an integration gets it. */
export interface Task {
  /** The state's Resource, as arn:aws:states:::eks:runJob.sync. */
  resource: string;
  arguments: Json;
  execution: { arn: string; name: string };
  stateName: string;
  /** The same for the same try, also after a restart; another for each retry. */
  token: string;
  /** When the task was scheduled (epoch milliseconds), also when that was before a restart. */
  submittedAt: number;
  /** The service was restarted while this try ran: it may have been begun or even done. */
  resumed: boolean;
  /** Aborted when the try is over: stopped, timed out or no longer wanted. Nothing it answers counts any more. */
  signal: AbortSignal;
  /** For .sync resources: the service has taken the request, with this answer (the event TaskSubmitted). */
  submitted: (output: Json) => void;
}

/** A service that Task states can call. A kill between call and journal makes it be called again with `resumed`. */
export interface Integration {
  supports(resource: string): boolean;
  /** Resolves with the task's raw result; throws TaskFailure with AWS's error name and cause. */
  run(task: Task): Promise<Json>;
}

import type { InvokeLambda } from '../invocation.ts';

/** The fields of an execution's status change event that the rule in resources/ reads. */
export interface ExecutionStatusChange {
  executionArn: string;
  status: string;
  startDate: number;
}

const sweepInterval = 5 * 60_000;

/** The two rules of the deployed service: failed executions go to settle-job, and sweep runs every 5 minutes. */
export class Events {
  readonly #invoke: InvokeLambda;
  readonly #waitingTurn: () => readonly string[];
  readonly #timer: NodeJS.Timeout;

  /** @param waitingTurn returns the ids of the jobs that wait until others end, which only the job runner knows. */
  constructor(invoke: InvokeLambda, waitingTurn: () => readonly string[]) {
    this.#invoke = invoke;
    this.#waitingTurn = waitingTurn;
    this.#timer = setInterval(() => {
      this.sweepNow();
    }, sweepInterval);
  }

  executionStatusChanged(detail: ExecutionStatusChange): void {
    if (!['FAILED', 'TIMED_OUT', 'ABORTED'].includes(detail.status)) return;
    this.#deliver('settleJob', {
      'detail-type': 'Step Functions Execution Status Change',
      source: 'aws.states',
      detail,
    });
  }

  /** Starts a sweep. It finds what happened while the service was down: those events were not delivered. */
  sweepNow(): void {
    this.#deliver('sweep', { waitingTurn: this.#waitingTurn() });
  }

  stop(): void {
    clearInterval(this.#timer);
  }

  /** Delivers an event once, as EventBridge does at best effort. The next sweep repairs what a failed delivery missed. */
  #deliver(name: string, event: object): void {
    this.#invoke(name, event).then(
      ({ functionError, payload }) => {
        if (functionError) console.error(`eks-jobs: ${name} failed: ${JSON.stringify(payload)}`);
      },
      (error: unknown) => {
        console.error(`eks-jobs: ${name} failed:`, error);
      },
    );
  }
}

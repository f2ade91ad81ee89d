import type { Functions } from '../lambda/functions.ts';

/** What EventBridge says of an execution, as far as the rule in resources/ looks at it. */
export interface ExecutionStatusChange {
  executionArn: string;
  status: string;
  startDate: number;
}

const sweepEvery = 5 * 60_000;

/** The two rules of the deployed service: executions that ended badly go to settle-job, and sweep runs every 5 minutes. */
export class Events {
  readonly #functions: Pick<Functions, 'invoke'>;
  readonly #waitingTurn: () => readonly string[];
  readonly #timer: NodeJS.Timeout;

  /** @param waitingTurn the jobs that wait until others end, which only the runner knows. */
  constructor(functions: Pick<Functions, 'invoke'>, waitingTurn: () => readonly string[]) {
    this.#functions = functions;
    this.#waitingTurn = waitingTurn;
    this.#timer = setInterval(() => {
      this.sweepNow();
    }, sweepEvery);
  }

  executionStatusChanged(detail: ExecutionStatusChange): void {
    if (!['FAILED', 'TIMED_OUT', 'ABORTED'].includes(detail.status)) return;
    this.#deliver('settleJob', {
      'detail-type': 'Step Functions Execution Status Change',
      source: 'aws.states',
      detail,
    });
  }

  /** What happened while nobody listened is found by a sweep, not by events. */
  sweepNow(): void {
    this.#deliver('sweep', { waitingTurn: this.#waitingTurn() });
  }

  stop(): void {
    clearInterval(this.#timer);
  }

  /** Best effort, as EventBridge's own: a delivery that fails is sweep's to find. */
  #deliver(name: string, event: object): void {
    this.#functions.invoke(name, event).then(
      (invocation) => {
        if ('functionError' in invocation) {
          console.error(`eks-jobs: ${name} failed: ${JSON.stringify(invocation.payload)}`);
        }
      },
      (error: unknown) => {
        console.error(`eks-jobs: ${name} failed:`, error);
      },
    );
  }
}

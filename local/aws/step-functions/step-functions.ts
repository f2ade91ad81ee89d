import { createHash, randomUUID } from 'node:crypto';
import { systemClock } from '../clock.ts';
import type { Clock } from '../clock.ts';
import { ApiError } from './errors.ts';
import type { Integration } from './integration.ts';
import { Journal } from './journal.ts';
import { checkExecutionInput } from './limits.ts';
import { checkArn, checkName, Names } from './arns.ts';
import { executionHistory, listExecutions } from './queries.ts';
import type { HistoryRequest, ListRequest } from './queries.ts';
import { redrivenAt, undoneByRedrive, whyNotRedrivable } from './redrive.ts';
import { Retention } from './retention.ts';
import { Run } from './run.ts';
import type { Recorded, Surroundings } from './run.ts';
import { statusChange } from './status-change.ts';
import type { StatusChange } from './status-change.ts';
import { Store } from './store.ts';
import type { ExecutionRecord } from './store.ts';
import { StateMachines } from './state-machines.ts';

export interface StepFunctionsOptions {
  /** A file, made if missing, or ":memory:", or an open journal. */
  journal: string | Journal;
  region: string;
  accountId: string;
  integrations: readonly Integration[];
  /** Called when an execution has ended, once, unless the process is killed in between. It must not throw. */
  onStatusChange?: ((event: StatusChange) => void) | undefined;
  clock?: Clock;
  /** Between 0 and 1: where jitter and $random() come from. */
  random?: () => number;
}

/** Step Functions on one machine: state machines, their executions, and the journal they survive in. */
export class StepFunctions {
  readonly machines: StateMachines;
  readonly #store: Store;
  readonly #surroundings: Surroundings;
  readonly #names: Names;
  readonly #onStatusChange: (event: StatusChange) => void;
  readonly #retention: Retention;
  readonly #runs = new Map<string, Run>();
  #lastNumber: number;

  constructor(options: StepFunctionsOptions) {
    const { integrations, region, clock = systemClock, random = Math.random } = options;
    const { journal } = options;
    this.#store = new Store(typeof journal === 'string' ? new Journal(journal) : journal);
    this.#retention = new Retention(this.#store, clock);
    this.#lastNumber = this.#store.lastExecutionNumber();
    this.#names = new Names(region, options.accountId);
    this.#onStatusChange = options.onStatusChange ?? (() => undefined);
    const integrationFor = (resource: string) => integrations.find((one) => one.supports(resource));
    this.#surroundings = { store: this.#store, clock, random, region, integrationFor };
    this.machines = new StateMachines(
      this.#store,
      this.#names,
      clock,
      (resource) => integrationFor(resource) !== undefined,
    );
  }

  /** Goes on with every execution that was running when the process before this one ended. */
  resume(): void {
    for (const execution of this.#store.runningExecutions()) {
      if (this.#runs.has(execution.arn)) continue;
      const { number } = execution;
      this.#run(execution, { ...this.#store.heads(number), entries: this.#store.replay(number) });
    }
  }

  /**
   * Ends the service and leaves the executions as they are, to be gone on with by `resume`; running tasks are not told. What
   * runs them is to be ended after this: what it reports then is not heard, so no try is burnt by it.
   */
  close(): void {
    for (const run of this.#runs.values()) run.abandon();
    this.#runs.clear();
    this.#retention.close();
    this.#store.journal.close();
  }

  /** Starts an execution. The same name and input as a running one's give that one (API reference, StartExecution). */
  startExecution(request: {
    stateMachineArn: string;
    name?: string | undefined;
    input?: string | undefined;
  }) {
    const { stateMachineArn, name = randomUUID(), input = '{}' } = request;
    const machine = this.machines.record(stateMachineArn);
    checkName(name);
    checkExecutionInput(input);
    const arn = this.#names.execution(machine.name, name);
    const existing = this.#store.execution(arn);
    if (existing !== undefined) {
      if (existing.status !== 'RUNNING' || existing.input !== input) {
        throw new ApiError('ExecutionAlreadyExists', `Execution Already Exists: '${arn}'`);
      }
      return { executionArn: arn, startDate: existing.started };
    }
    const { clock, random } = this.#surroundings;
    const execution: ExecutionRecord = {
      number: ++this.#lastNumber,
      arn,
      machine_arn: machine.arn,
      name,
      definition_hash: machine.definition_hash,
      role_arn: machine.role_arn,
      status: 'RUNNING',
      input,
      seed: createHash('sha256').update(`${arn}/${random()}`).digest('base64url'),
      started: clock.now(),
      stopped: null,
      output: null,
      error: null,
      cause: null,
      redrive_count: 0,
      redriven: null,
    };
    const run = this.#run(execution, { position: 0, event: 0, entries: [] });
    this.#store.addExecution(execution);
    const details = { input, inputDetails: { truncated: false }, roleArn: machine.role_arn };
    run.append({ branch: null, type: 'ExecutionStarted' }, details, 0);
    this.#retention.onGrowth();
    // Nobody may be told of an execution that a kill could still undo.
    this.#store.journal.flush();
    return { executionArn: arn, startDate: execution.started };
  }

  describeExecution(executionArn: string): ExecutionRecord {
    checkArn(executionArn, 'execution');
    const execution = this.#store.execution(executionArn);
    if (execution === undefined) {
      throw new ApiError('ExecutionDoesNotExist', `Execution Does Not Exist: '${executionArn}'`);
    }
    return execution;
  }

  /** A page of a machine's executions, the newest first. */
  listExecutions(request: ListRequest) {
    this.machines.record(request.stateMachineArn);
    return listExecutions(this.#store, request);
  }

  /** Ends a running execution at once; one that has ended stays as it is (API reference, StopExecution). */
  stopExecution(request: { executionArn: string; error?: string | undefined; cause?: string | undefined }): {
    stopDate: number;
  } {
    const execution = this.describeExecution(request.executionArn);
    this.#runs.get(execution.arn)?.abort(request.error, request.cause);
    this.#store.journal.flush();
    return { stopDate: this.describeExecution(execution.arn).stopped ?? this.#surroundings.clock.now() };
  }

  /** Why an execution cannot be redriven now, or undefined if it can. */
  whyNotRedrivable(execution: ExecutionRecord): string | undefined {
    const { event } = this.#store.heads(execution.number);
    return whyNotRedrivable(execution, event, this.#surroundings.clock.now());
  }

  /** Goes on with an execution that did not succeed, from the state it failed in. */
  redriveExecution(executionArn: string): { redriveDate: number } {
    const execution = this.describeExecution(executionArn);
    const reason = this.whyNotRedrivable(execution);
    if (reason !== undefined) throw new ApiError('ExecutionNotRedrivable', reason);
    const redriven = this.#surroundings.clock.now();
    const again = redrivenAt(execution, redriven);
    const entries = this.#store.replay(execution.number);
    const undone = new Set(undoneByRedrive(entries));
    const kept = entries.filter((entry) => !undone.has(entry));
    // All that is read is read before: what is written must reach the journal in one go.
    const run = this.#run(again, { ...this.#store.heads(execution.number), entries: kept });
    for (const { position } of undone) this.#store.supersede(execution.number, position);
    this.#store.updateExecution(again);
    run.append({ branch: null, type: 'ExecutionRedriven' }, { redriveCount: again.redrive_count }, 0);
    this.#store.journal.flush();
    return { redriveDate: redriven };
  }

  /** A page of an execution's history. */
  getExecutionHistory(request: HistoryRequest) {
    return executionHistory(this.#store, this.describeExecution(request.executionArn), request);
  }

  /** The definition an execution runs, which may not be its machine's any more. */
  definitionOf(execution: ExecutionRecord): string {
    return this.#store.definition(execution.definition_hash);
  }

  #run(execution: ExecutionRecord, recorded: Recorded): Run {
    const machine = this.machines.parsed(execution.definition_hash);
    const onEnd = (ended: ExecutionRecord) => {
      this.#runs.delete(ended.arn);
      this.#onStatusChange(statusChange(ended));
    };
    const run = new Run(this.#surroundings, machine, execution, onEnd, recorded);
    this.#runs.set(execution.arn, run);
    setImmediate(() => void run.start());
    return run;
  }
}

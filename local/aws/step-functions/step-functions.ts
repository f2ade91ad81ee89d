import { createHash, randomUUID } from 'node:crypto';
import { type Clock, systemClock } from '../clock.ts';
import { AwsError } from '../wire.ts';
import { Arns, checkArn, checkName } from './arns.ts';
import { type StatusChange, statusChange } from './history.ts';
import type { Integration } from './integration.ts';
import { Journal } from './journal.ts';
import { checkExecutionInput } from './limits.ts';
import { executionsPage, type ExecutionsRequest, historyPage, type HistoryRequest } from './pages.ts';
import { redrivenAt, undoneByRedrive, whyNotRedrivable } from './redrive.ts';
import { Retention } from './retention.ts';
import { type RecordedProgress, Run, type RunDependencies } from './run.ts';
import { StateMachines } from './state-machines.ts';
import { type ExecutionRecord, StepFunctionsStore } from './store.ts';

export interface StepFunctionsOptions {
  /** A file, created if it is missing, or ":memory:", or an open journal. */
  journal: string | Journal;
  region: string;
  accountId: string;
  integrations: readonly Integration[];
  /** Called once when an execution has ended, unless the process is killed in between. It must not throw. */
  onStatusChange?: ((event: StatusChange) => void) | undefined;
  clock?: Clock;
  /** A number between 0 and 1, for jitter and $random(). */
  random?: () => number;
}

/** Runs Step Functions on one machine: state machines, their executions, and the journal that survives the process. */
export class StepFunctions {
  readonly machines: StateMachines;
  readonly #store: StepFunctionsStore;
  readonly #dependencies: RunDependencies;
  readonly #arns: Arns;
  readonly #onStatusChange: (event: StatusChange) => void;
  readonly #retention: Retention;
  readonly #runs = new Map<string, Run>();
  #lastNumber: number;

  constructor(options: StepFunctionsOptions) {
    const { integrations, region, clock = systemClock, random = Math.random } = options;
    const { journal } = options;
    this.#store = new StepFunctionsStore(typeof journal === 'string' ? new Journal(journal) : journal);
    this.#retention = new Retention(this.#store, clock);
    this.#lastNumber = this.#store.lastExecutionNumber();
    this.#arns = new Arns(region, options.accountId);
    this.#onStatusChange = options.onStatusChange ?? (() => undefined);
    const integrationFor = (resource: string) => integrations.find((one) => one.supports(resource));
    this.#dependencies = { store: this.#store, clock, random, region, integrationFor };
    this.machines = new StateMachines(
      this.#store,
      this.#arns,
      clock,
      (resource) => integrationFor(resource) !== undefined,
    );
  }

  /** Resumes every execution that was running when the previous process ended. */
  resume(): void {
    for (const execution of this.#store.runningExecutions()) {
      if (this.#runs.has(execution.arn)) continue;
      const { number } = execution;
      const entries = this.#store.replayableEntries(number);
      this.#run(execution, { ...this.#store.lastIds(number), entries });
    }
  }

  /**
   * Ends the service and leaves the executions as they are, for `resume` of the next process. Running tasks are not
   * aborted. Stop what runs them after this: their failures are then ignored, so no retry is used up.
   */
  close(): void {
    for (const run of this.#runs.values()) run.abandon();
    this.#runs.clear();
    this.#retention.close();
    this.#store.journal.close();
  }

  /** Starts an execution. The name and input of a running one return that one (API reference, StartExecution). */
  startExecution(request: {
    stateMachineArn: string;
    name?: string | undefined;
    input?: string | undefined;
  }) {
    const { stateMachineArn, name = randomUUID(), input = '{}' } = request;
    const machine = this.machines.record(stateMachineArn);
    checkName(name);
    checkExecutionInput(input);
    const arn = this.#arns.execution(machine.name, name);
    const existing = this.#store.execution(arn);
    if (existing !== undefined) {
      if (existing.status !== 'RUNNING' || existing.input !== input) {
        throw new AwsError('ExecutionAlreadyExists', `Execution Already Exists: '${arn}'`);
      }
      return { executionArn: arn, startDate: existing.started };
    }
    const { clock, random } = this.#dependencies;
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
    // Only now may the caller know of it: before, a kill could still undo it.
    this.#store.journal.flush();
    return { executionArn: arn, startDate: execution.started };
  }

  /** Reads an execution. @throws AwsError ExecutionDoesNotExist */
  describeExecution(executionArn: string): ExecutionRecord {
    checkArn(executionArn, 'execution');
    const execution = this.#store.execution(executionArn);
    if (execution === undefined) {
      throw new AwsError('ExecutionDoesNotExist', `Execution Does Not Exist: '${executionArn}'`);
    }
    return execution;
  }

  /** Reads a page of a machine's executions, the newest first. */
  listExecutions(request: ExecutionsRequest) {
    this.machines.record(request.stateMachineArn);
    return executionsPage(this.#store, request);
  }

  /** Ends a running execution at once; an execution that has ended does not change (API reference, StopExecution). */
  stopExecution(request: { executionArn: string; error?: string | undefined; cause?: string | undefined }): {
    stopDate: number;
  } {
    const execution = this.describeExecution(request.executionArn);
    this.#runs.get(execution.arn)?.abort(request.error, request.cause);
    this.#store.journal.flush();
    return { stopDate: this.describeExecution(execution.arn).stopped ?? this.#dependencies.clock.now() };
  }

  /** Explains why an execution cannot be redriven now; undefined if it can. */
  whyNotRedrivable(execution: ExecutionRecord): string | undefined {
    const { event } = this.#store.lastIds(execution.number);
    return whyNotRedrivable(execution, event, this.#dependencies.clock.now());
  }

  /** Continues an execution that did not succeed, from the state that failed. */
  redriveExecution(executionArn: string): { redriveDate: number } {
    const execution = this.describeExecution(executionArn);
    const reason = this.whyNotRedrivable(execution);
    if (reason !== undefined) throw new AwsError('ExecutionNotRedrivable', reason);
    const redriven = this.#dependencies.clock.now();
    const restarted = redrivenAt(execution, redriven);
    const entries = this.#store.replayableEntries(execution.number);
    const undone = new Set(undoneByRedrive(entries));
    const kept = entries.filter((entry) => !undone.has(entry));
    // A read flushes the journal, so every read is before the first write: the writes must be one transaction.
    const run = this.#run(restarted, { ...this.#store.lastIds(execution.number), entries: kept });
    for (const { position } of undone) this.#store.supersede(execution.number, position);
    this.#store.updateExecution(restarted);
    run.append({ branch: null, type: 'ExecutionRedriven' }, { redriveCount: restarted.redrive_count }, 0);
    this.#store.journal.flush();
    return { redriveDate: redriven };
  }

  /** Reads a page of an execution's history. */
  getExecutionHistory(request: HistoryRequest) {
    return historyPage(this.#store, this.describeExecution(request.executionArn), request);
  }

  /** Reads the definition that an execution runs, which may no longer be its machine's. */
  definitionOf(execution: ExecutionRecord): string {
    return this.#store.definition(execution.definition_hash);
  }

  #run(execution: ExecutionRecord, progress: RecordedProgress): Run {
    const machine = this.machines.parsed(execution.definition_hash);
    const onEnd = (ended: ExecutionRecord) => {
      this.#runs.delete(ended.arn);
      this.#onStatusChange(statusChange(ended));
    };
    const run = new Run(this.#dependencies, machine, execution, onEnd, progress);
    this.#runs.set(execution.arn, run);
    setImmediate(() => void run.start());
    return run;
  }
}

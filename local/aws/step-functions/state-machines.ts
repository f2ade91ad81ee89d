import { createHash, randomUUID } from 'node:crypto';
import type { Clock } from '../clock.ts';
import { AwsError } from '../wire.ts';
import { type Arns, checkArn, checkName } from './arns.ts';
import { machinesPage, type PageRequest } from './pages.ts';
import type { StateMachine } from './state-machine-definition.ts';
import type { MachineRecord, StepFunctionsStore } from './store.ts';
import { checkDefinition, type DefinitionProblem, parseDefinition } from './validation.ts';

/** Creates, changes and reads state machines; a definition is checked before it is stored. */
export class StateMachines {
  readonly #store: StepFunctionsStore;
  readonly #arns: Arns;
  readonly #clock: Clock;
  readonly #isSupported: (resource: string) => boolean;
  readonly #parsed = new Map<string, StateMachine>();

  constructor(
    store: StepFunctionsStore,
    arns: Arns,
    clock: Clock,
    isSupported: (resource: string) => boolean,
  ) {
    this.#store = store;
    this.#arns = arns;
    this.#clock = clock;
    this.#isSupported = isSupported;
  }

  /** Creates a machine; the same request returns the existing one (API reference, CreateStateMachine: idempotent). */
  create(request: {
    name: string;
    definition: string;
    roleArn: string;
    type?: string | undefined;
  }): MachineRecord {
    const { name, definition, roleArn, type = 'STANDARD' } = request;
    checkName(name);
    if (type !== 'STANDARD')
      throw new AwsError('StateMachineTypeNotSupported', `${type} state machines are not supported`);
    parseDefinition(definition, this.#isSupported);
    const arn = this.#arns.machine(name);
    const hash = digest(definition);
    const existing = this.#store.machine(arn);
    if (existing !== undefined) {
      if (existing.definition_hash === hash && existing.role_arn === roleArn) return existing;
      throw new AwsError('StateMachineAlreadyExists', `State Machine Already Exists: '${arn}'`);
    }
    const now = this.#clock.now();
    const record = {
      arn,
      name,
      definition_hash: hash,
      role_arn: roleArn,
      revision_id: '',
      created: now,
      updated: now,
    };
    return this.#save(record, definition);
  }

  /** Changes a machine; executions already running keep the definition they started with. */
  update(request: {
    stateMachineArn: string;
    definition?: string | undefined;
    roleArn?: string | undefined;
  }): MachineRecord {
    const record = this.record(request.stateMachineArn);
    if (request.definition === undefined && request.roleArn === undefined) {
      throw new AwsError('MissingRequiredParameter', 'Either the definition or the role ARN must be given');
    }
    const { definition = this.definition(record), roleArn = record.role_arn } = request;
    parseDefinition(definition, this.#isSupported);
    const changed = { definition_hash: digest(definition), role_arn: roleArn, updated: this.#clock.now() };
    return this.#save({ ...record, ...changed, revision_id: randomUUID() }, definition);
  }

  /** Reads a machine. @throws AwsError StateMachineDoesNotExist */
  record(arn: string): MachineRecord {
    checkArn(arn, 'stateMachine');
    const record = this.#store.machine(arn);
    if (record === undefined)
      throw new AwsError('StateMachineDoesNotExist', `State Machine Does Not Exist: '${arn}'`);
    return record;
  }

  definition(record: MachineRecord): string {
    return this.#store.definition(record.definition_hash);
  }

  list(request: PageRequest) {
    return machinesPage(this.#store, request);
  }

  /** Deletes a machine. As on AWS, its executions continue, and a machine that does not exist is not an error. */
  delete(arn: string): void {
    checkArn(arn, 'stateMachine');
    this.#store.deleteMachine(arn);
    this.#store.journal.flush();
  }

  /** Lists the problems of a definition. */
  validate(definition: string): DefinitionProblem[] {
    return checkDefinition(definition, this.#isSupported).problems;
  }

  /** Reads the parsed definition with this hash. */
  parsed(hash: string): StateMachine {
    let machine = this.#parsed.get(hash);
    if (machine === undefined) {
      // It was checked when it was stored. An integration removed since then fails the task that needs it, not the
      // service.
      machine = parseDefinition(this.#store.definition(hash), () => true);
      this.#parsed.set(hash, machine);
    }
    return machine;
  }

  #save(record: MachineRecord, definition: string): MachineRecord {
    this.#store.saveDefinition(record.definition_hash, definition);
    this.#store.saveMachine(record);
    this.#store.journal.flush();
    return record;
  }
}

function digest(definition: string): string {
  return createHash('sha256').update(definition).digest('hex');
}

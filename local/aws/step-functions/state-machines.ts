import { createHash, randomUUID } from 'node:crypto';
import type { Clock } from '../clock.ts';
import type { StateMachine } from './state-machine-definition.ts';
import { ApiError } from './errors.ts';
import { checkArn, checkName } from './arns.ts';
import type { Names } from './arns.ts';
import { fromToken, page, pageSize, toToken } from '../paging.ts';
import type { MachineRecord, Store } from './store.ts';
import { checkDefinition, parseDefinition } from './validation.ts';
import type { Problem } from './validation.ts';

/** The state machines: their definitions, checked before they are stored. */
export class StateMachines {
  readonly #store: Store;
  readonly #names: Names;
  readonly #clock: Clock;
  readonly #isSupported: (resource: string) => boolean;
  readonly #parsed = new Map<string, StateMachine>();

  constructor(store: Store, names: Names, clock: Clock, isSupported: (resource: string) => boolean) {
    this.#store = store;
    this.#names = names;
    this.#clock = clock;
    this.#isSupported = isSupported;
  }

  /** Creates a machine; the same again gives the one there is (API reference, CreateStateMachine: idempotent). */
  create(request: {
    name: string;
    definition: string;
    roleArn: string;
    type?: string | undefined;
  }): MachineRecord {
    const { name, definition, roleArn, type = 'STANDARD' } = request;
    checkName(name);
    if (type !== 'STANDARD')
      throw new ApiError('StateMachineTypeNotSupported', `${type} state machines are not supported`);
    parseDefinition(definition, this.#isSupported);
    const arn = this.#names.machine(name);
    const hash = digest(definition);
    const existing = this.#store.machine(arn);
    if (existing !== undefined) {
      if (existing.definition_hash === hash && existing.role_arn === roleArn) return existing;
      throw new ApiError('StateMachineAlreadyExists', `State Machine Already Exists: '${arn}'`);
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
      throw new ApiError('MissingRequiredParameter', 'Either the definition or the role ARN must be given');
    }
    const { definition = this.definition(record), roleArn = record.role_arn } = request;
    parseDefinition(definition, this.#isSupported);
    const changed = { definition_hash: digest(definition), role_arn: roleArn, updated: this.#clock.now() };
    return this.#save({ ...record, ...changed, revision_id: randomUUID() }, definition);
  }

  record(arn: string): MachineRecord {
    checkArn(arn, 'stateMachine');
    const record = this.#store.machine(arn);
    if (record === undefined)
      throw new ApiError('StateMachineDoesNotExist', `State Machine Does Not Exist: '${arn}'`);
    return record;
  }

  definition(record: MachineRecord): string {
    return this.#store.definition(record.definition_hash);
  }

  list(request: { maxResults?: number | undefined; nextToken?: string | undefined }) {
    const size = pageSize(request.maxResults);
    const after = request.nextToken === undefined ? '' : fromToken('machines', request.nextToken);
    const found = this.#store.machines(after, size + 1);
    const { items, ...rest } = page(found, size, ({ arn }) => toToken('machines', arn));
    return { stateMachines: items, ...rest };
  }

  /** Deletes a machine; what runs goes on, as on AWS. One that is not there is no error either. */
  delete(arn: string): void {
    checkArn(arn, 'stateMachine');
    this.#store.deleteMachine(arn);
    this.#store.journal.flush();
  }

  /** All that is wrong with a definition. */
  validate(definition: string): Problem[] {
    return checkDefinition(definition, this.#isSupported).problems;
  }

  /** The parsed definition of that hash. */
  parsed(hash: string): StateMachine {
    let machine = this.#parsed.get(hash);
    if (machine === undefined) {
      // Checked when it was stored; an integration missing since then fails the task that needs it, not the service.
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

import { AwsError } from '../wire.ts';
import { expressionProblems } from './expression-problems.ts';
import { isJsonObject, type Json, type JsonObject, parseJson } from './json.ts';
import {
  type Catcher,
  type Retrier,
  type State,
  type StateGroup,
  type StateMachine,
  stateMachine,
} from './state-machine-definition.ts';
import { hasTrait } from './state-traits.ts';
import { stringsIn } from './templates.ts';

/** One problem of a definition; the codes are those of ValidateStateMachineDefinition, and UNSUPPORTED_FEATURE. */
export interface DefinitionProblem {
  code: string;
  message: string;
  location: string;
}

/** Parses a definition. @throws AwsError InvalidDefinition, naming each problem and its location */
export function parseDefinition(text: string, isSupported: (resource: string) => boolean): StateMachine {
  const { machine, problems } = checkDefinition(text, isSupported);
  if (machine !== undefined && problems.length === 0) return machine;
  const list = problems.map(({ code, message, location }) => `${code}: ${message} at ${location}`);
  throw new AwsError('InvalidDefinition', `Invalid State Machine Definition: '${list.join(', ')}'`);
}

/**
 * Checks a definition: first what is not supported here (that may be why its fields look wrong), then its schema, then
 * what one field requires of another.
 */
export function checkDefinition(
  text: string,
  isSupported: (resource: string) => boolean,
): { machine?: StateMachine; problems: DefinitionProblem[] } {
  let raw: Json;
  try {
    raw = parseJson(text);
  } catch {
    return {
      problems: [{ code: 'INVALID_JSON_DESCRIPTION', message: 'The definition is not JSON', location: '/' }],
    };
  }
  const unsupported = [...unsupportedFeatures(raw, isSupported)];
  if (unsupported.length > 0) return { problems: unsupported };
  const parsed = stateMachine.safeParse(raw);
  if (!parsed.success) {
    return {
      problems: parsed.error.issues.map((issue) => ({
        code: 'SCHEMA_VALIDATION_FAILED',
        message: issue.message,
        location: `/${issue.path.map(String).join('/')}`,
      })),
    };
  }
  return { machine: parsed.data, problems: [...groupProblems(parsed.data, '')] };
}

/** Lists the features of Step Functions that the definition uses and this service does not have. */
function* unsupportedFeatures(
  raw: Json,
  isSupported: (resource: string) => boolean,
): Generator<DefinitionProblem> {
  const language = isJsonObject(raw) ? raw['QueryLanguage'] : undefined;
  for (const { state, location } of rawStates(raw, '')) {
    const features: string[] = [];
    if ((state['QueryLanguage'] ?? language ?? 'JSONPath') !== 'JSONata') features.push('JSONPath states');
    const processor = state['ItemProcessor'];
    const config = isJsonObject(processor) ? processor['ProcessorConfig'] : undefined;
    if (isJsonObject(config) && config['Mode'] === 'DISTRIBUTED') features.push('distributed Map');
    if (state['Iterator'] !== undefined) features.push('Iterator');
    const resource = state['Resource'];
    if (state['Type'] === 'Task' && typeof resource === 'string') {
      if (resource.includes(':activity:')) features.push('activities');
      else if (resource.endsWith('.waitForTaskToken')) features.push('.waitForTaskToken');
      else if (!isSupported(resource)) features.push(`the integration ${resource}`);
    }
    for (const feature of features) {
      yield { code: 'UNSUPPORTED_FEATURE', message: `${feature}: not supported by this service`, location };
    }
  }
}

function* rawStates(
  group: Json | undefined,
  path: string,
): Generator<{ state: JsonObject; location: string }> {
  if (!isJsonObject(group) || !isJsonObject(group['States'])) return;
  for (const [name, state] of Object.entries(group['States'])) {
    if (!isJsonObject(state)) continue;
    const location = `${path}/States/${name}`;
    yield { state, location };
    yield* rawStates(state['ItemProcessor'], `${location}/ItemProcessor`);
    const branches = state['Branches'];
    for (const [index, branch] of (Array.isArray(branches) ? branches : []).entries()) {
      yield* rawStates(branch, `${location}/Branches[${index}]`);
    }
  }
}

function* groupProblems(group: StateGroup, path: string): Generator<DefinitionProblem> {
  const missing = (name: string, location: string): DefinitionProblem[] =>
    Object.hasOwn(group.States, name)
      ? []
      : [{ code: 'MISSING_TRANSITION_TARGET', message: `Missing 'Next' target: ${name}`, location }];
  yield* missing(group.StartAt, `${path}/StartAt`);
  for (const [name, state] of Object.entries(group.States)) {
    const location = `${path}/States/${name}`;
    for (const target of targets(state)) yield* missing(target.name, `${location}/${target.field}`);
    for (const message of stateProblems(state)) yield { code: 'SCHEMA_VALIDATION_FAILED', message, location };
    const { Branches, ItemProcessor, ...fields } = {
      Branches: undefined,
      ItemProcessor: undefined,
      ...state,
    };
    delete fields.Comment;
    for (const { text, field } of stringsIn(parseJson(JSON.stringify(fields)), '')) {
      for (const message of expressionProblems(text, field, state.Type))
        yield { code: 'INVALID_JSONATA_EXPRESSION', message, location: `${location}${field}` };
    }
    if (ItemProcessor !== undefined) yield* groupProblems(ItemProcessor, `${location}/ItemProcessor`);
    for (const [index, branch] of (Branches ?? []).entries()) {
      yield* groupProblems(branch, `${location}/Branches[${index}]`);
    }
  }
}

function* targets(state: State): Generator<{ name: string; field: string }> {
  if ('Next' in state && state.Next !== undefined) yield { name: state.Next, field: 'Next' };
  if ('Default' in state && state.Default !== undefined) yield { name: state.Default, field: 'Default' };
  const rules = 'Choices' in state ? state.Choices : 'Catch' in state ? (state.Catch ?? []) : [];
  const field = 'Choices' in state ? 'Choices' : 'Catch';
  for (const [index, rule] of rules.entries()) yield { name: rule.Next, field: `${field}[${index}]/Next` };
}

/** Lists violations of the specification's rules that concern more than one field. */
function* stateProblems(state: State): Generator<string> {
  const { Next, End } = { Next: undefined, End: undefined, ...state };
  if (hasTrait(state.Type, 'needsNextOrEnd') && (Next !== undefined) === (End === true))
    yield "exactly one of 'Next' and 'End' is required";
  if (state.Type === 'Wait' && (state.Seconds !== undefined) === (state.Timestamp !== undefined)) {
    yield "exactly one of 'Seconds' and 'Timestamp' is required";
  }
  if (state.Type === 'Task' && typeof state.HeartbeatSeconds === 'number') {
    const timeout = state.TimeoutSeconds ?? Infinity;
    if (typeof timeout === 'number' && state.HeartbeatSeconds >= timeout) {
      yield "'HeartbeatSeconds' must be smaller than 'TimeoutSeconds'";
    }
  }
  if ('Retry' in state) yield* wildcardProblems(state.Retry ?? [], 'Retry');
  if ('Catch' in state) yield* wildcardProblems(state.Catch ?? [], 'Catch');
  for (const retrier of 'Retry' in state ? (state.Retry ?? []) : []) {
    if (retrier.MaxDelaySeconds !== undefined && retrier.MaxDelaySeconds <= retrier.IntervalSeconds) {
      yield "'MaxDelaySeconds' must be greater than 'IntervalSeconds'";
    }
  }
}

/** "States.ALL must appear alone in the ErrorEquals array and in the last retrier or catcher" (ASL spec). */
function* wildcardProblems(rules: readonly (Retrier | Catcher)[], field: string): Generator<string> {
  for (const [index, { ErrorEquals }] of rules.entries()) {
    if (!ErrorEquals.includes('States.ALL')) continue;
    if (ErrorEquals.length > 1) yield `States.ALL must stand alone in ${field}[${index}]`;
    if (index < rules.length - 1) yield `States.ALL must be in the last entry of ${field}`;
  }
}

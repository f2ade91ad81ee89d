import type { State } from './state-machine-definition.ts';
import { compile, expressionSource } from './expressions.ts';

/** What is wrong with a text of a state, if it is or wants to be an expression; `field` is its place in the state. */
export function* expressionProblems(text: string, field: string, type: State['Type']): Generator<string> {
  const source = expressionSource(text);
  if (source === undefined) {
    // "Improperly opening or closing the expression will result in a validation error."
    if (text.startsWith('{%') || text.endsWith('%}'))
      yield 'an expression must begin with {% and end with %}';
    return;
  }
  let ast: unknown;
  try {
    ast = compile(source).ast();
  } catch (error) {
    yield typeof error === 'object' && error !== null && 'message' in error
      ? String(error.message)
      : String(error);
    return;
  }
  // "Attempting to access $states.result or $states.errorOutput in fields and states where they are not accessible will be
  // caught at creation" (both: developer guide, "Transforming data with JSONata").
  const used = new Set(statesFields(ast));
  const worker = type === 'Task' || type === 'Parallel' || type === 'Map';
  if (used.has('result') && !(worker && /^\/(Assign|Output)\b/.test(field)))
    yield '$states.result is only accessible in Assign and Output of Task, Parallel and Map states';
  if (used.has('errorOutput') && !/^\/Catch\[\d+\]\/(Assign|Output)\b/.test(field))
    yield '$states.errorOutput is only accessible in Assign and Output of Catch';
}

/** The fields of $states that a syntax tree names: paths of a variable, then a name. */
function* statesFields(node: unknown): Generator<string> {
  if (typeof node !== 'object' || node === null) return;
  if (Array.isArray(node)) {
    const [variable, name] = node.map(step);
    if (variable?.type === 'variable' && variable.value === 'states' && name?.type === 'name')
      yield String(name.value);
  }
  for (const child of Object.values(node)) yield* statesFields(child);
}

function step(node: unknown): { type?: unknown; value?: unknown } {
  return typeof node === 'object' && node !== null ? node : {};
}

import { compile, expressionSource } from './expressions.ts';
import type { State } from './state-machine-definition.ts';
import { hasTrait, typesWith } from './state-traits.ts';

/** Lists what is wrong with a string of a state that is an expression, or looks like one; `field` is its location. */
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
  // "Attempting to access $states.result or $states.errorOutput in fields and states where they are not accessible will
  // be caught at creation" (both: developer guide, "Transforming data with JSONata").
  const used = new Set(statesFields(ast));
  if (used.has('result') && !(hasTrait(type, 'hasResult') && /^\/(Assign|Output)\b/.test(field)))
    yield `$states.result is only accessible in Assign and Output of ${resultTypes} states`;
  if (used.has('errorOutput') && !/^\/Catch\[\d+\]\/(Assign|Output)\b/.test(field))
    yield '$states.errorOutput is only accessible in Assign and Output of Catch';
}

const resultTypes = new Intl.ListFormat('en-GB').format(typesWith('hasResult'));

/** Lists the fields of $states that a syntax tree names: paths of a variable, then a name. */
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

import type { Json, JsonObject } from './json.ts';
import { isJsonObject, jsonText, parseJson, textOf } from './json.ts';
import { exceedsPayload, exceedsVariables, tooLarge } from './limits.ts';
import type { Visit } from './visit.ts';

/** Where a state leads: to another state, or (undefined) to the end of its branch. */
export interface Transition {
  next: string | undefined;
  output: Json;
}

/** The fields that say how a state, a choice rule or a catcher is left. */
export interface Leaving {
  Output?: Json | undefined;
  Assign?: Record<string, Json> | undefined;
}

/**
 * Evaluates Assign and Output, both with the variables as they were, and leaves the state. `prefix` is where the fields
 * stand in it; the rest is what $states has more in them.
 */
export async function leave(
  visit: Visit,
  next: string | undefined,
  fields: Leaving,
  unchanged: Json,
  { prefix = '', ...extra }: { prefix?: string; result?: Json; errorOutput?: Json } = {},
): Promise<Transition> {
  const exited = `${visit.type}StateExited`;
  if (visit.branch.upcoming() === exited) return { next, output: leaveAgain(visit, exited) };
  const assigned: Record<string, Json> = {};
  for (const variable in fields.Assign) {
    assigned[variable] = await visit.evaluate(
      fields.Assign[variable] ?? null,
      `${prefix}Assign/${variable}`,
      extra,
    );
  }
  const output =
    fields.Output === undefined ? unchanged : await visit.evaluate(fields.Output, `${prefix}Output`, extra);
  const text = jsonText(output);
  if (exceedsPayload(text)) throw tooLarge(visit.name);
  const details: JsonObject = { name: visit.name, output: text, outputDetails: { truncated: false } };
  if (fields.Assign !== undefined) {
    if (exceedsVariables(assigned, visit.branch.variables)) throw tooLarge(visit.name);
    const texts = Object.entries(assigned).map(([variable, value]): [string, Json] => [
      variable,
      jsonText(value),
    ]);
    if (texts.length > 0) {
      details['assignedVariables'] = Object.fromEntries(texts);
      details['assignedVariablesDetails'] = { truncated: false };
    }
  }
  visit.branch.record(exited, details);
  visit.branch.leave(assigned);
  return { next, output };
}

/** Leaves as the journal says. It is not evaluated again: after a redrive the context object is another. */
function leaveAgain({ branch }: Visit, exited: string): Json {
  const { details } = branch.record(exited);
  const texts = isJsonObject(details['assignedVariables']) ? details['assignedVariables'] : {};
  branch.leave(Object.fromEntries(Object.keys(texts).map((name) => [name, parseJson(textOf(texts, name))])));
  return parseJson(textOf(details, 'output'));
}

import { isJsonObject, type Json, type JsonObject, jsonText, parseJson, textField } from './json.ts';
import { exceedsPayload, exceedsVariables, payloadTooLarge } from './limits.ts';
import type { Visit } from './visit.ts';

/** The state that follows, with its input; without `next` the branch ends with this output. */
export interface Transition {
  next: string | undefined;
  output: Json;
}

/** The fields of a state, a choice rule or a catcher that are evaluated when the state is exited. */
export interface ExitFields {
  Output?: Json | undefined;
  Assign?: Record<string, Json> | undefined;
}

/**
 * Evaluates Assign and Output, both with the variables as they were, and exits the state. `prefix` is the location of
 * the fields in the state; `extra` is what $states holds for them besides input and context.
 */
export async function exitState(
  visit: Visit,
  next: string | undefined,
  fields: ExitFields,
  defaultOutput: Json,
  { prefix = '', ...extra }: { prefix?: string; result?: Json; errorOutput?: Json } = {},
): Promise<Transition> {
  const exited = `${visit.type}StateExited`;
  if (visit.branch.nextRecordedType() === exited) return { next, output: replayExit(visit, exited) };
  const assigned: Record<string, Json> = {};
  for (const variable in fields.Assign) {
    assigned[variable] = await visit.evaluate(
      fields.Assign[variable] ?? null,
      `${prefix}Assign/${variable}`,
      extra,
    );
  }
  const output =
    fields.Output === undefined
      ? defaultOutput
      : await visit.evaluate(fields.Output, `${prefix}Output`, extra);
  const text = jsonText(output);
  if (exceedsPayload(text)) throw payloadTooLarge(visit.name);
  const details: JsonObject = { name: visit.name, output: text, outputDetails: { truncated: false } };
  if (fields.Assign !== undefined) {
    if (exceedsVariables(assigned, visit.branch.variables)) throw payloadTooLarge(visit.name);
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
  visit.branch.closeState(assigned);
  return { next, output };
}

/**
 * Exits the state as the journal records it. The fields are not evaluated: after a redrive the context object differs.
 */
function replayExit({ branch }: Visit, exited: string): Json {
  const { details } = branch.record(exited);
  const texts = isJsonObject(details['assignedVariables']) ? details['assignedVariables'] : {};
  branch.closeState(
    Object.fromEntries(Object.keys(texts).map((name) => [name, parseJson(textField(texts, name))])),
  );
  return parseJson(textField(details, 'output'));
}

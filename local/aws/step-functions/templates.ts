import { evaluateExpression, expressionSource } from './expressions.ts';
import type { Scope } from './expressions.ts';
import type { Json } from './json.ts';
import { isJsonObject } from './json.ts';

/**
 * Evaluates a field: any JSON in which each string of the form "{% … %}" is an expression.
 * `field` is where it stands in the state, as AWS writes it: "Arguments/FunctionName", "Choices[0]/Condition".
 */
export async function evaluateTemplate(template: Json, field: string, scope: Scope): Promise<Json> {
  if (typeof template === 'string') {
    const source = expressionSource(template);
    return source === undefined ? template : evaluateExpression(source, field, scope);
  }
  if (!hasExpression(template)) return template;
  if (Array.isArray(template)) {
    const list: Json[] = [];
    for (const [index, item] of template.entries()) {
      list.push(await evaluateTemplate(item, `${field}[${index}]`, scope));
    }
    return list;
  }
  const object: Record<string, Json> = {};
  if (isJsonObject(template)) {
    for (const [key, item] of Object.entries(template)) {
      object[key] = await evaluateTemplate(item, `${field}/${key}`, scope);
    }
  }
  return object;
}

/** Every text in a field with its place, to check the expressions among them when a machine is created. */
export function* textsOf(template: Json, field: string): Generator<{ text: string; field: string }> {
  if (typeof template === 'string') {
    yield { text: template, field };
  } else if (Array.isArray(template)) {
    for (const [index, item] of template.entries()) yield* textsOf(item, `${field}[${index}]`);
  } else if (isJsonObject(template)) {
    for (const [key, item] of Object.entries(template)) yield* textsOf(item, `${field}/${key}`);
  }
}

const known = new WeakMap<object, boolean>();

/** Whether a field has to be evaluated. Fields belong to definitions and never change: what was found once holds. */
export function hasExpression(template: Json): boolean {
  if (typeof template === 'string') return expressionSource(template) !== undefined;
  if (typeof template !== 'object' || template === null) return false;
  let found = known.get(template);
  if (found === undefined) {
    found = [...textsOf(template, '')].some(({ text }) => expressionSource(text) !== undefined);
    known.set(template, found);
  }
  return found;
}

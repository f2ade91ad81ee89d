import { evaluateExpression, type ExpressionScope, expressionSource } from './expressions.ts';
import { isJsonObject, type Json } from './json.ts';

/**
 * Evaluates a field: any JSON in which each string of the form "{% … %}" is an expression.
 * `field` is the location in the state, as AWS writes it: "Arguments/FunctionName", "Choices[0]/Condition".
 */
export async function evaluateTemplate(template: Json, field: string, scope: ExpressionScope): Promise<Json> {
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

/** Lists every string in a field with its location, to check the expressions among them when a machine is created. */
export function* stringsIn(template: Json, field: string): Generator<{ text: string; field: string }> {
  if (typeof template === 'string') {
    yield { text: template, field };
  } else if (Array.isArray(template)) {
    for (const [index, item] of template.entries()) yield* stringsIn(item, `${field}[${index}]`);
  } else if (isJsonObject(template)) {
    for (const [key, item] of Object.entries(template)) yield* stringsIn(item, `${field}/${key}`);
  }
}

const evaluated = new WeakMap<object, boolean>();

/** Checks whether a field must be evaluated. Fields belong to definitions and never change, so the result is kept. */
export function hasExpression(template: Json): boolean {
  if (typeof template === 'string') return expressionSource(template) !== undefined;
  if (typeof template !== 'object' || template === null) return false;
  let result = evaluated.get(template);
  if (result === undefined) {
    result = [...stringsIn(template, '')].some(({ text }) => expressionSource(text) !== undefined);
    evaluated.set(template, result);
  }
  return result;
}

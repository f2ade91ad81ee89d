import { isJsonObject, type Json, jsonText } from '../../../local/aws/step-functions/json.ts';

const token = /<any(?::[^<>]*)?>/;
const onlyToken = /^<any(?::[^<>]*)?>$/;

/**
 * Compares a recorded value with the replayed one, by the rules of recorded-histories/FORMAT.md: `<any>` is any value,
 * or some characters inside a longer text; `{"$jsonString": v}` is a text that holds v as JSON.
 * @returns the location of the first difference, or undefined.
 */
export function difference(expected: Json, got: Json | undefined, location = '$'): string | undefined {
  if (isJsonObject(expected) && Object.keys(expected).length === 1 && expected['$jsonString'] !== undefined) {
    return difference(expected['$jsonString'], parsed(got), `${location}(json)`);
  }
  if (typeof expected === 'string' && token.test(expected)) return textDifference(expected, got, location);
  if (Array.isArray(expected)) {
    if (!Array.isArray(got) || got.length !== expected.length) return `${location}[length]`;
    return first(expected.map((item, index) => () => difference(item, got[index], `${location}[${index}]`)));
  }
  if (isJsonObject(expected)) {
    if (!isJsonObject(got) || !sameKeys(expected, got)) return `${location}{keys}`;
    const keys = Object.keys(expected).filter((key) => !token.test(key));
    return first(keys.map((key) => () => difference(expected[key] ?? null, got[key], `${location}.${key}`)));
  }
  if (expected === got) return undefined;
  // Lambda's causes are JSON text whose spacing differs by runtime.
  const [one, other] = [parsed(expected), parsed(got)];
  const bothJson = typeof one === 'object' && one !== null && typeof other === 'object' && other !== null;
  if (bothJson && difference(one, other) === undefined) return undefined;
  return `${location}: expected ${jsonText(expected)}, got ${JSON.stringify(got)}`;
}

function textDifference(expected: string, got: Json | undefined, location: string): string | undefined {
  if (onlyToken.test(expected)) return undefined;
  const pattern = expected
    .split(token)
    .map((text) => text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&'))
    .join('.+');
  if (typeof got === 'string' && new RegExp(`^${pattern}$`, 's').test(got)) return undefined;
  return `${location}: expected ${expected}, got ${JSON.stringify(got)}`;
}

function sameKeys(expected: object, got: object): boolean {
  const keys = Object.keys(expected);
  return (
    keys.length === Object.keys(got).length &&
    keys.filter((key) => !token.test(key)).every((key) => key in got)
  );
}

function first(comparisons: (() => string | undefined)[]): string | undefined {
  for (const compare of comparisons) {
    const result = compare();
    if (result !== undefined) return result;
  }
  return undefined;
}

function parsed(value: Json | undefined): Json | undefined {
  if (typeof value !== 'string') return value;
  try {
    return JSON.parse(value) as Json;
  } catch {
    return value;
  }
}

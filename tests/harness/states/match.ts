import type { Json } from '../../../local/aws/step-functions/json.ts';
import { isJsonObject, jsonText } from '../../../local/aws/step-functions/json.ts';

const TOKEN = /<any(?::[^<>]*)?>/;
const WHOLE_TOKEN = /^<any(?::[^<>]*)?>$/;

/**
 * Compares what AWS recorded with what we got, by the rules of the corpus's FORMAT.md: `<any>` is anything, or some
 * characters inside a longer text; `{"$jsonString": v}` is a text that holds v as JSON. Gives the place of the first
 * difference, or undefined.
 */
export function difference(expected: Json, got: Json | undefined, place = '$'): string | undefined {
  if (isJsonObject(expected) && Object.keys(expected).length === 1 && expected['$jsonString'] !== undefined) {
    return difference(expected['$jsonString'], parsed(got), `${place}(json)`);
  }
  if (typeof expected === 'string' && TOKEN.test(expected)) return textDifference(expected, got, place);
  if (Array.isArray(expected)) {
    if (!Array.isArray(got) || got.length !== expected.length) return `${place}[length]`;
    return first(expected.map((item, index) => () => difference(item, got[index], `${place}[${index}]`)));
  }
  if (isJsonObject(expected)) {
    if (!isJsonObject(got) || !sameKeys(expected, got)) return `${place}{keys}`;
    const keys = Object.keys(expected).filter((key) => !TOKEN.test(key));
    return first(keys.map((key) => () => difference(expected[key] ?? null, got[key], `${place}.${key}`)));
  }
  if (expected === got) return undefined;
  // Lambda's causes are JSON text whose spacing differs by runtime.
  const [one, other] = [parsed(expected), parsed(got)];
  const bothJson = typeof one === 'object' && one !== null && typeof other === 'object' && other !== null;
  if (bothJson && difference(one, other) === undefined) return undefined;
  return `${place}: expected ${jsonText(expected)}, got ${JSON.stringify(got)}`;
}

function textDifference(expected: string, got: Json | undefined, place: string): string | undefined {
  if (WHOLE_TOKEN.test(expected)) return undefined;
  const pattern = expected
    .split(TOKEN)
    .map((text) => text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&'))
    .join('.+');
  if (typeof got === 'string' && new RegExp(`^${pattern}$`, 's').test(got)) return undefined;
  return `${place}: expected ${expected}, got ${JSON.stringify(got)}`;
}

function sameKeys(expected: object, got: object): boolean {
  const keys = Object.keys(expected);
  return (
    keys.length === Object.keys(got).length &&
    keys.filter((key) => !TOKEN.test(key)).every((key) => key in got)
  );
}

function first(comparisons: (() => string | undefined)[]): string | undefined {
  for (const compare of comparisons) {
    const found = compare();
    if (found !== undefined) return found;
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

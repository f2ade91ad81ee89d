/** A JSON value: what flows between states. Values are shared, so they must not be changed. */
export type Json = null | boolean | number | string | Json[] | JsonObject;
export interface JsonObject {
  [key: string]: Json;
}

const texts = new WeakMap<object, string>();

/** Writes a value as JSON text. One value is written to several events, so its text is kept. */
export function jsonText(value: Json): string {
  if (typeof value !== 'object' || value === null) return JSON.stringify(value);
  let text = texts.get(value);
  if (text === undefined) {
    text = JSON.stringify(value);
    texts.set(value, text);
  }
  return text;
}

export function isJsonObject(value: Json | undefined): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Parses text that this service wrote or has checked. @throws SyntaxError when the text is not JSON. */
export function parseJson(text: string): Json {
  const value: Json = JSON.parse(text) as Json;
  return value;
}

/** Reads a field that holds text; the events in the journal hold inputs and outputs as JSON text. */
export function textField(object: JsonObject, name: string): string {
  const value = object[name];
  if (typeof value !== 'string') throw new Error(`${name} is not text`);
  return value;
}

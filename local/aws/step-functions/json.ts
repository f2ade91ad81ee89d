/** A JSON value, what flows between states. Values are shared, so nobody may change one. */
export type Json = null | boolean | number | string | Json[] | JsonObject;
export interface JsonObject {
  [key: string]: Json;
}

const texts = new WeakMap<object, string>();

/** "The total size of all stored variables cannot exceed 10 MiB per execution" (developer guide, "Passing data between states with variables"). */
export const VARIABLES_LIMIT = 10 * 1024 * 1024;

/** The JSON text of a value. One value is written to several events, so its text is made once. */
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

/** Parses text that this service wrote itself or has checked: JSON.parse gives nothing but JSON. */
export function parseJson(text: string): Json {
  const value: Json = JSON.parse(text) as Json;
  return value;
}

/** A field that holds a text; the journal's events hold inputs and outputs as JSON text. */
export function textOf(object: JsonObject, name: string): string {
  const value = object[name];
  if (typeof value !== 'string') throw new Error(`${name} is no text`);
  return value;
}

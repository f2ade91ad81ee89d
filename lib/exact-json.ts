/** ECMAScript's JSON.rawJSON and source text access, which TypeScript's library does not describe yet. */
declare global {
  interface JSON {
    rawJSON(text: string): unknown;
    parse(
      text: string,
      reviver: (key: string, value: unknown, context: { source?: string }) => unknown,
    ): unknown;
  }
}

/**
 * Parses JSON so that JSON.stringify writes every number with the same digits: a user's 20-digit key is not rounded to a
 * double.
 * @throws SyntaxError when the text is not JSON.
 */
export const parseExactly = (text: string): unknown =>
  JSON.parse(text, (_key: string, value: unknown, { source }: { source?: string }) =>
    typeof value === 'number' && source !== undefined && JSON.stringify(value) !== source
      ? JSON.rawJSON(source)
      : value,
  );

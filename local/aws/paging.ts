/** Encodes the key at which a page ended, as an opaque token; `scope` ties it to the call that it came from. */
export function encodeToken(scope: string, key: string | number): string {
  return Buffer.from(JSON.stringify([scope, key])).toString('base64url');
}

/** Decodes the key of a token; undefined if it is not a token of this scope. */
export function decodeToken(scope: string, token: string): string | undefined {
  try {
    const parsed: unknown = JSON.parse(Buffer.from(token, 'base64url').toString());
    if (Array.isArray(parsed) && parsed.length === 2 && parsed[0] === scope) return String(parsed[1]);
  } catch {
    // Text that is not JSON is not a token.
  }
  return undefined;
}

/** Cuts a page from a list that holds one item more than the page if another page follows. */
export function cutPage<Item>(
  items: Item[],
  size: number,
  tokenOf: (last: Item) => string,
): { items: Item[]; nextToken?: string } {
  const kept = items.slice(0, size);
  const last = kept.at(-1);
  return items.length > size && last !== undefined
    ? { items: kept, nextToken: tokenOf(last) }
    : { items: kept };
}

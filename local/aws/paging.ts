import { ApiError } from './step-functions/errors.ts';

/** A page's size. "The default is 100 and the maximum allowed page size is 1000. A value of 0 uses the default." */
export function pageSize(maxResults: number | undefined): number {
  return maxResults === undefined || maxResults === 0 ? 100 : maxResults;
}

/** Where a page ended, as a token that only means something here; `of` ties it to the call it came from. */
export function toToken(of: string, key: string | number): string {
  return Buffer.from(JSON.stringify([of, key])).toString('base64url');
}

/** The key in a token, or throws InvalidToken. */
export function fromToken(of: string, token: string): string {
  try {
    const parsed: unknown = JSON.parse(Buffer.from(token, 'base64url').toString());
    if (Array.isArray(parsed) && parsed.length === 2 && parsed[0] === of) return String(parsed[1]);
  } catch {
    // Anything that is no JSON is no token.
  }
  throw new ApiError('InvalidToken', `Invalid Token: '${token}'`);
}

/** Cuts a page from one item more than it may hold. */
export function page<Item>(
  items: Item[],
  size: number,
  token: (last: Item) => string,
): { items: Item[]; nextToken?: string } {
  const kept = items.slice(0, size);
  const last = kept.at(-1);
  return items.length > size && last !== undefined
    ? { items: kept, nextToken: token(last) }
    : { items: kept };
}

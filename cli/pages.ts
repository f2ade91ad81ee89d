/** Pages of a list, until so many things are read or the list ends. */
export interface Pages<Page> {
  limit: number;
  /** Most that one page holds. */
  largestPage: number;
  cursor: string | undefined;
  read: (size: number, cursor: string | undefined) => Promise<Page>;
  cursorOf: (page: Page) => string | undefined;
  /** @returns how many things are in it: a filter may leave none. */
  take: (page: Page) => number;
}

/** Where few things pass a filter, each page looks at some thousand of them: this many look at millions. */
const pagesAtMost = 1000;

/** @returns the cursor at which the list goes on; undefined at its end. */
export async function readPages<Page>(pages: Pages<Page>): Promise<string | undefined> {
  const { limit, largestPage, read, cursorOf, take } = pages;
  let { cursor } = pages;
  let left = limit;
  for (let count = 0; count < pagesAtMost; count += 1) {
    const page = await read(Math.min(left, largestPage), cursor);
    left -= take(page);
    cursor = cursorOf(page);
    if (cursor === undefined || left <= 0) break;
  }
  return cursor;
}

import type { ApiResponse } from './api/client.ts';
import { limitOf, type PageOptions } from './arguments.ts';
import type { Render, CommandSession } from './session.ts';

/** A list that is read page by page until a number of items is reached or the list ends. */
export interface PagedList<Page> {
  limit: number;
  /** The most items that one page holds. */
  maximumPageSize: number;
  cursor: string | undefined;
  read: (size: number, cursor: string | undefined) => Promise<Page>;
  cursorOf: (page: Page) => string | undefined;
  /** Takes the items of a page. @returns how many they are: a filter may leave none. */
  take: (page: Page) => number;
}

/** If few items pass a filter, the API looks at some thousand of them for each page: this many pages look at millions. */
const maximumPages = 1000;

/** Reads the pages of a list. @returns the cursor at which the list continues; undefined at its end. */
export async function readPages<Page>({
  limit,
  maximumPageSize,
  read,
  cursorOf,
  take,
  ...start
}: PagedList<Page>): Promise<string | undefined> {
  let { cursor } = start;
  let left = limit;
  for (let count = 0; count < maximumPages; count += 1) {
    const page = await read(Math.min(left, maximumPageSize), cursor);
    left -= take(page);
    cursor = cursorOf(page);
    if (cursor === undefined || left <= 0) break;
  }
  return cursor;
}

/** A route of the API that responds with a page of a list. */
interface ListRoute<Body, Item> extends Pick<PagedList<ApiResponse<Body>>, 'maximumPageSize' | 'read'> {
  itemsOf: (body: Body) => readonly Item[];
  cursorOf: (body: Body) => string | undefined;
  render: Render<readonly Item[]>;
}

/** Prints a list: with `--output json` each response at once, else one table at the end, for the width of its columns. */
export async function printList<Body, Item>(
  session: CommandSession,
  options: PageOptions,
  { maximumPageSize, read, itemsOf, cursorOf, render }: ListRoute<Body, Item>,
): Promise<void> {
  const json = session.options.output === 'json';
  const rows: Item[] = [];
  const cursor = await readPages<ApiResponse<Body>>({
    ...{ limit: limitOf(options), maximumPageSize, cursor: options.cursor, read },
    cursorOf: ({ body }) => cursorOf(body),
    take: (response) => {
      const items = itemsOf(response.body);
      if (json) session.printResponse(response, () => '');
      else rows.push(...items);
      return items.length;
    },
  });
  if (!json) session.print(rows, render);
  if (cursor !== undefined) session.report(`there may be more: use --limit, --all, or --cursor ${cursor}`);
}

import type { Answer } from './api/client.ts';
import { limitOf, type PageOptions } from './arguments/page-options.ts';
import { readPages } from './pages.ts';
import type { Session } from './session.ts';
import type { Paint } from './shell.ts';

/** A route that answers things in pages. */
interface List<Body, Item> {
  /** Most that one answer holds. */
  largestPage: number;
  read: (size: number, cursor: string | undefined) => Promise<Answer<Body>>;
  itemsOf: (body: Body) => readonly Item[];
  cursorOf: (body: Body) => string | undefined;
  render: (items: readonly Item[], paint: Paint, width?: number) => string;
}

/** Shows a list: JSON as it comes, an answer a line; a table when it is whole, for its columns. */
export async function showList<Body, Item>(
  session: Session,
  options: PageOptions,
  { largestPage, read, itemsOf, cursorOf, render }: List<Body, Item>,
): Promise<void> {
  const json = session.options.output === 'json';
  const shown: Item[] = [];
  const end = await readPages<Answer<Body>>({
    limit: limitOf(options),
    largestPage,
    cursor: options.cursor,
    read,
    cursorOf: ({ body }) => cursorOf(body),
    take: (answer) => {
      const items = itemsOf(answer.body);
      if (json) session.show(answer, () => '');
      else shown.push(...items);
      return items.length;
    },
  });
  if (!json) session.print((paint, width) => render(shown, paint, width));
  if (end !== undefined) session.say(`there may be more: --limit, --all, or --cursor ${end}`);
}

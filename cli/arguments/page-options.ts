import { type Command, Option } from 'commander';
import { integer } from './numbers.ts';

/** How much of a list. */
export interface PageOptions {
  limit: number;
  all?: boolean;
  cursor?: string;
}

/** Most that one call lists: what comes after it, `--cursor` does. */
const most = 10_000;

export const withPageOptions = (bare: Command, things: string): Command =>
  bare
    .addOption(
      new Option(`--limit <${things}>`, `how many at most: 1 to ${most}`)
        .default(20)
        .argParser(integer(1, most)),
    )
    .addOption(new Option('--all', `as --limit ${most}`).conflicts('limit'))
    .option('--cursor <cursor>', 'go on where another list ended, with the same filters');

export const limitOf = ({ limit, all }: PageOptions): number => (all ? most : limit);

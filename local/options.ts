import { availableParallelism } from 'node:os';
import { resolve } from 'node:path';
import { Command, InvalidArgumentError, Option } from 'commander';

/** What `npm start -- …` was asked for. */
export interface Options {
  port: number;
  stateDir: string;
  fresh: boolean;
  dataDir?: string;
  concurrency: number;
  verbose: boolean;
}

function integer(least: number, most: number): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (/^\d+$/.test(text) && value >= least && value <= most) return value;
    throw new InvalidArgumentError(`Allowed: an integer from ${least} to ${most}.`);
  };
}

/** Reads the command line; commander itself answers --help and wrong options, with exit code 0 and 1. */
export function readOptions(arguments_: readonly string[]): Options {
  const command = new Command('npm start --')
    .description(
      'Runs the whole service on this machine, on 127.0.0.1 only: the HTTP API, Step Functions and DynamoDB.',
    )
    .addOption(
      new Option('--port <port>', 'HTTP API; Step Functions is at the next port, DynamoDB at the one after')
        .default(3000)
        .argParser(integer(1, 65_533)),
    )
    .addOption(
      new Option('--state-dir <path>', 'where jobs survive a restart')
        .default('.local')
        .argParser(resolvePath),
    )
    .option('--fresh', 'forget all jobs and begin anew', false)
    .addOption(
      new Option('--data-dir <path>', 'lets jobs read files below it: {"source": "file", …}').argParser(
        resolvePath,
      ),
    )
    .addOption(
      new Option('--concurrency <jobs>', 'how many jobs run at once; more wait their turn')
        .default(Math.max(8, 4 * availableParallelism()))
        .argParser(integer(1, 1000)),
    )
    .option('--verbose', 'show the log of the functions', false)
    .allowExcessArguments(false);
  return command.parse(arguments_, { from: 'user' }).opts<Options>();
}

const resolvePath = (path: string): string => resolve(path);

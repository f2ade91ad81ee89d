import { availableParallelism } from 'node:os';
import { resolve } from 'node:path';
import { Command, InvalidArgumentError, Option } from 'commander';
import * as z from 'zod';
import { Cpu, Memory, minimumResources, outsideLimits, type ResourceLimits } from '../jobs/resources.ts';
import { addAuthorizationOptions, type Authorization, authorizationOf } from './authorization-options.ts';
import { addClusterOptions, type ClusterOptions, clusterOf } from './cluster-options.ts';

/** What `npm start -- …` was asked for. */
export interface Options {
  port: number;
  stateDir: string;
  fresh: boolean;
  dataDir?: string;
  concurrency: number;
  queueSeconds: number;
  /** The most that a job may ask for. */
  limits: ResourceLimits;
  verbose: boolean;
  /** What callers must show; without it everybody on this machine is let in. */
  authorization?: Authorization;
  /** Where jobs run; without it they are processes of this machine. */
  cluster?: ClusterOptions;
}

function integer(least: number, most: number): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (/^\d+$/.test(text) && value >= least && value <= most) return value;
    throw new InvalidArgumentError(`Allowed: an integer from ${least} to ${most}.`);
  };
}

/** Without its schema's introduction: commander has one of its own. */
const quantity =
  (shape: z.ZodType<string>) =>
  (text: string): string => {
    const { data, error } = shape.safeParse(text);
    if (data !== undefined) return data;
    throw new InvalidArgumentError(error.issues[0]?.message ?? '');
  };

/** Adds --state-dir, which several commands must take alike. */
export const addStateDirectoryOption = (command: Command): Command =>
  command.addOption(
    new Option('--state-dir <path>', 'where jobs survive a restart, and the key of tokens is')
      .default('.local')
      .argParser(resolvePath),
  );

/** Reads the command line; commander itself answers --help and wrong options, with exit code 0 and 1. */
export function readOptions(arguments_: readonly string[]): Options {
  const command = addStateDirectoryOption(new Command('npm start --'))
    .description(
      'Runs the whole service on this machine, on 127.0.0.1 only: the HTTP API, Step Functions, DynamoDB and EventBridge Scheduler.',
    )
    .addOption(
      new Option(
        '--port <port>',
        'HTTP API; Step Functions, DynamoDB and EventBridge Scheduler are at the three ports after it',
      )
        .default(3000)
        .argParser(integer(1, 65_532)),
    )
    .option('--fresh', 'forget all jobs and begin anew; tokens stay valid', false)
    .addOption(
      new Option('--data-dir <path>', 'lets jobs read files below it: {"source": "file", …}')
        .argParser(resolvePath)
        .conflicts('context'),
    )
    .addOption(
      new Option('--concurrency <jobs>', 'how many jobs run at once; more wait their turn')
        .default(Math.max(8, 4 * availableParallelism()))
        .argParser(integer(1, 1000))
        .conflicts('context'),
    )
    .addOption(
      new Option('--queue-seconds <seconds>', 'how long a job may wait until it runs')
        .default(3600)
        .argParser(integer(60, 21_600)),
    )
    .addOption(
      new Option('--max-job-cpu <quantity>', 'the most processor share that a job may ask for')
        .default('4')
        .argParser(quantity(Cpu)),
    )
    .addOption(
      new Option('--max-job-memory <quantity>', 'the most memory that a job may ask for')
        .default('8Gi')
        .argParser(quantity(Memory)),
    )
    .option('--verbose', 'show the log of the functions', false)
    .allowExcessArguments(false);
  addClusterOptions(addAuthorizationOptions(command)).parse(arguments_, { from: 'user' });
  const { port, stateDir, fresh, dataDir, concurrency, queueSeconds, verbose, maxJobCpu, maxJobMemory } =
    command.opts<Options & { maxJobCpu: string; maxJobMemory: string }>();
  const authorization = authorizationOf(command);
  const cluster = clusterOf(command);
  const limits = { cpu: maxJobCpu, memory: maxJobMemory };
  const given = cluster ? { cpu: cluster.jobCpu, memory: cluster.jobMemory } : minimumResources;
  for (const { field } of outsideLimits(given, limits)) {
    const name = field.replace('resources.', '');
    command.error(`error: --max-job-${name} is less than ${cluster ? `--job-${name}` : 'any job needs'}`);
  }
  return {
    ...{ port, stateDir, fresh, concurrency, queueSeconds, limits, verbose },
    ...(dataDir !== undefined && { dataDir }),
    ...(authorization && { authorization }),
    ...(cluster && { cluster }),
  };
}

function resolvePath(path: string): string {
  return resolve(path);
}

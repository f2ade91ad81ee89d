import { availableParallelism } from 'node:os';
import { resolve } from 'node:path';
import { Command, InvalidArgumentError, Option } from 'commander';
import * as z from 'zod';
import { Cpu, minimumResources, Memory, outsideLimits, type Quantities } from '../lib/quantities.ts';
import { parameters } from '../plugins/parameters/table.ts';
import {
  addAuthorizationOptions,
  type AuthorizationOptions,
  authorizationOf,
} from './authorization-options.ts';
import { addClusterOptions, type ClusterOptions, clusterOf } from './cluster-options.ts';

/** The options of `npm start`. */
export interface ServiceOptions {
  port: number;
  stateDir: string;
  fresh: boolean;
  dataDir?: string;
  concurrency: number;
  queueSeconds: number;
  /** How much CPU and memory a job may request. */
  limits: Quantities;
  verbose: boolean;
  /** Which tokens are accepted; without it every program on this machine may call the API. */
  authorization?: AuthorizationOptions;
  /** The cluster that runs the jobs; without it they run as processes on this machine. */
  cluster?: ClusterOptions;
}

function integer(min: number, max: number): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (/^\d+$/.test(text) && value >= min && value <= max) return value;
    throw new InvalidArgumentError(`Allowed: an integer from ${min} to ${max}.`);
  };
}

/** Parses a quantity. The error is only the schema's first issue, because commander writes its own introduction. */
const quantity =
  (shape: z.ZodType<string>) =>
  (text: string): string => {
    const { data, error } = shape.safeParse(text);
    if (data !== undefined) return data;
    throw new InvalidArgumentError(error.issues[0]?.message ?? '');
  };

/** Adds --state-dir, which `npm start` and `npm run token` share. */
export const addStateDirectoryOption = (command: Command): Command =>
  command.addOption(
    new Option('--state-dir <path>', 'directory for what survives a restart, and for the key of the tokens')
      .default('.local')
      .argParser(resolvePath),
  );

/** Reads the command line. commander itself handles --help (exit code 0) and wrong options (exit code 1). */
export function readOptions(arguments_: readonly string[]): ServiceOptions {
  const command = addStateDirectoryOption(new Command('npm start --'))
    .description(
      'Runs the whole service on this machine, on 127.0.0.1 only: the HTTP API, Step Functions, DynamoDB and EventBridge Scheduler.',
    )
    .addOption(
      new Option(
        '--port <port>',
        'port of the HTTP API; the next three ports are for Step Functions, DynamoDB and EventBridge Scheduler',
      )
        .default(3000)
        .argParser(integer(1, 65_532)),
    )
    .option('--fresh', 'delete all jobs and schedules before the start; tokens stay valid', false)
    .addOption(
      new Option('--data-dir <path>', 'directory whose files jobs may read: {"source": "file", …}')
        .argParser(resolvePath)
        .conflicts('context'),
    )
    .addOption(
      new Option('--concurrency <jobs>', 'how many jobs run at once; the others wait')
        .default(Math.max(8, 4 * availableParallelism()))
        .argParser(integer(1, 1000))
        .conflicts('context'),
    )
    .addOption(
      new Option('--queue-seconds <seconds>', 'how long a job may wait before it runs')
        .default(parameters.queueSeconds.default)
        .argParser(integer(60, 21_600)),
    )
    .addOption(
      new Option('--max-job-cpu <quantity>', 'how much CPU a job may request')
        .default(parameters.maxJobCpu.default)
        .argParser(quantity(Cpu)),
    )
    .addOption(
      new Option('--max-job-memory <quantity>', 'how much memory a job may request')
        .default(parameters.maxJobMemory.default)
        .argParser(quantity(Memory)),
    )
    .option('--verbose', 'show the log of the functions', false)
    .allowExcessArguments(false);
  addClusterOptions(addAuthorizationOptions(command)).parse(arguments_, { from: 'user' });
  const { port, stateDir, fresh, dataDir, concurrency, queueSeconds, verbose, maxJobCpu, maxJobMemory } =
    command.opts<ServiceOptions & { maxJobCpu: string; maxJobMemory: string }>();
  const authorization = authorizationOf(command);
  const cluster = clusterOf(command);
  const limits = { cpu: maxJobCpu, memory: maxJobMemory };
  const defaults = cluster ? { cpu: cluster.jobCpu, memory: cluster.jobMemory } : minimumResources;
  for (const { name } of outsideLimits(defaults, limits)) {
    command.error(
      `error: --max-job-${name} is less than ${cluster ? `--job-${name}` : 'the minimum of a job'}`,
    );
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

import { isDeepStrictEqual } from 'node:util';
import * as z from 'zod';
import { Labels } from './labels.ts';
import { limits } from './protocol.ts';
import { Resources } from './resources.ts';

/**
 * The options of a job. Requests, executions, records and views extend this schema, those of jobs and of schedules.
 * A new option is added to the schemas of this file; CONTRIBUTING.md lists the other places that name options, such as the state machine.
 */
export const JobOptions = z.object({
  timeoutSeconds: z
    .int()
    .min(1)
    .max(21_600)
    .describe('How long one attempt may run, in seconds. The program keeps the limit.'),
  maxAttempts: z
    .int()
    .min(1)
    .max(limits.machineAttempts)
    .describe('How often the job is tried, including the first time.'),
  labels: Labels.describe('Shown with the job; they filter lists of jobs.'),
  resources: Resources.describe('What the job requests of its node, within the limits of the service.'),
});
export type JobOptions = z.output<typeof JobOptions>;

const { shape } = JobOptions;

/** The options in a request that creates: each has a default. */
export const RequestedOptions = z.object({
  timeoutSeconds: shape.timeoutSeconds.default(3600),
  maxAttempts: shape.maxAttempts.default(limits.machineAttempts),
  labels: shape.labels.default({}),
  resources: shape.resources.default({}),
} satisfies Schemas);

/** The options in a request that changes: one that is absent stays as it is. */
export const ChangedOptions = z.object({
  timeoutSeconds: z.exactOptional(shape.timeoutSeconds),
  maxAttempts: z.exactOptional(shape.maxAttempts),
  labels: z.exactOptional(shape.labels),
  resources: z.exactOptional(shape.resources),
} satisfies Schemas);

/**
 * The options in the table and in an execution's input. Their values are not checked again: a job must be readable, and end,
 * whatever the limits are now. Jobs of older deployments have neither labels nor resources.
 */
export const StoredOptions = z.object({
  timeoutSeconds: z.number(),
  maxAttempts: z.number(),
  labels: z.record(z.string(), z.string()).default({}),
  resources: z.object(Resources.shape).default({}),
} satisfies Schemas);

type Schemas = Record<keyof JobOptions, z.ZodType>;

/** The options of a job whose request names none. */
export const defaultOptions: JobOptions = RequestedOptions.parse({});

/** Copies the options, and nothing else, from what has them. */
export const optionsOf = (job: JobOptions): JobOptions => StoredOptions.parse(job);

/**
 * Lists the options that differ from their defaults, in one order, to compare requests. An option added later changes
 * nothing in the list of a request that does not name it.
 */
export const differencesOf = (options: JobOptions): [name: string, value: unknown][] =>
  Object.entries(optionsOf(options))
    .filter(([name, value]) => !isDeepStrictEqual(value, new Map(Object.entries(defaultOptions)).get(name)))
    .map(([name, value]): [string, unknown] => [
      name,
      typeof value === 'object' ? Object.entries(value).sort() : value,
    ])
    .sort();

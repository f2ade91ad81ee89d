import * as z from 'zod';
import { Cpu, Memory, outsideLimits } from '../lib/quantities.ts';
import { Conflict, type Detail, InvalidRequest } from './errors.ts';

const names = ['cpu', 'memory'] as const;

/** What a job asks of its node; of what is absent it gets what all jobs get. */
export const Resources = z.strictObject(
  { cpu: z.exactOptional(Cpu), memory: z.exactOptional(Memory) },
  {
    error: ({ code }) =>
      code === 'unrecognized_keys' ? `Unknown field. Allowed: ${names.join(', ')}.` : undefined,
  },
);
export type Resources = z.output<typeof Resources>;

/** The most that a job may ask for, as quantities. */
export type ResourceLimits = Required<Resources>;

/** @throws InvalidRequest naming each that is too small or too large, and what is allowed. */
export function checkResources(asked: Resources, limits: ResourceLimits): void {
  const details = beyond(asked, limits);
  if (details.length > 0) throw new InvalidRequest('The job asks for what no job may have.', details);
}

/** As checkResources, for a job that was accepted under other limits. @throws Conflict */
export function checkResourcesAgain(asked: Resources, limits: ResourceLimits): void {
  const details = beyond(asked, limits);
  if (details.length > 0) throw new Conflict('The job asks for more than a job may have by now.', details);
}

const beyond = (asked: Resources, limits: ResourceLimits): Detail[] =>
  outsideLimits(asked, limits).map(({ name, message }) => ({ field: `resources.${name}`, message }));

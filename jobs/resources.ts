import * as z from 'zod';
import { Cpu, Memory, outsideLimits } from '../lib/quantities.ts';
import { Conflict, type Detail, InvalidRequest } from './errors.ts';

const names = ['cpu', 'memory'] as const;

/** The resources that a job requests of its node. If one is absent, the job gets the default of the service. */
export const Resources = z.strictObject(
  { cpu: z.exactOptional(Cpu), memory: z.exactOptional(Memory) },
  {
    error: ({ code }) =>
      code === 'unrecognized_keys' ? `Unknown field. Allowed: ${names.join(', ')}.` : undefined,
  },
);
export type Resources = z.output<typeof Resources>;

/** The maximum that a job may request, as quantities. */
export type ResourceLimits = Required<Resources>;

/** @throws InvalidRequest which names each quantity that is too small or too large, and the range. */
export function checkResources(resources: Resources, limits: ResourceLimits): void {
  const details = resourceProblems(resources, limits);
  if (details.length > 0) {
    throw new InvalidRequest('The requested resources are outside the allowed range.', details);
  }
}

/** Checks the resources of a job or schedule that was accepted under other limits. @throws Conflict */
export function checkAcceptedResources(resources: Resources, limits: ResourceLimits): void {
  const details = resourceProblems(resources, limits);
  if (details.length > 0) {
    throw new Conflict('The resources of the job are outside the range that is allowed now.', details);
  }
}

const resourceProblems = (resources: Resources, limits: ResourceLimits): Detail[] =>
  outsideLimits(resources, limits).map(({ name, message }) => ({ field: `resources.${name}`, message }));

import * as z from 'zod';
import { Conflict, type Detail, InvalidRequest } from './errors.ts';

/** A quantity of CPU in Kubernetes' notation, no finer than a thousandth: Kubernetes would round it up. */
export const Cpu = z
  .string('Allowed: a text such as "500m" or "2".')
  .regex(
    /^([0-9]{1,6}m|[0-9]{1,3}(\.[0-9]{1,3})?)$/,
    'Allowed: a Kubernetes quantity such as 500m, 0.5 or 2.',
  );

/** A quantity of memory in Kubernetes' notation; `m` would be thousandths of a byte, and is always a mistake. */
export const Memory = z
  .string('Allowed: a text such as "512Mi" or "2Gi".')
  .regex(
    /^([0-9]{1,15}|[0-9]{1,6}(\.[0-9]{1,3})?(k|M|G|T|Ki|Mi|Gi|Ti))$/,
    'Allowed: a Kubernetes quantity such as 512Mi or 2Gi.',
  );

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

/** The minimum: with less, a container does not start. */
export const minimumResources: ResourceLimits = { cpu: '10m', memory: '16Mi' };

const units: Readonly<Record<string, number>> = {
  ...{ m: 1e-3, '': 1, k: 1e3, M: 1e6, G: 1e9, T: 1e12 },
  ...{ Ki: 2 ** 10, Mi: 2 ** 20, Gi: 2 ** 30, Ti: 2 ** 40 },
};

/** Computes the amount of a quantity that Cpu or Memory accepts, in thousandths, so that it is an integer. */
export function thousandthsOf(quantity: string): number {
  const [, digits = '', unit = ''] = /^([\d.]+)(\D*)$/.exec(quantity) ?? [];
  return Math.round(Number(digits) * (units[unit] ?? NaN) * 1000);
}

/** @throws InvalidRequest which names each quantity that is too small or too large, and the range. */
export function checkResources(resources: Resources, limits: ResourceLimits): void {
  const details = outsideLimits(resources, limits);
  if (details.length > 0) {
    throw new InvalidRequest('The requested resources are outside the allowed range.', details);
  }
}

/** Checks the resources of a job or schedule that was accepted under other limits. @throws Conflict */
export function checkAcceptedResources(resources: Resources, limits: ResourceLimits): void {
  const details = outsideLimits(resources, limits);
  if (details.length > 0) {
    throw new Conflict('The resources of the job are outside the range that is allowed now.', details);
  }
}

/** Lists each quantity that is too small or too large, with the range. */
export const outsideLimits = (resources: Resources, limits: ResourceLimits): Detail[] =>
  names.flatMap((name) => {
    const quantity = resources[name];
    if (quantity === undefined) return [];
    const [minimum, maximum] = [minimumResources[name], limits[name]];
    const amount = thousandthsOf(quantity);
    if (amount >= thousandthsOf(minimum) && amount <= thousandthsOf(maximum)) return [];
    return [{ field: `resources.${name}`, message: `Allowed: from ${minimum} to ${maximum}.` }];
  });

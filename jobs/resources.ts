import * as z from 'zod';
import { Conflict, type Detail, InvalidRequest } from './errors.ts';

/** A processor share as Kubernetes writes it: nothing finer than a thousandth, which it would round up. */
export const Cpu = z
  .string('Allowed: a text such as "500m" or "2".')
  .regex(
    /^([0-9]{1,6}m|[0-9]{1,3}(\.[0-9]{1,3})?)$/,
    'Allowed: a Kubernetes quantity such as 500m, 0.5 or 2.',
  );

/** Memory as Kubernetes writes it; `m` would be thousandths of bytes, and is always a mistake. */
export const Memory = z
  .string('Allowed: a text such as "512Mi" or "2Gi".')
  .regex(
    /^([0-9]{1,15}|[0-9]{1,6}(\.[0-9]{1,3})?(k|M|G|T|Ki|Mi|Gi|Ti))$/,
    'Allowed: a Kubernetes quantity such as 512Mi or 2Gi.',
  );

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

/** Less than this, and no container starts. */
export const leastResources: ResourceLimits = { cpu: '10m', memory: '16Mi' };

const units: Readonly<Record<string, number>> = {
  ...{ m: 1e-3, '': 1, k: 1e3, M: 1e6, G: 1e9, T: 1e12 },
  ...{ Ki: 2 ** 10, Mi: 2 ** 20, Gi: 2 ** 30, Ti: 2 ** 40 },
};

/** How much a quantity that Cpu or Memory lets through is: in thousandths, so that it is whole. */
export function amountOf(quantity: string): number {
  const [, digits = '', unit = ''] = /^([\d.]+)(\D*)$/.exec(quantity) ?? [];
  return Math.round(Number(digits) * (units[unit] ?? NaN) * 1000);
}

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

/** What of it is too small or too large, each with what is allowed. */
export const beyond = (asked: Resources, limits: ResourceLimits): Detail[] =>
  names.flatMap((name) => {
    const quantity = asked[name];
    if (quantity === undefined) return [];
    const [least, most] = [leastResources[name], limits[name]];
    const amount = amountOf(quantity);
    if (amount >= amountOf(least) && amount <= amountOf(most)) return [];
    return [{ field: `resources.${name}`, message: `Allowed: from ${least} to ${most}.` }];
  });

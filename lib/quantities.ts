import * as z from 'zod';

/** CPU as Kubernetes writes it: nothing finer than a thousandth, which Kubernetes would round up. */
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

/** The CPU that every job reserves: more than zero, and without a second way to write the same amount. */
export const reservedCpu = /^([1-9][0-9]{0,5}m|[1-9][0-9]{0,2}(\.[0-9]{1,3})?|0\.[0-9]{0,2}[1-9])$/;

/** The memory that every job reserves: a whole number of megabytes or gigabytes. */
export const reservedMemory = /^[1-9][0-9]{0,5}(Mi|Gi|M|G)$/;

/** CPU and memory, each a quantity. */
export interface Quantities {
  cpu: string;
  memory: string;
}

/** With less than this a container does not start. */
export const minimumResources: Quantities = { cpu: '10m', memory: '16Mi' };

const units: Readonly<Record<string, number>> = {
  ...{ m: 1e-3, '': 1, k: 1e3, M: 1e6, G: 1e9, T: 1e12 },
  ...{ Ki: 2 ** 10, Mi: 2 ** 20, Gi: 2 ** 30, Ti: 2 ** 40 },
};

/** Converts a quantity that Cpu or Memory accepts to a number, in thousandths, so that it is an integer. */
export function amountOf(quantity: string): number {
  const [, digits = '', unit = ''] = /^([\d.]+)(\D*)$/.exec(quantity) ?? [];
  return Math.round(Number(digits) * (units[unit] ?? NaN) * 1000);
}

const names = ['cpu', 'memory'] as const;

/** Compares a request with the limits: returns what is below `minimumResources` or above the limits, with what is allowed. */
export const outsideLimits = (
  request: Readonly<Partial<Quantities>>,
  limits: Readonly<Quantities>,
): { name: keyof Quantities; message: string }[] =>
  names.flatMap((name) => {
    const quantity = request[name];
    if (quantity === undefined) return [];
    const [min, max] = [minimumResources[name], limits[name]];
    const amount = amountOf(quantity);
    if (amount >= amountOf(min) && amount <= amountOf(max)) return [];
    return [{ name, message: `Allowed: from ${min} to ${max}.` }];
  });

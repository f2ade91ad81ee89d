import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { Conflict, InvalidRequest, type RequestError } from '../../../jobs/errors.ts';
import { checkAcceptedResources, checkResources, type Resources } from '../../../jobs/resources.ts';
import { amountOf, Cpu, minimumResources, Memory } from '../../../lib/quantities.ts';

const limits = { cpu: '4', memory: '8Gi' };

/** Thousandths of each unit, as Kubernetes defines them (apimachinery, pkg/api/resource). */
const units = {
  ...{ '': 1000n, k: 10n ** 6n, M: 10n ** 9n, G: 10n ** 12n, T: 10n ** 15n },
  ...{ Ki: 1000n << 10n, Mi: 1000n << 20n, Gi: 1000n << 30n, Ti: 1000n << 40n },
};

/** A quantity with its amount, which is computed from whole thousandths, not from the text. */
interface Quantity {
  text: string;
  thousandths: bigint;
}
const quantityOf = (number: number, digits: number, unit: keyof typeof units): Quantity => {
  const text = (number / 10 ** digits).toFixed(digits) + unit;
  return { text, thousandths: (BigInt(number) * units[unit]) / BigInt(10 ** digits) };
};
const number = fc.integer({ min: 0, max: 999_999 });
const cpu = fc.oneof(
  fc.integer({ min: 0, max: 999 }).map((cores) => quantityOf(cores, 0, '')),
  number.map((thousandths) => quantityOf(thousandths, 3, '')),
  number.map((thousandths) => ({ text: `${thousandths}m`, thousandths: BigInt(thousandths) })),
);
const unit = fc.constantFrom('k', 'M', 'G', 'T', 'Ki', 'Mi', 'Gi', 'Ti');
const memory = fc.oneof(
  number.map((bytes) => quantityOf(bytes, 0, '')),
  fc.tuple(number, fc.constantFrom(0, 1, 2, 3), unit).map((parts) => quantityOf(...parts)),
);

describe('a quantity', () => {
  test('has the amount of its digits and unit, exact to a thousandth of a CPU and to a byte', () => {
    fc.assert(
      fc.property(fc.oneof(cpu, memory), ({ text, thousandths }) => {
        const exact = Number(thousandths);
        // The difference is a thousandth of a byte for small amounts, and less than a byte up to a terabyte.
        expect(Math.abs(amountOf(text) - exact)).toBeLessThanOrEqual(Math.max(1, exact * 1e-13));
      }),
      { numRuns: 10_000 },
    );
  });

  test('of either kind is accepted in Kubernetes’ notation', () => {
    fc.assert(fc.property(cpu, ({ text }) => Cpu.safeParse(text).success));
    fc.assert(fc.property(memory, ({ text }) => Memory.safeParse(text).success));
  });

  test.each(['', 'm', '1.m', '.5', '-1', '+1', '1e3', '0.0001', '1 ', '１', '1Mi', '4,5', 'NaN'])(
    '%j is not a quantity of CPU',
    (text) => {
      expect(Cpu.safeParse(text).success).toBe(false);
    },
  );

  // 400m of memory are 0.4 bytes: 400M was meant.
  test.each(['', '400m', '1.5', 'Mi', '1mi', '1KI', '1K', '1e9', '-1Gi', '1 Gi', '1Ei', '1.2345Gi'])(
    '%j is not a quantity of memory',
    (text) => {
      expect(Memory.safeParse(text).success).toBe(false);
    },
  );
});

function rejection(resources: Resources, check = checkResources): RequestError | undefined {
  try {
    check(resources, limits);
    return undefined;
  } catch (error) {
    return error as RequestError;
  }
}

describe('what a job may request', () => {
  test('is from the minimum to the limit, both included, in every notation', () => {
    for (const resources of [
      {},
      limits,
      minimumResources,
      { cpu: '4.000', memory: '8192Mi' },
      { cpu: '4000m', memory: '8589934592' },
      { cpu: '0.01', memory: '16384Ki' },
    ]) {
      expect(rejection(resources)).toBeUndefined();
    }
  });

  test.each([
    [{ cpu: '4.001' }, 'resources.cpu', 'Allowed: from 10m to 4.'],
    [{ cpu: '9m' }, 'resources.cpu', 'Allowed: from 10m to 4.'],
    [{ cpu: '0' }, 'resources.cpu', 'Allowed: from 10m to 4.'],
    [{ memory: '8589934593' }, 'resources.memory', 'Allowed: from 16Mi to 8Gi.'],
    [{ memory: '9G' }, 'resources.memory', 'Allowed: from 16Mi to 8Gi.'],
    [{ memory: '16M' }, 'resources.memory', 'Allowed: from 16Mi to 8Gi.'],
  ])('%j is rejected, with the field and the limits', (resources, field, message) => {
    const error = rejection(resources);
    expect(error).toBeInstanceOf(InvalidRequest);
    expect(error?.details).toEqual([{ field, message }]);
  });

  test('is reported for both at once', () => {
    expect(rejection({ cpu: '5', memory: '9Gi' })?.details).toHaveLength(2);
  });

  // The stack's limit may have been lowered since the first job.
  test('is checked again for a retry, as a conflict: the first request was valid', () => {
    expect(rejection({ cpu: '5' }, checkAcceptedResources)).toBeInstanceOf(Conflict);
    expect(rejection({ cpu: '4' }, checkAcceptedResources)).toBeUndefined();
  });
});

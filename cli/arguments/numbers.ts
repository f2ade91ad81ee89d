import { InvalidArgumentError } from 'commander';

/** A parser of integers between two, both included. */
export function integer(least: number, most: number): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (/^\d{1,9}$/.test(text) && value >= least && value <= most) return value;
    throw new InvalidArgumentError(`Allowed: an integer from ${least} to ${most}.`);
  };
}

import { InvalidArgumentError } from 'commander';

const units: Record<string, number> = { s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 };

/**
 * A time as in RFC 3339, which the API reads, or how long ago: 90s, 30m, 2h, 7d.
 * @returns RFC 3339.
 */
export function instant(text: string, now = Date.now()): string {
  const [, amount, unit] = /^(\d{1,6})([smhd])$/.exec(text) ?? [];
  if (amount !== undefined && unit !== undefined) {
    return new Date(now - Number(amount) * (units[unit] ?? 0)).toISOString();
  }
  if (/^\d{4}-\d\d-\d\dT/.test(text) && !Number.isNaN(Date.parse(text))) return text;
  throw new InvalidArgumentError(
    'Allowed: a time as in RFC 3339, 2026-11-23T10:00:00Z, or an age: 90s, 30m, 2h, 7d.',
  );
}

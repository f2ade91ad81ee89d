import * as z from 'zod';

const allowed = 'Allowed: a date and time of RFC 3339, such as 2027-01-31T08:00:00+01:00.';

/** A time as a request gives it, with any offset; read as the same instant in UTC, so that texts sort as times do. */
export const Instant = z.iso
  .datetime({ offset: true, error: allowed })
  .transform((text) => new Date(text).toISOString())
  // An offset may lead out of the years that have four digits, and those would not sort.
  .pipe(z.string().regex(/^\d/, allowed));

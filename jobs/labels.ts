import * as z from 'zod';

/** How many labels a job may have: each is written anew whenever the job's item is. */
const most = 16;

/** A Kubernetes label's key in small letters: nobody searches for `Team` and finds no `team`. */
const key = '[a-z0-9]([-a-z0-9_./]{0,61}[a-z0-9])?';
/** A Kubernetes label's value; none holds a comma, which separates labels in a query. */
const value = '([A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?)?';

const allowedKey =
  'Allowed keys: 1 to 63 of a-z, 0-9, dash, underscore, dot and slash; the first and last a letter or digit.';
const allowedValue =
  'Allowed: up to 63 letters, digits, dashes, underscores and dots; the first and last a letter or digit.';

/** What zod would leave out without a word. */
function refusePrototype(given: unknown, context: z.RefinementCtx): unknown {
  if (typeof given === 'object' && given !== null && Object.hasOwn(given, '__proto__')) {
    context.addIssue({ code: 'custom', path: ['__proto__'], message: allowedKey });
  }
  return given;
}

/** The caller's own words about a job: shown with it, and what lists can be narrowed by. */
export const Labels = z.preprocess(
  refusePrototype,
  z
    .record(
      z.string().regex(new RegExp(`^${key}$`), allowedKey),
      z.string().regex(new RegExp(`^${value}$`), allowedValue),
    )
    .refine((labels) => Object.keys(labels).length <= most, `Allowed: ${most} labels at most.`)
    .meta({ maxProperties: most }),
);
export type Labels = z.output<typeof Labels>;

const pair = `${key}=${value}`;

/** Labels as a query spells them, key=value with commas between: a job must have them all. */
export const LabelQuery = z
  .string()
  .regex(
    new RegExp(`^${pair}(,${pair}){0,${most - 1}}$`),
    `Allowed: key=value; ${most} of them at most, repeated or with commas between.`,
  )
  .transform((text) =>
    text.split(',').map((label): [key: string, value: string] => {
      const at = label.indexOf('=');
      return [label.slice(0, at), label.slice(at + 1)];
    }),
  );

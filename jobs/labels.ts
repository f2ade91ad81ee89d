import * as z from 'zod';

/** The maximum number of labels of a job: each is written again with every write of the job's item. */
const maximumLabels = 16;

/** The key of a Kubernetes label, without capitals: a search for `Team` would not find `team`. */
const key = '[a-z0-9]([-a-z0-9_./]{0,61}[a-z0-9])?';
/** The value of a Kubernetes label; it has no comma, which separates labels in a query. */
const value = '([A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?)?';

const allowedKey =
  'Allowed keys: 1 to 63 of a-z, 0-9, dash, underscore, dot and slash; the first and last a letter or digit.';
const allowedValue =
  'Allowed: up to 63 letters, digits, dashes, underscores and dots; the first and last a letter or digit.';

/** Rejects a key that zod would drop silently. */
function rejectPrototype(labels: unknown, context: z.RefinementCtx): unknown {
  if (typeof labels === 'object' && labels !== null && Object.hasOwn(labels, '__proto__')) {
    context.addIssue({ code: 'custom', path: ['__proto__'], message: allowedKey });
  }
  return labels;
}

/** The caller's own names for a job: shown with it, and filters of lists. */
export const Labels = z.preprocess(
  rejectPrototype,
  z
    .record(
      z.string().regex(new RegExp(`^${key}$`), allowedKey),
      z.string().regex(new RegExp(`^${value}$`), allowedValue),
    )
    .refine(
      (labels) => Object.keys(labels).length <= maximumLabels,
      `Allowed: ${maximumLabels} labels at most.`,
    )
    .meta({ maxProperties: maximumLabels }),
);
export type Labels = z.output<typeof Labels>;

const pair = `${key}=${value}`;

/** Labels in a query: key=value, separated by commas. A job must have all of them. */
export const LabelQuery = z
  .string()
  .regex(
    new RegExp(`^${pair}(,${pair}){0,${maximumLabels - 1}}$`),
    `Allowed: key=value, up to ${maximumLabels} of them, repeated or separated by commas.`,
  )
  .transform((text) =>
    text.split(',').map((label): [key: string, value: string] => {
      const at = label.indexOf('=');
      return [label.slice(0, at), label.slice(at + 1)];
    }),
  );

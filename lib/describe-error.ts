import * as z from 'zod';

const Thrown = z
  .object({ name: z.string(), message: z.string(), code: z.string(), cause: z.unknown() })
  .partial();

/** Describes why an operation failed: the innermost cause, because `fetch` itself reports only "fetch failed". */
export function describeError(error: unknown): string {
  const { name, message, code, cause } = Thrown.safeParse(error).data ?? {};
  if (cause !== undefined && cause !== null) return describeError(cause);
  return [message, code, name, String(error)].find(Boolean) ?? 'no reason was given';
}

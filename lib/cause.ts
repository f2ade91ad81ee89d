import * as z from 'zod';

const Thrown = z
  .object({ name: z.string(), message: z.string(), code: z.string(), cause: z.unknown() })
  .partial();

/** Describes why an error happened, by its innermost cause: fetch itself reports only "fetch failed". */
export function causeOf(error: unknown): string {
  const { name, message, code, cause } = Thrown.safeParse(error).data ?? {};
  if (cause !== undefined && cause !== null) return causeOf(cause);
  return [message, code, name, String(error)].find(Boolean) ?? 'no reason was given';
}

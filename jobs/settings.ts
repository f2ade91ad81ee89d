import * as z from 'zod';

/** Every environment setting of the functions, in one place. Serverless sets them; local/ sets the same ones. */
const Settings = z.object({
  /** The table of jobs, attempts and counters. */
  TABLE_NAME: z.string().min(3).max(255),
  /** The state machine that runs a job; its name is fixed by service and stage. */
  STATE_MACHINE_ARN: z.string().startsWith('arn:'),
  /** Who asked, where the API runs without an authorizer. */
  OWNER_WITHOUT_AUTHORIZER: z.string().min(1).max(128).default('anonymous'),
});

export type Settings = z.infer<typeof Settings>;

/**
 * Reads the settings from an environment.
 * @throws Error naming every setting that is missing or wrong, without its value.
 */
export function readSettings(
  environment: Readonly<Record<string, string | undefined>> = process.env,
): Settings {
  const parsed = Settings.safeParse(environment);
  if (parsed.success) return parsed.data;
  throw new Error(`Wrong environment settings: ${z.prettifyError(parsed.error)}`);
}

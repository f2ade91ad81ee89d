import { InvalidArgumentError, Option } from 'commander';

/** `--input`, for jobs and for schedules. */
export const inputOption = (without: string): Option =>
  new Option('-i, --input <json>', `a JSON object, @FILE, or - for standard input; ${without}`);

/** `--idempotency-key`, of every command that makes something. */
export const idempotencyKeyOption = (): Option =>
  new Option(
    '--idempotency-key <key>',
    'the same key and request again is the same thing again; without it only the retries of this call are',
  ).argParser((text) => {
    if (/^[\x21-\x7e]{1,255}$/.test(text)) return text;
    throw new InvalidArgumentError('Allowed: 1 to 255 visible ASCII characters.');
  });

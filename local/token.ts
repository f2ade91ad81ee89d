import { Command, InvalidArgumentError, Option } from 'commander';
import { scopes } from '../api/scopes.ts';
import { type Grant, issueToken, openSigningKey } from './aws/api-gateway/local-issuer.ts';
import { UserError } from '../lib/user-error.ts';
import { addStateDirectoryOption } from './options.ts';
import { signingKeyIn } from './state-directory.ts';

/** `npm run token`: prints a token that `npm start -- --auth jwt` accepts. */
interface TokenOptions {
  sub: string;
  scope: string;
  expires: number;
  stateDir: string;
}

const known: readonly string[] = Object.values(scopes);

const command = new Command('npm run --silent token --')
  .description(
    'Prints a token for the API of `npm start -- --auth jwt`. Anyone who has the token can use it until it expires.',
  )
  .addOption(
    new Option('--sub <name>', 'owner of the jobs and schedules; local owns what was created without tokens')
      .default('local')
      .argParser(subject),
  )
  .addOption(
    new Option('--scope <scopes>', `what the token allows: ${known.join(', ')}, separated by spaces`)
      .default(`${scopes.read} ${scopes.write}`)
      .argParser(scope),
  )
  .addOption(
    new Option('--expires <time>', 'how long the token is valid: 90s, 15m, 12h, 30d; at most a year')
      .default(3600, '1h')
      .argParser(duration),
  )
  .allowExcessArguments(false);

function subject(text: string): string {
  if (/^[\x21-\x7e]{1,255}$/.test(text)) return text;
  throw new InvalidArgumentError('Allowed: 1 to 255 visible ASCII characters.');
}

function scope(text: string): string {
  if (text === '' || text.split(' ').every((each) => known.includes(each))) return text;
  throw new InvalidArgumentError(`Allowed: ${known.join(', ')}, separated by spaces.`);
}

function duration(text: string): number {
  const [, count, unit] = /^([1-9]\d{0,7})([smhd])$/.exec(text) ?? [];
  const seconds = Number(count) * { s: 1, m: 60, h: 3600, d: 86_400 }[unit as 's' | 'm' | 'h' | 'd'];
  if (seconds <= 365 * 86_400) return seconds;
  throw new InvalidArgumentError('Allowed: a number with s, m, h or d, such as 12h; at most 365d.');
}

const {
  sub,
  scope: allowed,
  expires,
  stateDir,
} = addStateDirectoryOption(command).parse().opts<TokenOptions>();
try {
  const grant: Grant = { sub, scope: allowed, seconds: expires };
  console.log(await issueToken(await openSigningKey(signingKeyIn(stateDir)), grant));
} catch (error) {
  if (!(error instanceof UserError)) throw error;
  console.error(`eks-jobs: ${error.message}`);
  process.exitCode = 1;
}

import { type Command, InvalidArgumentError, Option } from 'commander';
import { isTrustworthy } from './aws/api-gateway/openid-issuer.ts';

/** Which tokens `npm start -- --auth jwt` accepts: those of an issuer, or without one those of `npm run token`. */
export interface AuthorizationOptions {
  issuer?: { url: string; audiences: string[] };
}

interface ParsedOptions {
  auth: 'none' | 'jwt';
  jwtIssuer?: string;
  jwtAudience?: string[];
}

/** Adds --auth and the options that require it. */
export function addAuthorizationOptions(command: Command): Command {
  return command
    .optionsGroup('Who may call the API:')
    .addOption(
      new Option(
        '--auth <kind>',
        'none: every program on this machine may call, as the owner local; jwt: callers need a token',
      )
        .default('none')
        .argParser(kind),
    )
    .addOption(
      new Option(
        '--jwt-issuer <url>',
        'with --auth jwt: issuer whose tokens are accepted (default: the local key of `npm run token`)',
      ).argParser(url),
    )
    .addOption(
      new Option(
        '--jwt-audience <names>',
        'with --jwt-issuer: accepted audiences, separated by commas; a token must have one of them',
      ).argParser(names),
    );
}

/**
 * Reads which tokens the command line accepts; undefined without --auth jwt.
 * Ends the command when options do not fit together.
 */
export function authorizationOf(command: Command): AuthorizationOptions | undefined {
  const { auth, jwtIssuer, jwtAudience } = command.opts<ParsedOptions>();
  if (auth === 'none') {
    if (jwtIssuer !== undefined) command.error('error: --jwt-issuer requires --auth jwt');
    if (jwtAudience !== undefined) command.error('error: --jwt-audience requires --auth jwt');
    return undefined;
  }
  if (jwtIssuer === undefined) {
    if (jwtAudience !== undefined) {
      command.error('error: --jwt-audience requires --jwt-issuer URL');
    }
    return {};
  }
  if (jwtAudience === undefined) {
    command.error(
      'error: --jwt-issuer requires --jwt-audience: tokens that the issuer made for other services must not be accepted',
    );
  }
  return { issuer: { url: jwtIssuer, audiences: jwtAudience } };
}

function kind(text: string): string {
  if (text === 'none' || text === 'jwt') return text;
  throw new InvalidArgumentError(
    text === 'iam'
      ? 'Allowed: none, jwt. AWS signatures cannot be checked on this machine.'
      : 'Allowed: none, jwt.',
  );
}

function url(text: string): string {
  const parsed = URL.parse(text);
  if (parsed && isTrustworthy(parsed) && !/[?#@]/.test(text)) return text;
  throw new InvalidArgumentError(
    'Allowed: a URL such as https://issuer.example; http only on 127.0.0.1 or localhost.',
  );
}

function names(text: string): string[] {
  const parts = text.split(',');
  if (parts.every((part) => /^\S{1,255}$/.test(part))) return parts;
  throw new InvalidArgumentError('Allowed: names without spaces, separated by commas.');
}

import { type Command, InvalidArgumentError, Option } from 'commander';
import { isTrustworthy } from './aws/api-gateway/openid-issuer.ts';

/** What `npm start -- --auth jwt` lets in: tokens of an issuer, or without one those of `npm run token`. */
export interface Authorization {
  issuer?: { url: string; audiences: string[] };
}

interface Given {
  auth: 'none' | 'jwt';
  jwtIssuer?: string;
  jwtAudience?: string[];
}

/** Adds --auth and the options that only mean something with it. */
export function addAuthorizationOptions(command: Command): Command {
  return command
    .optionsGroup('Who may call the API:')
    .addOption(
      new Option(
        '--auth <kind>',
        'none lets in every program of this machine, as the owner local; jwt asks for a token',
      )
        .default('none')
        .argParser(kind),
    )
    .addOption(
      new Option(
        '--jwt-issuer <url>',
        'with --auth jwt: whose tokens are taken; without it those that `npm run token` prints',
      ).argParser(url),
    )
    .addOption(
      new Option(
        '--jwt-audience <names>',
        'with --jwt-issuer: for whom tokens must be; several with commas between, of which one suffices',
      ).argParser(names),
    );
}

/**
 * What the command line wants to be shown before it lets anybody in; undefined where it asks for nothing.
 * Ends the command where options do not go together.
 */
export function authorizationOf(command: Command): Authorization | undefined {
  const { auth, jwtIssuer, jwtAudience } = command.opts<Given>();
  if (auth === 'none') {
    if (jwtIssuer !== undefined) command.error('error: --jwt-issuer means nothing without --auth jwt');
    if (jwtAudience !== undefined) command.error('error: --jwt-audience means nothing without --auth jwt');
    return undefined;
  }
  if (jwtIssuer === undefined) {
    if (jwtAudience !== undefined) {
      command.error('error: --jwt-audience means nothing without --jwt-issuer URL');
    }
    return {};
  }
  if (jwtAudience === undefined) {
    command.error(
      "error: --jwt-issuer needs --jwt-audience: an issuer's tokens for others must not be let in",
    );
  }
  return { issuer: { url: jwtIssuer, audiences: jwtAudience } };
}

function kind(text: string): string {
  if (text === 'none' || text === 'jwt') return text;
  throw new InvalidArgumentError(
    text === 'iam'
      ? 'Allowed: none, jwt. Nothing on this machine can check signatures of AWS.'
      : 'Allowed: none, jwt.',
  );
}

function url(text: string): string {
  const parsed = URL.parse(text);
  if (parsed && isTrustworthy(parsed) && !/[?#@]/.test(text)) return text;
  throw new InvalidArgumentError(
    'Allowed: an address such as https://issuer.example; http on 127.0.0.1 only.',
  );
}

function names(text: string): string[] {
  const parts = text.split(',');
  if (parts.every((part) => /^\S{1,255}$/.test(part))) return parts;
  throw new InvalidArgumentError('Allowed: names without spaces, with commas between.');
}

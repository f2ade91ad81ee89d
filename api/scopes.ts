/** What a token may allow. With `admin` its holder is let in everywhere, and everybody's jobs are theirs to see and touch. */
export const scopes = { read: 'jobs:read', write: 'jobs:write', admin: 'jobs:admin' } as const;

/** The scopes of which a token must hold one to be let in at a route of that method. */
export const scopesFor = (method: string): string[] => [
  method === 'GET' ? scopes.read : scopes.write,
  scopes.admin,
];

/** The claims that hold scopes, each a text: of an array API Gateway makes one in brackets, `[a b]`. */
export interface ScopeClaims {
  scope?: string | undefined;
  scp?: string | undefined;
}

/** The scopes a token holds: those of `scope` (RFC 8693) and `scp`, which some issuers say instead. */
export const scopesOf = ({ scope = '', scp = '' }: ScopeClaims): string[] =>
  [scope, scp].flatMap((text) =>
    text
      .replace(/^\[(.*)\]$/, '$1')
      .split(' ')
      .filter((each) => each !== ''),
  );

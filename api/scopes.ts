/** The scopes of a token. `admin` authorizes for every route, and for the jobs and schedules of all owners. */
export const scopes = { read: 'jobs:read', write: 'jobs:write', admin: 'jobs:admin' } as const;

/** Lists the scopes of which a token must have one for a route with that method. */
export const scopesFor = (method: string): string[] => [
  method === 'GET' ? scopes.read : scopes.write,
  scopes.admin,
];

/** The claims that hold scopes, each as text: API Gateway turns an array into text in brackets, `[a b]`. */
interface ScopeClaims {
  scope?: string | undefined;
  scp?: string | undefined;
}

/** Lists the scopes of a token: those in `scope` (RFC 8693), and in `scp`, which some issuers use instead. */
export const scopesOf = ({ scope = '', scp = '' }: ScopeClaims): string[] =>
  [scope, scp].flatMap((text) =>
    text
      .replace(/^\[(.*)\]$/, '$1')
      .split(' ')
      .filter((each) => each !== ''),
  );

import { generateKeyPairSync, type KeyObject, sign } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type Server } from 'node:https';
import type { AddressInfo } from 'node:net';
import { serverCertificate } from '../cluster/identities.ts';

const part = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url');

/** An OpenID provider: its configuration, its key, and the tokens it signs (RS256, the one kind that HTTP APIs take). */
export class Issuer {
  readonly #key: KeyObject;
  readonly #server: Server;

  private constructor() {
    const { privateKey, publicKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
    this.#key = privateKey;
    const keys = [{ ...publicKey.export({ format: 'jwk' }), kid: 'one', use: 'sig', alg: 'RS256' }];
    this.#server = createServer(serverCertificate(), ({ url }, response) => {
      const answers: Record<string, object> = {
        '/.well-known/openid-configuration': { issuer: this.url, jwks_uri: `${this.url}/keys` },
        '/keys': { keys },
      };
      const answer = answers[url ?? ''];
      response.writeHead(answer ? 200 : 404, { 'content-type': 'application/json' });
      response.end(JSON.stringify(answer ?? {}));
    });
  }

  static async start(): Promise<Issuer> {
    const issuer = new Issuer();
    issuer.#server.listen(0, '127.0.0.1');
    await once(issuer.#server, 'listening');
    return issuer;
  }

  get url(): string {
    return `https://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  token(claims: object, { forged = false }: { forged?: boolean } = {}): string {
    const now = Math.floor(Date.now() / 1000);
    const scope = 'jobs:read jobs:write';
    const all = { iss: this.url, sub: 'somebody', scope, iat: now - 1, exp: now + 3600, ...claims };
    const text = `${part({ alg: 'RS256', typ: 'JWT', kid: 'one' })}.${part(all)}`;
    const key = forged ? generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey : this.#key;
    return `${text}.${sign('RSA-SHA256', Buffer.from(text), key).toString('base64url')}`;
  }

  async stop(): Promise<void> {
    this.#server.closeAllConnections();
    this.#server.close();
    await once(this.#server, 'close');
  }
}

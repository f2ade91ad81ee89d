import { generateKeyPairSync, type KeyObject } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { SignJWT } from 'jose';

/** An OpenID provider on loopback. */
export class LoopbackIssuer {
  readonly #server: Server;
  readonly #key: KeyObject;
  /** What its configuration says besides, or otherwise. */
  configuration: object = {};

  private constructor() {
    const { privateKey, publicKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
    this.#key = privateKey;
    const keys = [{ ...publicKey.export({ format: 'jwk' }), kid: 'one', use: 'sig', alg: 'RS256' }];
    this.#server = createServer(({ url }, response) => {
      const answers: Record<string, object> = {
        '/realm/.well-known/openid-configuration': {
          issuer: this.url,
          jwks_uri: `${this.url}/keys`,
          ...this.configuration,
        },
        '/realm/keys': { keys },
      };
      const answer = answers[url ?? ''];
      response.writeHead(answer ? 200 : 404, { 'content-type': 'application/json' });
      response.end(JSON.stringify(answer ?? {}));
    });
  }

  static async start(): Promise<LoopbackIssuer> {
    const issuer = new LoopbackIssuer();
    issuer.#server.listen(0, '127.0.0.1');
    await once(issuer.#server, 'listening');
    return issuer;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}/realm`;
  }

  token(claims: Record<string, unknown>): Promise<string> {
    return new SignJWT({ iss: this.url, ...claims })
      .setProtectedHeader({ alg: 'RS256', kid: 'one' })
      .setExpirationTime('1h')
      .sign(this.#key);
  }

  async stop(): Promise<void> {
    this.#server.closeAllConnections();
    this.#server.close();
    await once(this.#server, 'close');
  }
}

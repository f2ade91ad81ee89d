import { generateKeyPairSync, type KeyObject, sign } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type RequestListener, type Server } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { AddressInfo } from 'node:net';

const part = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url');

/** An OpenID provider on loopback: its configuration, its key, and the tokens it signs (RS256). */
export class Issuer {
  readonly #server: Server;
  readonly #scheme: 'http' | 'https';
  readonly #key: KeyObject;
  /** What its configuration says besides, or otherwise. */
  configuration: object = {};

  private constructor(certificate?: { key: Buffer; cert: Buffer }) {
    const { privateKey, publicKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
    this.#key = privateKey;
    const keys = [{ ...publicKey.export({ format: 'jwk' }), kid: 'one', use: 'sig', alg: 'RS256' }];
    const answering: RequestListener = ({ url }, response) => {
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
    };
    this.#scheme = certificate ? 'https' : 'http';
    this.#server = certificate ? createTlsServer(certificate, answering) : createServer(answering);
  }

  /** @param certificate for https, where that is asked of issuers. */
  static async start(certificate?: { key: Buffer; cert: Buffer }): Promise<Issuer> {
    const issuer = new Issuer(certificate);
    issuer.#server.listen(0, '127.0.0.1');
    await once(issuer.#server, 'listening');
    return issuer;
  }

  get url(): string {
    return `${this.#scheme}://127.0.0.1:${(this.#server.address() as AddressInfo).port}/realm`;
  }

  /** A token for an hour, unless the claims say otherwise. @param forged signed by another's key. */
  token(claims: object, { forged = false }: { forged?: boolean } = {}): string {
    const now = Math.floor(Date.now() / 1000);
    const all = { iss: this.url, iat: now - 1, exp: now + 3600, ...claims };
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

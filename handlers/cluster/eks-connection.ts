import { request as send } from 'node:https';
import { text } from 'node:stream/consumers';
import type { ApiAnswer, ApiRequest, Connection } from '../../k8s/connection.ts';
import { NoCredentials } from '../../k8s/failure.ts';
import { clusterToken, type Signer } from './token.ts';

/** What is needed to speak to an EKS cluster's API server. */
export interface EksCluster {
  name: string;
  /** The API server's address. */
  endpoint: string;
  /** PEM in base64, as EKS gives it. */
  certificateAuthority: string;
}

/**
 * A way into an EKS cluster as whoever the signer's credentials belong to. client-node would do it too, in a bundle four times as
 * large.
 */
export class EksConnection implements Connection {
  readonly server: string;
  readonly #name: string;
  readonly #authority: Buffer;
  readonly #signer: Signer;

  constructor({ name, endpoint, certificateAuthority }: EksCluster, signer: Signer) {
    this.server = new URL(endpoint).origin;
    this.#name = name;
    this.#authority = Buffer.from(certificateAuthority, 'base64');
    this.#signer = signer;
  }

  async send({ method, path, headers, body, signal }: ApiRequest): Promise<ApiAnswer> {
    const authorization = `Bearer ${await this.#token()}`;
    return new Promise((resolve, reject) => {
      const options = { method, headers: { ...headers, authorization }, ca: this.#authority, signal };
      send(new URL(path, this.server), options)
        .on('response', (response) => {
          text(response).then((answer) => {
            resolve({ status: response.statusCode ?? 0, text: answer });
          }, reject);
        })
        .on('error', reject)
        .end(body);
    });
  }

  /** A token is a signature, made without a call: one for each request never expires. */
  async #token(): Promise<string> {
    try {
      return await clusterToken(this.#name, this.#signer);
    } catch (error) {
      throw new NoCredentials(error);
    }
  }
}

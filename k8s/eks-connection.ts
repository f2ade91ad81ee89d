import { request as send } from 'node:https';
import { text } from 'node:stream/consumers';
import type { ClusterConnection, KubernetesRequest, KubernetesResponse } from './connection.ts';
import { NoCredentials } from './failure.ts';
import { clusterToken, type Signer } from './eks-token.ts';

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
export class EksConnection implements ClusterConnection {
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

  async send({ method, path, headers, body, signal }: KubernetesRequest): Promise<KubernetesResponse> {
    const credentials = { Authorization: `Bearer ${await this.#token()}` };
    // Node itself would send the body of a DELETE without saying how long it is.
    const length = body !== undefined && { 'Content-Length': Buffer.byteLength(body) };
    const options = {
      method,
      headers: { ...headers, ...credentials, ...length },
      ca: this.#authority,
      signal,
    };
    return new Promise((resolve, reject) => {
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

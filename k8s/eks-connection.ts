import { request as send } from 'node:https';
import { text } from 'node:stream/consumers';
import type { ClusterConnection, KubernetesRequest, KubernetesResponse } from './connection.ts';
import { NoCredentials } from './failure.ts';
import { clusterToken, type Signer } from './eks-token.ts';

/** The address of an EKS cluster's API server, and what a client needs to trust it. */
export interface EksAddress {
  name: string;
  endpoint: string;
  /** PEM in base64, as EKS gives it. */
  certificateAuthority: string;
}

/**
 * A connection to an EKS cluster with the AWS credentials of the signer. client-node can do this too, in a bundle four times as
 * large.
 */
export class EksConnection implements ClusterConnection {
  readonly server: string;
  readonly #name: string;
  readonly #authority: Buffer;
  readonly #signer: Signer;

  constructor({ name, endpoint, certificateAuthority }: EksAddress, signer: Signer) {
    this.server = new URL(endpoint).origin;
    this.#name = name;
    this.#authority = Buffer.from(certificateAuthority, 'base64');
    this.#signer = signer;
  }

  async send({ method, path, headers, body, signal }: KubernetesRequest): Promise<KubernetesResponse> {
    const credentials = { Authorization: `Bearer ${await this.#token()}` };
    // Node itself would send the body of a DELETE without its length.
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
          text(response).then((received) => {
            resolve({ status: response.statusCode ?? 0, text: received });
          }, reject);
        })
        .on('error', reject)
        .end(body);
    });
  }

  /** Makes a token, which is a signature and needs no call: each request has a new one, so that it never expires. */
  async #token(): Promise<string> {
    try {
      return await clusterToken(this.#name, this.#signer);
    } catch (error) {
      throw new NoCredentials(error);
    }
  }
}

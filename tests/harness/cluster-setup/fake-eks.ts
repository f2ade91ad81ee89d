import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { EKSClient } from '@aws-sdk/client-eks';

/** The fields of DescribeCluster's response that the setup reads. */
export interface DescribedCluster {
  status: string;
  endpoint?: string;
  certificateAuthority?: { data: string };
  accessConfig?: { authenticationMode: string };
  resourcesVpcConfig: { endpointPublicAccess: boolean; publicAccessCidrs?: string[] };
}

/** Describes a cluster in which jobs can run. */
export const usableCluster = (endpoint: string, certificate: string): DescribedCluster => ({
  status: 'ACTIVE',
  endpoint,
  certificateAuthority: { data: Buffer.from(certificate).toString('base64') },
  accessConfig: { authenticationMode: 'API' },
  resourcesVpcConfig: { endpointPublicAccess: true, publicAccessCidrs: ['0.0.0.0/0'] },
});

export interface Credentials {
  accessKeyId: string;
  secretAccessKey: string;
  sessionToken?: string;
}

/** A fake of EKS's API on loopback, with only DescribeCluster and these clusters. It makes clients, too. */
export class FakeEks {
  readonly clusters = new Map<string, DescribedCluster>();
  readonly #server = createServer((request, response) => {
    const name = /^\/clusters\/([^/?]+)$/.exec(request.url ?? '')?.[1] ?? '';
    const cluster = this.clusters.get(name);
    const [status, type, body] = this.denied
      ? [403, 'AccessDeniedException', { message: 'not authorized to perform: eks:DescribeCluster' }]
      : cluster
        ? [200, '', { cluster: { name, ...cluster } }]
        : [404, 'ResourceNotFoundException', { message: `No cluster found for name: ${name}.` }];
    response.writeHead(status, { 'content-type': 'application/json', 'x-amzn-errortype': type });
    response.end(JSON.stringify(body));
  });
  /** Whether the caller is not authorized. */
  denied = false;

  static async start(): Promise<FakeEks> {
    const fake = new FakeEks();
    await new Promise<void>((resolve) => fake.#server.listen(0, '127.0.0.1', resolve));
    return fake;
  }

  client(credentials: Credentials = { accessKeyId: 'AKIDTEST', secretAccessKey: 'secret' }): EKSClient {
    const { port } = this.#server.address() as AddressInfo;
    return new EKSClient({ endpoint: `http://127.0.0.1:${port}`, region: 'eu-central-1', credentials });
  }

  async stop(): Promise<void> {
    const closed = new Promise((resolve) => this.#server.close(resolve));
    this.#server.closeAllConnections();
    await closed;
  }
}

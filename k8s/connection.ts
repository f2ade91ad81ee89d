/** One HTTP request to an API server, as it is sent. */
export interface KubernetesRequest {
  method: 'GET' | 'POST' | 'PATCH' | 'DELETE';
  /** From the root, with its query. */
  path: string;
  headers: Record<string, string>;
  body?: string;
  signal: AbortSignal;
}

/** The response of an API server, of any status. */
export interface KubernetesResponse {
  status: number;
  text: string;
}

/** A connection to one API server, with the credentials of one user. */
export interface ClusterConnection {
  /** The address of the server, for messages. */
  readonly server: string;
  /** Sends a request once. @throws NoCredentials without credentials; any other error means that the response is missing. */
  send: (request: KubernetesRequest) => Promise<KubernetesResponse>;
}

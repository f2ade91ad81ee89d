/** One HTTP request to an API server. */
export interface ApiRequest {
  method: 'GET' | 'PATCH' | 'DELETE';
  /** From the root, with its query. */
  path: string;
  headers: Record<string, string>;
  body?: string;
  signal: AbortSignal;
}

export interface ApiAnswer {
  status: number;
  text: string;
}

/** A way to one API server, as whoever its credentials belong to. */
export interface Connection {
  /** Where the server is, for messages. */
  readonly server: string;
  /** Sends it once. @throws NoCredentials when there are none; anything else means that nobody answered. */
  send: (request: ApiRequest) => Promise<ApiAnswer>;
}

import { type Configuration, HttpMethod, type KubeConfig } from '@kubernetes/client-node';
import type { ApiAnswer, ApiRequest, Connection } from './connection.ts';
import { NoCredentials } from './failure.ts';

/** client-node makes its API classes from a Configuration; this takes the Configuration alone. */
class Configured {
  readonly configuration: Configuration;

  constructor(configuration: Configuration) {
    this.configuration = configuration;
  }
}

/** The current context of a kubeconfig; client-node finds the credentials and sends. */
export class KubeConfigConnection implements Connection {
  readonly server: string;
  readonly #configuration: Configuration;

  constructor(config: KubeConfig) {
    this.server = config.getCurrentCluster()?.server ?? '';
    this.#configuration = config.makeApiClient(Configured).configuration;
  }

  async send({ method, path, headers, body, signal }: ApiRequest): Promise<ApiAnswer> {
    const { baseServer, authMethods, httpApi } = this.#configuration;
    const context = baseServer.makeRequestContext(path, HttpMethod[method]);
    for (const [name, value] of Object.entries(headers)) context.setHeaderParam(name, value);
    if (body !== undefined) context.setBody(body);
    context.setSignal(signal);
    try {
      await authMethods.default?.applySecurityAuthentication(context);
    } catch (error) {
      throw new NoCredentials(error);
    }
    const answer = await httpApi.send(context).toPromise();
    return { status: answer.httpStatusCode, text: await answer.body.text() };
  }
}

import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { setFunctionEnvironment } from '../../local/environment.ts';
import { Functions } from '../../local/aws/lambda/functions.ts';
import { createGateway } from '../../local/aws/api-gateway/gateway.ts';
import { routesOf } from '../../local/http-api.ts';
import { readOptions } from '../../local/options.ts';
import { readFunctions } from '../../local/service-definition.ts';
import type { RunningService } from '../../tests/harness/running-service.ts';
import { type Call, CountingProxy } from './counting-proxy.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));

interface Proxies {
  dynamodb: CountingProxy;
  stepFunctions: CountingProxy;
}

/** A second API with the same functions. Their calls of AWS go through counting proxies to a running service. */
export class CountedApi {
  readonly #proxies: Proxies;
  readonly #gateway: ReturnType<typeof createGateway>;

  private constructor(proxies: Proxies, gateway: ReturnType<typeof createGateway>) {
    this.#proxies = proxies;
    this.#gateway = gateway;
  }

  static async start(): Promise<CountedApi> {
    const proxies = { dynamodb: await CountingProxy.start(), stepFunctions: await CountingProxy.start() };
    const endpoints = {
      dynamodb: proxies.dynamodb.url,
      stepFunctions: proxies.stepFunctions.url,
      scheduler: '',
    };
    setFunctionEnvironment(endpoints, readOptions([]));
    const definitions = readFunctions(root);
    const functions = await Functions.load(definitions);
    const routes = routesOf(definitions, (name, event) => functions.invoke(name, event));
    const gateway = createGateway(routes, () => Promise.resolve());
    gateway.listen(0, '127.0.0.1');
    await once(gateway, 'listening');
    return new CountedApi(proxies, gateway);
  }

  /** Sends a GET with a service's data. @returns its calls of AWS. @throws Error unless the status is 200. */
  async callsOf(service: RunningService, path: string): Promise<Call[]> {
    this.#proxies.dynamodb.setTarget(service.dynamodbUrl);
    this.#proxies.stepFunctions.setTarget(service.stepFunctionsUrl);
    const address = this.#gateway.address();
    const port = typeof address === 'object' && address ? address.port : 0;
    const response = await fetch(`http://127.0.0.1:${port}${path}`);
    const body = await response.text();
    if (response.status !== 200) throw new Error(`GET ${path}: ${response.status} ${body}`);
    return [...this.#proxies.dynamodb.takeCalls(), ...this.#proxies.stepFunctions.takeCalls()];
  }

  async stop(): Promise<void> {
    this.#gateway.closeAllConnections();
    await new Promise((resolve) => this.#gateway.close(resolve));
    await Promise.all([this.#proxies.dynamodb.stop(), this.#proxies.stepFunctions.stop()]);
  }
}

/** Describes calls and read units: `1 BatchGetItem, 16 units`. */
export function describeCalls(calls: readonly Call[]): string {
  const counted = new Map<string, number>();
  for (const { operation } of calls) counted.set(operation, (counted.get(operation) ?? 0) + 1);
  const units = calls.reduce((total, call) => total + call.units, 0);
  return `${[...counted].map(([operation, count]) => `${count} ${operation}`).join(', ')}, ${units} units`;
}

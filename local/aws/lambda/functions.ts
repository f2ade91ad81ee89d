import { randomUUID } from 'node:crypto';
import { pathToFileURL } from 'node:url';
import * as z from 'zod';
import type { FunctionDefinition } from '../../service-definition.ts';

/** What Lambda answers: the function's payload, or what it threw. */
export type Invocation = { payload: unknown } | { functionError: 'Unhandled'; payload: FunctionError };

export interface FunctionError {
  errorType: string;
  errorMessage: string;
}

type Handler = (event: unknown, context: object) => Promise<unknown>;

const isHandler = (value: unknown): value is Handler => typeof value === 'function';

interface Loaded {
  handler: Handler;
  definition: FunctionDefinition;
}

/** Runs the service's Lambda functions in this process, with the payloads and limits that Lambda would give them. */
export class Functions {
  readonly #handlers: ReadonlyMap<string, Loaded>;

  private constructor(handlers: ReadonlyMap<string, Loaded>) {
    this.#handlers = handlers;
  }

  /** Loads every handler; their settings must stand in the environment before. */
  static async load(definitions: readonly FunctionDefinition[]): Promise<Functions> {
    const loaded = await Promise.all(
      definitions.map(async (definition) => {
        const module = z
          .record(z.string(), z.unknown())
          .parse({ ...((await import(pathToFileURL(definition.module).href)) as object) });
        const handler = module[definition.export];
        if (!isHandler(handler)) throw new Error(`${definition.module} exports no ${definition.export}`);
        return [definition.name, { handler, definition }] as const;
      }),
    );
    return new Functions(new Map(loaded));
  }

  /**
   * Invokes a function and waits for its answer.
   * @param name its name in serverless.yml, or an ARN that ends with it.
   * @throws Error when there is no such function.
   */
  async invoke(name: string, event: unknown): Promise<Invocation> {
    const key = name.split(/[:-]/).at(-1) ?? name;
    const known = this.#handlers.get(key);
    if (!known) throw new Error(`there is no function ${name}`);
    const { handler, definition } = known;
    const requestId = randomUUID();
    const deadline = Date.now() + definition.timeoutSeconds * 1000;
    const context = {
      functionName: key,
      functionVersion: '$LATEST',
      invokedFunctionArn: name,
      memoryLimitInMB: '512',
      awsRequestId: requestId,
      callbackWaitsForEmptyEventLoop: false,
      getRemainingTimeInMillis: () => deadline - Date.now(),
    };
    const timedOut = Promise.withResolvers<Invocation>();
    const timer = setTimeout(() => {
      const errorMessage = `${requestId} Task timed out after ${definition.timeoutSeconds.toFixed(2)} seconds`;
      timedOut.resolve({
        functionError: 'Unhandled',
        payload: { errorType: 'Sandbox.Timedout', errorMessage },
      });
    }, definition.timeoutSeconds * 1000);
    try {
      return await Promise.race([run(handler, event, context), timedOut.promise]);
    } finally {
      clearTimeout(timer);
    }
  }
}

/** A payload is JSON on its way in and out: what JSON cannot carry must not work here either. */
async function run(handler: Handler, event: unknown, context: object): Promise<Invocation> {
  try {
    const answer = await handler(JSON.parse(JSON.stringify(event)), context);
    return { payload: answer === undefined ? null : JSON.parse(JSON.stringify(answer)) };
  } catch (error) {
    const { name: errorType, message: errorMessage } =
      error instanceof Error ? error : new Error(String(error));
    return { functionError: 'Unhandled', payload: { errorType, errorMessage } };
  }
}

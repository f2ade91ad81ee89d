import { randomUUID } from 'node:crypto';
import { pathToFileURL } from 'node:url';
import * as z from 'zod';
import type { LambdaInvocation } from '../invocation.ts';

/** One Lambda function: its module and export, and its time limit in seconds. */
export interface FunctionDefinition {
  name: string;
  module: string;
  export: string;
  timeoutSeconds: number;
}

type Handler = (event: unknown, context: object) => Promise<unknown>;

const isHandler = (value: unknown): value is Handler => typeof value === 'function';

interface LoadedFunction {
  handler: Handler;
  definition: FunctionDefinition;
}

/** Runs the service's Lambda functions in this process, with the payloads and limits that Lambda would give them. */
export class Functions {
  readonly #functions: ReadonlyMap<string, LoadedFunction>;

  private constructor(functions: ReadonlyMap<string, LoadedFunction>) {
    this.#functions = functions;
  }

  /** Loads every handler. The handlers read their settings from the environment while they load, so set it before. */
  static async load(definitions: readonly FunctionDefinition[]): Promise<Functions> {
    const loaded = await Promise.all(
      definitions.map(async (definition) => {
        const module = z
          .record(z.string(), z.unknown())
          .parse({ ...((await import(pathToFileURL(definition.module).href)) as object) });
        const handler = module[definition.export];
        if (!isHandler(handler)) {
          throw new Error(`${definition.module} does not export ${definition.export}`);
        }
        return [definition.name, { handler, definition }] as const;
      }),
    );
    return new Functions(new Map(loaded));
  }

  /**
   * Invokes a function and waits for its result.
   * @param name its name in serverless.yml, or an ARN that ends with it.
   * @throws Error when the function does not exist.
   */
  async invoke(name: string, event: unknown): Promise<LambdaInvocation> {
    const key = name.split(/[:-]/).at(-1) ?? name;
    const loaded = this.#functions.get(key);
    if (!loaded) throw new Error(`the function ${name} does not exist`);
    const { handler, definition } = loaded;
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
    const timedOut = Promise.withResolvers<LambdaInvocation>();
    const timer = setTimeout(() => {
      const errorMessage = `${requestId} Task timed out after ${definition.timeoutSeconds.toFixed(2)} seconds`;
      timedOut.resolve(failure('Sandbox.Timedout', errorMessage));
    }, definition.timeoutSeconds * 1000);
    try {
      return await Promise.race([run(handler, event, context), timedOut.promise]);
    } finally {
      clearTimeout(timer);
    }
  }
}

/** Calls a handler with JSON on its way in and out: what JSON cannot carry must not work here either. */
async function run(handler: Handler, event: unknown, context: object): Promise<LambdaInvocation> {
  try {
    const result = await handler(JSON.parse(JSON.stringify(event)), context);
    return { payload: result === undefined ? null : JSON.parse(JSON.stringify(result)) };
  } catch (error) {
    const { name, message } = error instanceof Error ? error : new Error(String(error));
    return failure(name, message);
  }
}

const failure = (errorType: string, errorMessage: string): LambdaInvocation => ({
  functionError: 'Unhandled',
  payload: { errorType, errorMessage },
});

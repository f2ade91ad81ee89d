import { randomUUID } from 'node:crypto';
import * as z from 'zod';
import type { InvokeLambda } from '../../invocation.ts';
import { TaskFailure } from '../errors.ts';
import type { Integration, Task } from '../integration.ts';
import { isJsonObject, type Json, jsonText, parseJson } from '../json.ts';

const invokeResource = 'arn:aws:states:::lambda:invoke';

const Arguments = z.object({
  FunctionName: z.string(),
  Payload: z.json().optional(),
  InvocationType: z.enum(['RequestResponse', 'Event', 'DryRun']).default('RequestResponse'),
  Qualifier: z.string().optional(),
  ClientContext: z.string().optional(),
  LogType: z.string().optional(),
});

/**
 * Runs lambda:invoke, and a function's plain ARN as Resource (developer guide, "Invoke an AWS Lambda function with Step
 * Functions").
 */
export class LambdaIntegration implements Integration {
  readonly #invoke: InvokeLambda;

  constructor(invoke: InvokeLambda) {
    this.#invoke = invoke;
  }

  supports(resource: string): boolean {
    return resource === invokeResource || resource.startsWith('arn:aws:lambda:');
  }

  async run(task: Task): Promise<Json> {
    if (task.resource !== invokeResource) return this.#call(task.resource, task.arguments);
    const parsed = Arguments.safeParse(task.arguments);
    if (!parsed.success) throw new TaskFailure('States.Runtime', z.prettifyError(parsed.error));
    const { FunctionName, Payload: argument = {}, InvocationType } = parsed.data;
    // A string Payload is JSON text; any other Payload is the value itself.
    const payload = typeof argument === 'string' ? parsePayload(argument) : argument;
    const called = this.#call(FunctionName, payload);
    if (InvocationType === 'RequestResponse') return invocation(200, await called);
    called.catch(() => undefined);
    return invocation(InvocationType === 'Event' ? 202 : 204, '');
  }

  async #call(name: string, argument: Json): Promise<Json> {
    const { payload: returned, functionError } = await this.#invoke(name, argument);
    // What a handler returns reaches Step Functions as JSON text; undefined is null.
    const payload = returned === undefined ? null : parseJson(JSON.stringify(returned));
    if (functionError === undefined) return payload;
    const error = isJsonObject(payload) ? payload['errorType'] : undefined;
    throw new TaskFailure(typeof error === 'string' ? error : 'Lambda.Unknown', jsonText(payload));
  }
}

/** Wraps the result as AWS does. */
function invocation(status: number, payload: Json): Json {
  const requestId = randomUUID();
  return {
    ExecutedVersion: '$LATEST',
    Payload: payload,
    SdkHttpMetadata: {
      AllHttpHeaders: { 'x-amzn-RequestId': [requestId] },
      HttpHeaders: { 'x-amzn-RequestId': requestId },
      HttpStatusCode: status,
    },
    SdkResponseMetadata: { RequestId: requestId },
    StatusCode: status,
  };
}

function parsePayload(text: string): Json {
  try {
    return parseJson(text);
  } catch {
    const problem = `Could not parse request body into json: ${text}`;
    throw new TaskFailure('Lambda.InvalidRequestContentException', problem);
  }
}

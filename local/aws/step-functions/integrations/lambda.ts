import { randomUUID } from 'node:crypto';
import * as z from 'zod';
import { TaskFailure } from '../errors.ts';
import type { Integration, Task } from '../integration.ts';
import type { Json } from '../json.ts';
import { isJsonObject, jsonText, parseJson } from '../json.ts';

const INVOKE = 'arn:aws:states:::lambda:invoke';

/**
 * Invokes a function by name or ARN. The payload is what it returned, or for an error what the Lambda runtime makes of one:
 * `{errorType, errorMessage, …}`. Throws when there is no such function.
 */
export type InvokeFunction = (
  name: string,
  payload: Json,
) => Promise<{ payload: unknown; functionError?: string }>;

const Arguments = z.object({
  FunctionName: z.string(),
  Payload: z.json().optional(),
  InvocationType: z.enum(['RequestResponse', 'Event', 'DryRun']).default('RequestResponse'),
  Qualifier: z.string().optional(),
  ClientContext: z.string().optional(),
  LogType: z.string().optional(),
});

/** lambda:invoke, and a function's plain ARN as Resource (developer guide, "Invoke an AWS Lambda function with Step Functions"). */
export class LambdaIntegration implements Integration {
  readonly #invoke: InvokeFunction;

  constructor(invoke: InvokeFunction) {
    this.#invoke = invoke;
  }

  supports(resource: string): boolean {
    return resource === INVOKE || resource.startsWith('arn:aws:lambda:');
  }

  async run(task: Task): Promise<Json> {
    if (task.resource !== INVOKE) return this.#call(task.resource, task.arguments);
    const parsed = Arguments.safeParse(task.arguments);
    if (!parsed.success) throw new TaskFailure('States.Runtime', z.prettifyError(parsed.error));
    const { FunctionName, Payload: given = {}, InvocationType } = parsed.data;
    // A string Payload is sent as it is, as JSON text; everything else is made into JSON text.
    const payload = typeof given === 'string' ? asJson(given) : given;
    const called = this.#call(FunctionName, payload);
    if (InvocationType === 'RequestResponse') return invocation(200, await called);
    called.catch(() => undefined);
    return invocation(InvocationType === 'Event' ? 202 : 204, '');
  }

  async #call(name: string, given: Json): Promise<Json> {
    const { payload: answered, functionError } = await this.#invoke(name, given);
    // What a handler returns reaches Step Functions as JSON text; nothing at all is null.
    const payload = answered === undefined ? null : parseJson(JSON.stringify(answered));
    if (functionError === undefined) return payload;
    const error = isJsonObject(payload) ? payload['errorType'] : undefined;
    throw new TaskFailure(typeof error === 'string' ? error : 'Lambda.Unknown', jsonText(payload));
  }
}

/** The result as AWS wraps it. */
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

function asJson(text: string): Json {
  try {
    return parseJson(text);
  } catch {
    const problem = `Could not parse request body into json: ${text}`;
    throw new TaskFailure('Lambda.InvalidRequestContentException', problem);
  }
}

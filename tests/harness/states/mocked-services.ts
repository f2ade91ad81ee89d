import type { Clock } from '../../../local/aws/clock.ts';
import { type Integration, type Task, TaskFailure } from '../../../local/aws/step-functions/index.ts';
import { isJsonObject, type Json, parseJson, textField } from '../../../local/aws/step-functions/json.ts';
import type { MockedResponse, RecordedCase } from './recorded-case.ts';

/**
 * Responds for every service as a recorded case defines: by state and try, or as the function that is invoked. A .sync
 * request has a second response that the recordings do not hold, so .sync is supported for eks:runJob only.
 */
export class MockedServices implements Integration {
  readonly #mocks: NonNullable<RecordedCase['mocks']>;
  readonly #clock: Clock;
  readonly #tries = new Map<string, number>();

  constructor(mocks: RecordedCase['mocks'], clock: Clock) {
    this.#mocks = mocks ?? {};
    this.#clock = clock;
  }

  supports(resource: string): boolean {
    if (resource.startsWith('arn:aws:lambda:')) return true;
    return /^arn:aws:states:::(lambda:invoke|dynamodb:\w+|aws-sdk:\w+:\w+|eks:runJob(\.sync)?)$/.test(
      resource,
    );
  }

  async run(task: Task): Promise<Json> {
    const byState = this.#mocks[`state:${task.stateName}`];
    if (Array.isArray(byState)) {
      const count = this.#tries.get(task.stateName) ?? 0;
      this.#tries.set(task.stateName, count + 1);
      return this.#respond(byState[count] ?? { unanswered: true }, task.arguments, task);
    }
    const { name, payload } = invocation(task);
    const byFunction = this.#mocks[`lambda:${name}`];
    if (byFunction === undefined || Array.isArray(byFunction))
      throw new Error(`no mock for ${task.stateName}`);
    const payloadOut = await this.#respond(byFunction, payload, task);
    if (task.resource.startsWith('arn:aws:lambda:')) return payloadOut;
    const token = '<any>';
    return {
      ExecutedVersion: '$LATEST',
      Payload: payloadOut,
      SdkHttpMetadata: { AllHttpHeaders: token, HttpHeaders: token, HttpStatusCode: 200 },
      SdkResponseMetadata: { RequestId: token },
      StatusCode: 200,
    };
  }

  async #respond(response: MockedResponse, echoed: Json, task: Task): Promise<Json> {
    if (response.unanswered === true) return new Promise<never>(() => undefined);
    if (response.delaySeconds !== undefined) {
      await this.#clock.sleepUntil(task.submittedAt + response.delaySeconds * 1000, task.signal);
    }
    if (response.error !== undefined) throw new TaskFailure(response.error, causeText(response.cause ?? ''));
    return response.echo === true ? echoed : (response.return ?? null);
  }
}

function invocation(task: Task): { name: string; payload: Json } {
  const fields: Json = isJsonObject(task.arguments) ? task.arguments : {};
  const direct = task.resource.startsWith('arn:aws:lambda:');
  const target = direct ? task.resource : textField(fields, 'FunctionName');
  const payload = direct ? task.arguments : (fields['Payload'] ?? {});
  return {
    name: /:function:([^:]+)/.exec(target)?.[1] ?? target,
    payload: typeof payload === 'string' ? parseJson(payload) : payload,
  };
}

function causeText(cause: Json): string {
  if (typeof cause === 'string') return cause;
  return JSON.stringify(isJsonObject(cause) ? cause['$jsonString'] : cause);
}

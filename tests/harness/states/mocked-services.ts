import { TaskFailure } from '../../../local/aws/step-functions/index.ts';
import type { Clock, Integration, Task } from '../../../local/aws/step-functions/index.ts';
import type { Json } from '../../../local/aws/step-functions/json.ts';
import { isJsonObject, parseJson, textOf } from '../../../local/aws/step-functions/json.ts';
import type { Answer, RecordedCase } from './recorded-case.ts';

/**
 * Every service, answering as a recorded case says: by state and try, or as the function that is invoked. A .sync request has
 * a second answer that the recordings do not give, so those are only taken of services this project runs itself.
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
      return this.#answer(byState[count] ?? { unanswered: true }, task.arguments, task);
    }
    const { name, payload } = invocation(task);
    const byFunction = this.#mocks[`lambda:${name}`];
    if (byFunction === undefined || Array.isArray(byFunction))
      throw new Error(`no mock for ${task.stateName}`);
    const answered = await this.#answer(byFunction, payload, task);
    if (task.resource.startsWith('arn:aws:lambda:')) return answered;
    const token = '<any>';
    return {
      ExecutedVersion: '$LATEST',
      Payload: answered,
      SdkHttpMetadata: { AllHttpHeaders: token, HttpHeaders: token, HttpStatusCode: 200 },
      SdkResponseMetadata: { RequestId: token },
      StatusCode: 200,
    };
  }

  async #answer(answer: Answer, echoed: Json, task: Task): Promise<Json> {
    if (answer.unanswered === true) return new Promise<never>(() => undefined);
    if (answer.delaySeconds !== undefined) {
      await this.#clock.sleepUntil(task.submittedAt + answer.delaySeconds * 1000, task.signal);
    }
    if (answer.error !== undefined) throw new TaskFailure(answer.error, causeText(answer.cause ?? ''));
    return answer.echo === true ? echoed : (answer.return ?? null);
  }
}

function invocation(task: Task): { name: string; payload: Json } {
  const given: Json = isJsonObject(task.arguments) ? task.arguments : {};
  const direct = task.resource.startsWith('arn:aws:lambda:');
  const target = direct ? task.resource : textOf(given, 'FunctionName');
  const payload = direct ? task.arguments : (given['Payload'] ?? {});
  return {
    name: /:function:([^:]+)/.exec(target)?.[1] ?? target,
    payload: typeof payload === 'string' ? parseJson(payload) : payload,
  };
}

function causeText(cause: Json): string {
  if (typeof cause === 'string') return cause;
  return JSON.stringify(isJsonObject(cause) ? cause['$jsonString'] : cause);
}

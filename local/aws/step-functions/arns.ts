import { AwsError } from '../wire.ts';

/** Characters AWS forbids in the names of state machines and executions (API reference, StartExecution, "name"). */
const forbiddenCharacters =
  // eslint-disable-next-line no-control-regex -- control characters are among the forbidden ones
  /[\s<>{}[\]?*"#%\\^|~`$&,;:/\u0000-\u001f\u007f-\u009f\ufffe\uffff\ud800-\udfff]/;

/** Checks the name of a state machine or execution. @throws AwsError InvalidName */
export function checkName(name: string): void {
  if (name.length < 1 || name.length > 80 || forbiddenCharacters.test(name)) {
    throw new AwsError('InvalidName', `Invalid Name: '${name}'`);
  }
}

/** Makes the ARNs of one account in one region. */
export class Arns {
  readonly #prefix: string;

  constructor(region: string, accountId: string) {
    this.#prefix = `arn:aws:states:${region}:${accountId}`;
  }

  machine(name: string): string {
    return `${this.#prefix}:stateMachine:${name}`;
  }

  execution(machineName: string, name: string): string {
    return `${this.#prefix}:execution:${machineName}:${name}`;
  }
}

/** Checks the form of an ARN. @throws AwsError InvalidArn */
export function checkArn(arn: string, kind: 'stateMachine' | 'execution'): void {
  if (!new RegExp(`^arn:aws:states:[^:]+:[^:]+:${kind}:.+$`).test(arn)) {
    throw new AwsError('InvalidArn', `Invalid Arn: '${arn}'`);
  }
}

import { ApiError } from './errors.ts';

/** Characters AWS forbids in the names of state machines and executions (API reference, StartExecution, "name"). */
// eslint-disable-next-line no-control-regex -- control characters are among what is forbidden
const FORBIDDEN = /[\s<>{}[\]?*"#%\\^|~`$&,;:/\u0000-\u001f\u007f-\u009f\ufffe\uffff\ud800-\udfff]/;

export function checkName(name: string): void {
  if (name.length < 1 || name.length > 80 || FORBIDDEN.test(name)) {
    throw new ApiError('InvalidName', `Invalid Name: '${name}'`);
  }
}

/** The ARNs of one account in one region. */
export class Names {
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

export function checkArn(arn: string, kind: 'stateMachine' | 'execution'): void {
  if (!new RegExp(`^arn:aws:states:[^:]+:[^:]+:${kind}:.+$`).test(arn)) {
    throw new ApiError('InvalidArn', `Invalid Arn: '${arn}'`);
  }
}

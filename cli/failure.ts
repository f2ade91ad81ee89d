import { UserError } from '../lib/user-error.ts';
import { exitCodes } from './exit-codes.ts';

export interface FailureOptions {
  exitCode?: number;
  /** What the user can do about it, one line each. */
  hints?: readonly string[];
  cause?: unknown;
}

/** A reason why a command failed: one line, what the user can do about it, and an exit code. */
export class CommandFailure extends UserError {
  override readonly name: string = 'CommandFailure';
  readonly exitCode: number;
  readonly hints: readonly string[];

  constructor(message: string, { exitCode = exitCodes.rejected, hints = [], cause }: FailureOptions = {}) {
    super(message, { cause });
    this.exitCode = exitCode;
    this.hints = hints;
  }
}

/** The command line, a file that it names or an environment variable is wrong. */
export class WrongUsage extends CommandFailure {
  override readonly name = 'WrongUsage';

  constructor(message: string, hints: readonly string[] = []) {
    super(message, { exitCode: exitCodes.usage, hints });
  }
}

/** The API cannot be reached: no connection, a broken connection, or a timeout. */
export class ApiUnreachable extends CommandFailure {
  override readonly name = 'ApiUnreachable';

  constructor(message: string, hints: readonly string[], cause?: unknown) {
    super(message, { exitCode: exitCodes.unreachable, hints, cause });
  }
}

/** The response is not from an eks-jobs API of this version. */
export class NotTheApi extends CommandFailure {
  override readonly name = 'NotTheApi';

  constructor(message: string) {
    super(message, {
      exitCode: exitCodes.unreachable,
      hints: ['Check --api and EKS_JOBS_API: the address of the API, without a route.'],
    });
  }
}

/** Ctrl-C, or another signal that ends a process. */
export class Interrupted extends CommandFailure {
  override readonly name = 'Interrupted';

  constructor(hints: readonly string[] = []) {
    super('interrupted', { exitCode: exitCodes.interrupted, hints });
  }
}

import { UserError } from '../lib/user-error.ts';
import { exitCodes } from './exit-codes.ts';

export interface FailureOptions {
  exitCode?: number;
  /** What can be done about it, a line each. */
  hints?: readonly string[];
  cause?: unknown;
}

/** Why a command could not do what it was asked for: one line, what can be done about it, and an exit code. */
export class CommandFailure extends UserError {
  override readonly name: string = 'CommandFailure';
  readonly exitCode: number;
  readonly hints: readonly string[];

  constructor(message: string, { exitCode = exitCodes.refused, hints = [], cause }: FailureOptions = {}) {
    super(message, { cause });
    this.exitCode = exitCode;
    this.hints = hints;
  }
}

/** The command line, a file it names or an environment variable is wrong. */
export class WrongUsage extends CommandFailure {
  override readonly name = 'WrongUsage';

  constructor(message: string, hints: readonly string[] = []) {
    super(message, { exitCode: exitCodes.usage, hints });
  }
}

/** Nobody answered: no connection, a connection that broke, or silence for too long. */
export class Unreachable extends CommandFailure {
  override readonly name = 'Unreachable';

  constructor(message: string, hints: readonly string[], cause?: unknown) {
    super(message, { exitCode: exitCodes.unreachable, hints, cause });
  }
}

/** Somebody answered, who is no eks-jobs API. */
export class NotTheApi extends CommandFailure {
  override readonly name = 'NotTheApi';

  constructor(message: string) {
    super(message, {
      exitCode: exitCodes.unreachable,
      hints: ['Look at --api and EKS_JOBS_API: the address of the API, without a route.'],
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

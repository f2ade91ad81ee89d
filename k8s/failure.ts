import { describeError } from '../lib/describe-error.ts';
import { UserError } from '../lib/user-error.ts';

/** A failure of a request to a cluster, or of what it asked for, that the user can correct. */
export class ClusterFailure extends UserError {
  override readonly name: string = 'ClusterFailure';
}

/** The connection or the response is missing: the API server may just be starting. */
export class Unreachable extends ClusterFailure {
  override readonly name = 'Unreachable';
}

/** Credentials for the cluster are missing or cannot be read. */
export class NoCredentials extends ClusterFailure {
  override readonly name = 'NoCredentials';

  constructor(cause: unknown) {
    super(`the credentials for the cluster are missing: ${describeError(cause)}`, { cause });
  }
}

/** The API server refused one request; the message names the object and gives the server's own reason. */
export class RequestRefused extends ClusterFailure {
  override readonly name = 'RequestRefused';
  readonly status: number;

  constructor(status: number, message: string) {
    super(message);
    this.status = status;
  }
}

/** The cluster does not have this kind: the software that provides it is not installed. */
export class UnknownKind extends ClusterFailure {
  override readonly name = 'UnknownKind';
}

/** Parameters that are wrong, each with its name and the problem. */
export class InvalidParameters extends ClusterFailure {
  override readonly name = 'InvalidParameters';
  readonly issues: readonly { name: string; message: string }[];

  constructor(issues: readonly { name: string; message: string }[]) {
    super(issues.map(({ name, message }) => `${name} ${message}`).join('; '));
    this.issues = issues;
  }
}

import { UserError } from '../../lib/user-error.ts';

/** Tells whether an error has this name of ECR's API reference. */
export const hasName = (error: unknown, name: string): boolean =>
  error instanceof Error && error.name === name;

/** Advice by the error's name; the messages of the other errors are enough. */
const advice: Record<string, string> = {
  AccessDeniedException:
    'these credentials lack a permission: .github/deploy-role.yml lists what a deploy needs',
  UnrecognizedClientException: 'AWS does not know these credentials: log in again, or check AWS_PROFILE',
  InvalidSignatureException: 'AWS does not accept these credentials: check the secret key and the clock',
  ExpiredTokenException: 'the credentials have expired: log in again',
  RepositoryNotEmptyException: 'it was pushed to a moment ago: try again',
  LimitExceededException: 'the account is at a limit of Amazon ECR: see Service Quotas',
};

/**
 * Does some work with Amazon ECR.
 * @throws UserError instead of an error of the AWS SDK, with advice if the table has some.
 */
export async function explainErrors<Result>(work: () => Promise<Result>): Promise<Result> {
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof Error) || error instanceof UserError) throw error;
    // The framework's own errors (missing credentials, an unknown profile) are clear.
    if (!('$metadata' in error) && !('code' in error && error.code === 'ECONNREFUSED')) throw error;
    const description = error.message === '' ? error.name : `${error.name}: ${error.message}`;
    const more = advice[error.name];
    throw new UserError(`Amazon ECR: ${description}${more === undefined ? '' : `\n  ${more}`}`);
  }
}

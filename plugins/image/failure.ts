import { UserError } from '../../lib/user-error.ts';

/** Whether that is the error's name, as ECR's API reference has it. */
export const called = (error: unknown, name: string): boolean =>
  error instanceof Error && error.name === name;

/** What to look at, by the error's name; the others' own messages say enough. */
const advice: Record<string, string> = {
  AccessDeniedException:
    'these credentials may not do that: .github/deploy-role.yml lists what a deploy needs',
  UnrecognizedClientException: 'AWS does not know these credentials: log in again, or look at AWS_PROFILE',
  InvalidSignatureException: 'AWS refuses these credentials: look at the secret key and at the clock',
  ExpiredTokenException: 'the credentials have expired: log in again',
  RepositoryNotEmptyException: 'it was pushed to a moment ago: try again',
  LimitExceededException: 'the account is at a limit of Amazon ECR: see Service Quotas',
};

/**
 * Does something with Amazon ECR.
 * @throws UserError in place of an error of the AWS SDK, with advice where there is some.
 */
export async function explained<Result>(work: () => Promise<Result>): Promise<Result> {
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof Error) || error instanceof UserError) throw error;
    // The framework's own errors (no credentials, no such profile) say what to do.
    if (!('$metadata' in error) && !('code' in error && error.code === 'ECONNREFUSED')) throw error;
    const said = error.message === '' ? error.name : `${error.name}: ${error.message}`;
    const more = advice[error.name];
    throw new UserError(`Amazon ECR: ${said}${more === undefined ? '' : `\n  ${more}`}`);
  }
}

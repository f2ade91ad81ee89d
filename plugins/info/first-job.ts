import type { Authorization } from '../../jobs/settings.ts';

/** A deployed API. */
export interface Api {
  url: string;
  authorization: Authorization;
  region: string;
}

/**
 * Writes the shell lines that start a job and read its result. The credentials stay in variables: every user of a machine can see
 * a command line, and the shell's history keeps it.
 */
export function firstJob({ url, authorization, region }: Api): string[] {
  const { before, options } = authentications[authorization](region);
  const curl = ['curl', '--fail-with-body', ...options].join(' ');
  const token = authorization === 'jwt' ? 'EKS_JOBS_TOKEN="$TOKEN" ' : '';
  return [
    ...before,
    `${curl} --request POST '${url}/jobs'`,
    `${curl} '${url}/jobs/stats'`,
    `# The same with this repository's own command, which waits for the job: ${token}EKS_JOBS_API='${url}' npx eks-jobs submit --wait`,
  ];
}

/** The lines before the calls, and the options of each call. */
interface CurlAuthentication {
  before: string[];
  options: string[];
}

const authentications: Record<Authorization, (region: string) => CurlAuthentication> = {
  iam: (region) => ({
    before: [
      '# curl 7.88 or newer; credentials with execute-api:Invoke, which the AWS CLI puts into variables:',
      'eval "$(aws configure export-credentials --format env)"',
    ],
    options: [
      `--aws-sigv4 'aws:amz:${region}:execute-api'`,
      '--user "$AWS_ACCESS_KEY_ID:$AWS_SECRET_ACCESS_KEY"',
      // The keys of a user have no token, and curl signs a header without a value but does not send it: another header then.
      // Quoted as a whole: not every shell splits the value of a variable.
      '--header "${AWS_SESSION_TOKEN:+x-amz-security-token: }${AWS_SESSION_TOKEN:-accept: application/json}"',
    ],
  }),
  jwt: () => ({
    before: [
      "# TOKEN: an access token of the API's issuer and audience, with the scopes jobs:read and jobs:write",
    ],
    options: ['--header "authorization: Bearer $TOKEN"'],
  }),
  none: () => ({ before: ['# Anyone may call this API: --param auth=none'], options: [] }),
};

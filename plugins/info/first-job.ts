import type { Authorization } from '../../jobs/settings.ts';

/** An API that was deployed. */
export interface Api {
  url: string;
  authorization: Authorization;
  region: string;
}

/**
 * The shell lines that start a job and look at what became of it. The credentials stay in variables: a command line is
 * seen by every user of a machine, and kept in the shell's history.
 */
export function firstJob({ url, authorization, region }: Api): string[] {
  const { before, options } = ways[authorization](region);
  const curl = ['curl', '--fail-with-body', ...options].join(' ');
  const token = authorization === 'jwt' ? 'EKS_JOBS_TOKEN="$TOKEN" ' : '';
  return [
    ...before,
    `${curl} --request POST '${url}/jobs'`,
    `${curl} '${url}/jobs/stats'`,
    `# The same, waited for, by this repository's own command: ${token}EKS_JOBS_API='${url}' npx eks-jobs submit --wait`,
  ];
}

/** What comes before the calls, and with each of them. */
interface Way {
  before: string[];
  options: string[];
}

const ways: Record<Authorization, (region: string) => Way> = {
  iam: (region) => ({
    before: [
      '# curl 7.88 or newer; credentials that may execute-api:Invoke, by the AWS CLI where they are in no variables:',
      'eval "$(aws configure export-credentials --format env)"',
    ],
    options: [
      `--aws-sigv4 'aws:amz:${region}:execute-api'`,
      '--user "$AWS_ACCESS_KEY_ID:$AWS_SECRET_ACCESS_KEY"',
      // A user's own keys have no token, and a header without a value is one that curl signs and does not send: then
      // some other header. Quoted as a whole: not every shell splits what a variable expands to.
      '--header "${AWS_SESSION_TOKEN:+x-amz-security-token: }${AWS_SESSION_TOKEN:-accept: application/json}"',
    ],
  }),
  jwt: () => ({
    before: [
      "# TOKEN: an access token of the API's issuer and audience, with the scopes jobs:read and jobs:write",
    ],
    options: ['--header "authorization: Bearer $TOKEN"'],
  }),
  none: () => ({ before: ['# Anybody may call this API: --param auth=none'], options: [] }),
};

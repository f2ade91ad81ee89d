import type { AwsCredentialIdentityProvider } from '@smithy/types';

/**
 * Stands for @aws-sdk/credential-provider-node in the bundles (serverless.yml, `alias`): of all the places where credentials may
 * be, a Lambda function has them in its environment, fresh at each start.
 * https://docs.aws.amazon.com/lambda/latest/dg/configuration-envvars.html
 * @throws Error naming the variables, when they are not there.
 */
export const defaultProvider = (): AwsCredentialIdentityProvider => () => {
  const {
    AWS_ACCESS_KEY_ID: accessKeyId,
    AWS_SECRET_ACCESS_KEY: secretAccessKey,
    AWS_SESSION_TOKEN: sessionToken,
  } = process.env;
  if (!accessKeyId || !secretAccessKey) {
    return Promise.reject(new Error('AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY are not set'));
  }
  return Promise.resolve({ accessKeyId, secretAccessKey, ...(sessionToken && { sessionToken }) });
};

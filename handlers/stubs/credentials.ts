import type { AwsCredentialIdentityProvider } from '@smithy/types';

/**
 * Replaces @aws-sdk/credential-provider-node in the bundles (serverless.yml, `alias`). A Lambda function has its credentials in
 * its environment, fresh at each start; the package would look in many other places.
 * https://docs.aws.amazon.com/lambda/latest/dg/configuration-envvars.html
 * @throws Error which names the variables, if they are not set.
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

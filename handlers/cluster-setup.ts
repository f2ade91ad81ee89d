import { join } from 'node:path';
import { EKSClient } from '@aws-sdk/client-eks';
import { injectLambdaContext } from '@aws-lambda-powertools/logger/middleware';
import middy from '@middy/core';
import { readManifests } from '../k8s/manifests.ts';
import { respond } from '../k8s/setup/respond.ts';
import { logger } from './middleware/logger.ts';

const client = new EKSClient();

/** The manifests are in the package, at the same path as in the repository. */
const manifests = join(import.meta.dirname, '..', 'k8s', 'manifests');

/** CloudFormation's custom resource: applies the manifests of k8s/ to the cluster. The response goes to CloudFormation. */
export const handler = middy()
  .use(injectLambdaContext(logger, { resetKeys: true }))
  .handler(async (event, context) => {
    await respond(event, {
      client,
      readSources: () => readManifests(manifests),
      remaining: () => context.getRemainingTimeInMillis(),
      log: `${context.logGroupName}, ${context.logStreamName}`,
      report: (message, details) => {
        logger.info(message, details);
      },
    });
  });

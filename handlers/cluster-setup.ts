import { join } from 'node:path';
import { CloudWatchLogsClient } from '@aws-sdk/client-cloudwatch-logs';
import { EKSClient } from '@aws-sdk/client-eks';
import { injectLambdaContext } from '@aws-lambda-powertools/logger/middleware';
import middy from '@middy/core';
import { readManifests } from '../k8s/manifests.ts';
import { handleRequest } from '../k8s/setup/handle-request.ts';
import { customResourceFunction } from './middleware/custom-resource.ts';
import { logger } from './middleware/logger.ts';
import { isStackBeingDeleted } from './middleware/stack-deletion.ts';

const client = new EKSClient();
const logsClient = new CloudWatchLogsClient();

/** The manifests are packaged with the bundle, at the same path as in the repository. */
const manifests = join(import.meta.dirname, '..', 'k8s', 'manifests');

/** Applies k8s/ to the cluster, as a custom resource of CloudFormation. The response goes to CloudFormation alone. */
export const handler = middy()
  .use(injectLambdaContext(logger, { resetKeys: true }))
  .handler(async (event, context) => {
    await handleRequest(event, {
      ...customResourceFunction(context),
      client,
      logsClient,
      readSources: () => readManifests(manifests),
      isStackBeingDeleted: (stackId) => isStackBeingDeleted(stackId),
    });
  });

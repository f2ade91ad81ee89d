import { injectLambdaContext } from '@aws-lambda-powertools/logger/middleware';
import middy from '@middy/core';
import * as z from 'zod';
import { settle } from '../jobs/settle.ts';
import { stopRunningJobs } from '../jobs/stop-running-jobs.ts';
import { respondToCloudFormation } from '../lib/custom-resource/respond.ts';
import { customResourceFunction } from './middleware/custom-resource.ts';
import { logger } from './middleware/logger.ts';
import { openExecutions, openStore } from './middleware/services.ts';
import { isStackBeingDeleted } from './middleware/stack-deletion.ts';

const store = openStore();
const executions = openExecutions();

const Properties = z.object({ StateMachine: z.string().startsWith('arn:') });

/** ClusterSetup is deleted after this resource, and deletes the Kubernetes Jobs of the whole namespace at once. */
const cluster = { deleteJobs: () => Promise.resolve() };

/**
 * Stops the jobs when the stack is deleted, as a custom resource of CloudFormation (resources/removal.yml). A Delete in any other
 * state of the stack, for example after an update that replaced the resource, stops nothing.
 * The rule that settles stopped jobs, and its function, may be deleted at the same time. So it settles them itself.
 */
export const handler = middy()
  .use(injectLambdaContext(logger, { resetKeys: true }))
  .handler(async (event, context) => {
    await respondToCloudFormation(
      event,
      customResourceFunction(context),
      async (request, { resource, signal, note }) => {
        if (request.RequestType !== 'Delete') {
          const { StateMachine } = Properties.parse(request.ResourceProperties);
          return { Status: 'SUCCESS', PhysicalResourceId: StateMachine };
        }
        if (await isStackBeingDeleted(request.StackId)) {
          await stopRunningJobs({
            store,
            executions,
            settle: (job) => settle(job, { store, executions, cluster, now: () => new Date() }),
            signal,
            note,
          });
        }
        return { Status: 'SUCCESS', PhysicalResourceId: resource.id };
      },
    );
  });

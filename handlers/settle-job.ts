import { injectLambdaContext } from '@aws-lambda-powertools/logger/middleware';
import middy from '@middy/core';
import * as z from 'zod';
import { openCluster } from '../jobs/cluster/open.ts';
import { executionFence } from '../jobs/execution.ts';
import { JobId } from '../jobs/ids.ts';
import { settle, type Settlement, type SettleRequest } from '../jobs/settle.ts';
import { logger } from './middleware/logger.ts';
import { openExecutions, openStore } from './middleware/services.ts';

/** The event of the state machine's last state. */
const FromMachine = z.strictObject({ jobId: JobId, execution: z.string() });

/** The event of EventBridge for an execution that failed, timed out or was aborted. */
const FromEvent = z.object({
  'detail-type': z.literal('Step Functions Execution Status Change'),
  detail: z.object({
    executionArn: z.string(),
    startDate: z.number(),
    status: z.enum(['FAILED', 'TIMED_OUT', 'ABORTED']),
  }),
});

const Event = z.union([FromMachine, FromEvent]);

const store = openStore();
const executions = openExecutions();
const cluster = openCluster();

/** Settles a job. Called by the state machine and by EventBridge; sweep calls the same rule. */
export const handler = middy<unknown, Settlement | undefined>()
  .use(injectLambdaContext(logger, { resetKeys: true }))
  .handler(async (event) => {
    const request = await requestOf(Event.parse(event));
    if (!request) return undefined;
    const settlement = await settle(request, { store, executions, cluster, now: () => new Date() });
    logger.info('job settled', { ...request, verdict: settlement.verdict });
    return settlement;
  });

async function requestOf(event: z.infer<typeof Event>): Promise<SettleRequest | undefined> {
  if ('jobId' in event) return { ...event, status: 'RUNNING' };
  const { executionArn, startDate, status } = event.detail;
  const execution = await executions.describe(executionArn);
  if (!execution?.input) {
    logger.warn('an execution without a job ended', { executionArn, status });
    return undefined;
  }
  const started = new Date(startDate).toISOString();
  return { jobId: execution.input.jobId, execution: executionFence(executionArn, started), status };
}

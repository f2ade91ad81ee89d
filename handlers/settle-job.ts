import { injectLambdaContext } from '@aws-lambda-powertools/logger/middleware';
import middy from '@middy/core';
import * as z from 'zod';
import { openCluster } from '../jobs/cluster/open.ts';
import { executionFence } from '../jobs/execution.ts';
import { JobId } from '../jobs/ids.ts';
import { settle, type Settlement, type SettleRequest } from '../jobs/settle.ts';
import { logger } from './middleware/logger.ts';
import { openExecutions, openStore } from './middleware/services.ts';

/** The state machine's last state asks with these words. */
const FromMachine = z.strictObject({ jobId: JobId, execution: z.string() });

/** EventBridge, when an execution ended outside the machine. */
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

/** Ends a job for good: called by the state machine, by EventBridge, and (its core) by sweep. */
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
    logger.warn('an execution ended that was no job', { executionArn, status });
    return undefined;
  }
  const started = new Date(startDate).toISOString();
  return { jobId: execution.input.jobId, execution: executionFence(executionArn, started), status };
}

import { injectLambdaContext } from '@aws-lambda-powertools/logger/middleware';
import middy from '@middy/core';
import * as z from 'zod';
import { openCluster } from '../jobs/cluster/open.ts';
import { type ScheduleSweepResult, sweepSchedules } from '../jobs/schedules/sweep.ts';
import { settle } from '../jobs/settle.ts';
import { sweep, type SweepResult } from '../jobs/sweep.ts';
import { openSchedules } from './middleware/schedule-services.ts';
import { logger } from './middleware/logger.ts';
import { openExecutions, openStore } from './middleware/services.ts';

const store = openStore();
const executions = openExecutions();
const cluster = openCluster();
const schedules = openSchedules();
const now = (): Date => new Date();

/** The event is empty, except on one machine: there it lists the jobs that wait for their turn, oldest first. */
const Event = z.object({ waitingTurn: z.array(z.string()).default([]) });

/** Repairs every five minutes what events missed. */
export const handler = middy<unknown, SweepResult & { schedules: ScheduleSweepResult }>()
  .use(injectLambdaContext(logger, { resetKeys: true }))
  .handler(async (event) => {
    const { waitingTurn } = Event.parse(event);
    // First, because it does not need the cluster.
    const sweptSchedules = await sweepSchedules(schedules);
    const jobs = await sweep({
      store,
      executions,
      now,
      settle: (request) => settle(request, { store, executions, cluster, now }),
      pods: cluster.pods,
      waiting: async () =>
        new Map([
          ...waitingTurn.map((jobId) => [jobId, 'LimitReached'] as const),
          ...(await cluster.waitingJobs()),
        ]),
      report: (message, problem) => {
        logger.error(message, { problem });
      },
    });
    const swept = { ...jobs, schedules: sweptSchedules };
    logger.info('swept', swept);
    return swept;
  });

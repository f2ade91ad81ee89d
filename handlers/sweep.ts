import { injectLambdaContext } from '@aws-lambda-powertools/logger/middleware';
import middy from '@middy/core';
import { sweepSchedules, type SchedulesSwept } from '../jobs/schedules/sweep.ts';
import { settle } from '../jobs/settle.ts';
import { sweep, type Swept } from '../jobs/sweep.ts';
import { openCluster } from './cluster.ts';
import { openSchedules } from './schedules.ts';
import { logger, openExecutions, openStore } from './services.ts';

const store = openStore();
const executions = openExecutions();
const cluster = openCluster();
const schedules = openSchedules();
const now = (): Date => new Date();

/** Every five minutes: what events missed. */
export const handler = middy<unknown, Swept & { schedules: SchedulesSwept }>()
  .use(injectLambdaContext(logger, { resetKeys: true }))
  .handler(async () => {
    const jobs = await sweep({
      store,
      executions,
      now,
      settle: (asking) => settle(asking, { store, executions, cluster, now }),
      report: (message, problem) => {
        logger.error(message, { problem });
      },
    });
    const swept = { ...jobs, schedules: await sweepSchedules(schedules) };
    logger.info('swept', swept);
    return swept;
  });

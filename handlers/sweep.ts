import { injectLambdaContext } from '@aws-lambda-powertools/logger/middleware';
import middy from '@middy/core';
import { settle } from '../jobs/settle.ts';
import { sweep, type Swept } from '../jobs/sweep.ts';
import { openCluster } from './cluster.ts';
import { logger, openExecutions, openStore } from './services.ts';

const store = openStore();
const executions = openExecutions();
const cluster = openCluster();
const now = (): Date => new Date();

/** Every five minutes: what events missed. */
export const handler = middy<unknown, Swept>()
  .use(injectLambdaContext(logger, { resetKeys: true }))
  .handler(async () => {
    const swept = await sweep({
      store,
      executions,
      now,
      settle: (asking) => settle(asking, { store, executions, cluster, now }),
      report: (message, problem) => {
        logger.error(message, { problem });
      },
    });
    logger.info('swept', { ...swept });
    return swept;
  });

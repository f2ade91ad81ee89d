import type { Command } from 'commander';
import { renderStats } from '../output/job.ts';
import { type CommandContext, newCommand, withAction } from '../session.ts';

/** `eks-jobs stats`: GET /jobs/stats */
export const statsCommand = (context: CommandContext): Command =>
  withAction(
    newCommand('stats', 'Show how many attempts and jobs there were, and how they ended.', [
      'eks-jobs stats',
      'eks-jobs stats --output json | jq .failedJob',
    ]),
    context,
    async (session) => {
      session.printResponse(await session.api.stats(), renderStats);
      return undefined;
    },
  );

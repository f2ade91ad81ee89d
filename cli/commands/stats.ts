import type { Command } from 'commander';
import { command, runs, type Setting } from '../action.ts';
import { renderStats } from '../output/stats.ts';

/** `eks-jobs stats`: GET /jobs/stats */
export const stats = (setting: Setting): Command =>
  runs(
    command('stats', 'Show how many attempts and jobs there were, and how they ended.', [
      'eks-jobs stats',
      'eks-jobs stats --output json | jq .failedJob',
    ]),
    setting,
    async (session) => {
      session.show(await session.api.stats(), renderStats);
      return undefined;
    },
  );

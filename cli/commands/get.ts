import type { Command } from 'commander';
import { jobIdArgument, type WaitOptions, withWaitOptions } from '../arguments.ts';
import { renderJob } from '../output/job.ts';
import { type CommandContext, newCommand, withAction } from '../session.ts';
import { waitForJob } from '../wait.ts';

/** `eks-jobs get`: GET /jobs/{jobId} */
export const getCommand = (context: CommandContext): Command =>
  withAction<WaitOptions>(
    withWaitOptions(
      newCommand('get', 'Show a job: status, progress, attempts, result or error.', [
        'eks-jobs get 01k…',
        'eks-jobs get 01k… --wait && echo succeeded',
        'eks-jobs get 01k… --output json | jq .result',
      ]).addArgument(jobIdArgument()),
    ),
    context,
    async (session, options, jobId = '') => {
      if (options.wait) return await waitForJob(jobId, session, options);
      session.printResponse(await session.api.job(jobId), renderJob);
      return undefined;
    },
  );

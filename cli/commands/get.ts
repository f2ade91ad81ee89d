import type { Command } from 'commander';
import { command, runs, type Setting } from '../action.ts';
import { jobIdArgument } from '../arguments/identifiers.ts';
import { renderJob } from '../output/job.ts';
import { waitOption, type WaitOptions, waitSecondsOption } from '../wait/options.ts';
import { waitFor } from '../wait/wait.ts';

/** `eks-jobs get`: GET /jobs/{jobId} */
export const get = (setting: Setting): Command =>
  runs<WaitOptions>(
    command('get', 'Show a job: status, progress, attempts, result or error.', [
      'eks-jobs get 01k…',
      'eks-jobs get 01k… --wait && echo succeeded',
      'eks-jobs get 01k… --output json | jq .result',
    ])
      .addArgument(jobIdArgument())
      .addOption(waitOption())
      .addOption(waitSecondsOption()),
    setting,
    async (session, options, jobId = '') => {
      if (options.wait) return await waitFor(jobId, session, options);
      session.show(await session.api.job(jobId), renderJob);
      return undefined;
    },
  );

import type { Command } from 'commander';
import { command, runs, type Setting } from '../action.ts';
import { jobIdArgument } from '../arguments/identifiers.ts';

/** `eks-jobs cancel`: DELETE /jobs/{jobId} */
export const cancel = (setting: Setting): Command =>
  runs(
    command('cancel', 'Cancel a job: it runs no further try.', ['eks-jobs cancel 01k…']).addArgument(
      jobIdArgument(),
    ),
    setting,
    async (session, _options, jobId = '') => {
      session.show(await session.api.cancel(jobId), () => `job ${jobId} is CANCELLED\n`);
      return undefined;
    },
  );

import type { Command } from 'commander';
import { jobIdArgument } from '../arguments.ts';
import { type CommandContext, newCommand, withAction } from '../session.ts';

/** `eks-jobs cancel`: DELETE /jobs/{jobId} */
export const cancelCommand = (context: CommandContext): Command =>
  withAction(
    newCommand('cancel', 'Cancel a job that has not ended.', ['eks-jobs cancel 01k…']).addArgument(
      jobIdArgument(),
    ),
    context,
    async (session, _options, jobId = '') => {
      session.printResponse(await session.api.cancel(jobId), () => `job ${jobId} is CANCELLED\n`);
      return undefined;
    },
  );

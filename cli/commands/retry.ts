import type { Command } from 'commander';
import {
  idempotencyKeyOption,
  jobIdArgument,
  type PostOptions,
  type WaitOptions,
  withWaitOptions,
} from '../arguments.ts';
import { type CommandContext, newCommand, withAction } from '../session.ts';
import { finishPost } from '../wait.ts';

/** `eks-jobs retry`: POST /jobs/{jobId}/retry */
export const retryCommand = (context: CommandContext): Command =>
  withAction<PostOptions & WaitOptions>(
    withWaitOptions(
      newCommand('retry', 'Run an ended job again, as a new job with the same input.', [
        'eks-jobs retry 01k…',
        'eks-jobs retry 01k… --wait',
      ])
        .addArgument(jobIdArgument())
        .addOption(idempotencyKeyOption()),
    ),
    context,
    async (session, options, jobId = '') =>
      await finishPost(await session.api.retry(jobId, options.idempotencyKey), session, options),
  );

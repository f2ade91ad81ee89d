import type { Command } from 'commander';
import { command, runs, type Setting } from '../action.ts';
import { idempotencyKeyOption } from '../arguments/common-options.ts';
import { jobIdArgument } from '../arguments/identifiers.ts';
import { waitOption, type WaitOptions, waitSecondsOption } from '../wait/options.ts';
import { afterPosting } from '../wait/posted.ts';

interface Options extends WaitOptions {
  idempotencyKey?: string;
}

/** `eks-jobs retry`: POST /jobs/{jobId}/retry */
export const retry = (setting: Setting): Command =>
  runs<Options>(
    command('retry', 'Run a job again that has ended, as a new one with the same input.', [
      'eks-jobs retry 01k…',
      'eks-jobs retry 01k… --wait',
    ])
      .addArgument(jobIdArgument())
      .addOption(idempotencyKeyOption())
      .addOption(waitOption())
      .addOption(waitSecondsOption()),
    setting,
    async (session, options, jobId = '') =>
      await afterPosting(await session.api.retry(jobId, options.idempotencyKey), session, options),
  );

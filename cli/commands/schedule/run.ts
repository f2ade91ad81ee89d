import type { Command } from 'commander';
import { command, runs, type Setting } from '../../action.ts';
import { idempotencyKeyOption } from '../../arguments/common-options.ts';
import { scheduleIdArgument } from '../../arguments/identifiers.ts';
import { waitOption, type WaitOptions, waitSecondsOption } from '../../wait/options.ts';
import { afterPosting } from '../../wait/posted.ts';

interface Options extends WaitOptions {
  idempotencyKey?: string;
}

/** `eks-jobs schedule run`: POST /jobs/schedules/{scheduleId}/run */
export const runSchedule = (setting: Setting): Command =>
  runs<Options>(
    command('run', 'Run a job of a schedule now, also while it is paused.', [
      'eks-jobs schedule run 01k…',
      'eks-jobs schedule run 01k… --wait',
    ])
      .addArgument(scheduleIdArgument())
      .addOption(idempotencyKeyOption())
      .addOption(waitOption())
      .addOption(waitSecondsOption()),
    setting,
    async (session, options, scheduleId = '') =>
      await afterPosting(await session.api.runSchedule(scheduleId, options.idempotencyKey), session, options),
  );

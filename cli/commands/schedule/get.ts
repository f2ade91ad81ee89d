import type { Command } from 'commander';
import { command, runs, type Setting } from '../../action.ts';
import { scheduleIdArgument } from '../../arguments/identifiers.ts';
import { renderSchedule } from '../../output/schedule.ts';

/** `eks-jobs schedule get`: GET /jobs/schedules/{scheduleId} */
export const getSchedule = (setting: Setting): Command =>
  runs(
    command('get', 'Show a schedule: its expressions, its next runs, the input of its jobs.', [
      'eks-jobs schedule get 01k…',
    ]).addArgument(scheduleIdArgument()),
    setting,
    async (session, _options, scheduleId = '') => {
      session.show(await session.api.schedule(scheduleId), renderSchedule);
      return undefined;
    },
  );

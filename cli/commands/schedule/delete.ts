import type { Command } from 'commander';
import { command, runs, type Setting } from '../../action.ts';
import { scheduleIdArgument } from '../../arguments/identifiers.ts';

/** `eks-jobs schedule delete`: DELETE /jobs/schedules/{scheduleId} */
export const deleteSchedule = (setting: Setting): Command =>
  runs(
    command('delete', 'Delete a schedule; its jobs stay.', ['eks-jobs schedule delete 01k…']).addArgument(
      scheduleIdArgument(),
    ),
    setting,
    async (session, _options, scheduleId = '') => {
      session.show(await session.api.deleteSchedule(scheduleId), () => `schedule ${scheduleId} is deleted\n`);
      return undefined;
    },
  );

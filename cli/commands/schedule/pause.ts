import type { Command } from 'commander';
import { command, runs, type Setting } from '../../action.ts';
import { scheduleIdArgument } from '../../arguments/identifiers.ts';
import { renderSchedule } from '../../output/schedule.ts';

const switching =
  (name: string, description: string, enabled: boolean) =>
  (setting: Setting): Command =>
    runs(
      command(name, description, [`eks-jobs schedule ${name} 01k…`]).addArgument(scheduleIdArgument()),
      setting,
      async (session, _options, scheduleId = '') => {
        session.show(await session.api.changeSchedule(scheduleId, { enabled }), renderSchedule);
        return undefined;
      },
    );

/** `eks-jobs schedule pause`: PATCH /jobs/schedules/{scheduleId}, enabled: false */
export const pauseSchedule = switching('pause', 'Let a schedule fire no more, until it is resumed.', false);

/** `eks-jobs schedule resume`: PATCH /jobs/schedules/{scheduleId}, enabled: true */
export const resumeSchedule = switching('resume', 'Let a paused schedule fire again.', true);

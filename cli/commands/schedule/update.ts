import type { Command } from 'commander';
import { command, runs, type Setting } from '../../action.ts';
import { inputOption } from '../../arguments/common-options.ts';
import { scheduleIdArgument } from '../../arguments/identifiers.ts';
import { readInput } from '../../arguments/input.ts';
import { WrongUsage } from '../../failure.ts';
import { renderSchedule } from '../../output/schedule.ts';

interface Options {
  cron?: string;
  timezone?: string;
  input?: string;
}

/** `eks-jobs schedule update`: PATCH /jobs/schedules/{scheduleId} */
export const updateSchedule = (setting: Setting): Command =>
  runs<Options>(
    command('update', 'Change a schedule; what is not named stays.', [
      `eks-jobs schedule update 01k… --cron '30 7 * * MON'`,
      'eks-jobs schedule update 01k… --timezone UTC --input @job.json',
    ])
      .addArgument(scheduleIdArgument())
      .option('--cron <expression>', 'crontab(5)')
      .option('--timezone <name>', 'of the IANA database')
      .addOption(inputOption('without it, as it was')),
    setting,
    async (session, { cron, timezone, input }, scheduleId = '') => {
      if (cron === undefined && timezone === undefined && input === undefined) {
        throw new WrongUsage('nothing would change', [
          'Give --cron, --timezone or --input; pause and resume do the rest.',
        ]);
      }
      const change = {
        ...{ cron, timezone },
        ...(input !== undefined && { input: await readInput(input, session.shell.input) }),
      };
      session.show(await session.api.changeSchedule(scheduleId, change), renderSchedule);
      return undefined;
    },
  );

import { type Command, Option } from 'commander';
import { command, runs, type Setting } from '../../action.ts';
import { idempotencyKeyOption, inputOption } from '../../arguments/common-options.ts';
import { readInput } from '../../arguments/input.ts';
import { renderSchedule } from '../../output/schedule.ts';

interface Options {
  timezone?: string;
  name?: string;
  input?: string;
  startAt?: string;
  endAt?: string;
  paused?: boolean;
  idempotencyKey?: string;
}

/** `eks-jobs schedule create`: POST /jobs/schedule */
export const createSchedule = (setting: Setting): Command =>
  runs<Options>(
    command('create', 'Run a job whenever a cron expression says.', [
      `eks-jobs schedule create '0 7 * * MON' --timezone Europe/Berlin --name weekly`,
      `eks-jobs schedule create @hourly --input '{"source": "synthetic", "records": 100}'`,
    ])
      .argument('<cron>', `crontab(5), one argument: '0 7 * * MON', @daily`)
      .option('--timezone <name>', 'of the IANA database, as Europe/Berlin; UTC without it')
      .option('--name <name>', 'what it is called in lists')
      .addOption(inputOption('without it, the demonstration'))
      .option('--start-at <time>', 'from then on: RFC 3339')
      .option('--end-at <time>', 'before then: RFC 3339')
      .addOption(new Option('--paused', 'do not fire until it is resumed'))
      .addOption(idempotencyKeyOption()),
    setting,
    async (session, { timezone, name, input, startAt, endAt, paused, idempotencyKey }, cron) => {
      const body = {
        ...{ cron, timezone, name, startAt, endAt },
        ...(input !== undefined && { input: await readInput(input, session.shell.input) }),
        ...(paused && { enabled: false }),
      };
      session.show(await session.api.createSchedule(body, idempotencyKey), renderSchedule);
      return undefined;
    },
  );

import { Command, Option } from 'commander';
import {
  idempotencyKeyOption,
  inputOption,
  type PageOptions,
  type PostOptions,
  scheduleIdArgument,
  type WaitOptions,
  withPageOptions,
  withWaitOptions,
} from '../arguments.ts';
import { WrongUsage } from '../failure.ts';
import { readInput } from '../input.ts';
import { renderSchedule, renderSchedules } from '../output/schedule.ts';
import { printList } from '../pages.ts';
import { type CommandContext, newCommand, withAction } from '../session.ts';
import { finishPost } from '../wait.ts';

/** `eks-jobs schedule …`: /jobs/schedule and /jobs/schedules */
export function schedule(context: CommandContext): Command {
  const group = new Command('schedule').description(
    'Manage schedules, which run jobs by a crontab(5) expression.',
  );
  for (const make of [
    ...[createSchedule, listSchedules, getSchedule, updateSchedule],
    ...[pauseSchedule, resumeSchedule, runSchedule, deleteSchedule],
  ]) {
    group.addCommand(make(context));
  }
  return group;
}

interface CreateOptions extends PostOptions {
  timezone?: string;
  name?: string;
  input?: string;
  startAt?: string;
  endAt?: string;
  paused?: boolean;
}

/** `eks-jobs schedule create`: POST /jobs/schedule */
const createSchedule = (context: CommandContext): Command =>
  withAction<CreateOptions>(
    newCommand('create', 'Create a schedule that runs a job at the times of a cron expression.', [
      `eks-jobs schedule create '0 7 * * MON' --timezone Europe/Berlin --name weekly`,
      `eks-jobs schedule create @hourly --input '{"source": "synthetic", "records": 100}'`,
    ])
      .argument('<cron>', `crontab(5) expression, as one argument: '0 7 * * MON', @daily`)
      .option('--timezone <name>', 'time zone of the IANA database, as Europe/Berlin; default: UTC')
      .option('--name <name>', 'name of the schedule in lists')
      .addOption(inputOption('default: the demonstration'))
      .option('--start-at <time>', 'no firings before this time: RFC 3339')
      .option('--end-at <time>', 'no firings at or after this time: RFC 3339')
      .addOption(new Option('--paused', 'create it paused: no firings until it is resumed'))
      .addOption(idempotencyKeyOption()),
    context,
    async (session, { timezone, name, input, startAt, endAt, paused, idempotencyKey }, cron) => {
      const body = {
        ...{ cron, timezone, name, startAt, endAt },
        ...(input !== undefined && { input: await readInput(input, session.shell.input) }),
        ...(paused && { enabled: false }),
      };
      session.printResponse(await session.api.createSchedule(body, idempotencyKey), renderSchedule);
      return undefined;
    },
  );

/** `eks-jobs schedule list`: GET /jobs/schedules */
const listSchedules = (context: CommandContext): Command =>
  withAction<PageOptions>(
    withPageOptions(
      newCommand('list', 'List your schedules, newest first.', [
        'eks-jobs schedule list',
        "eks-jobs schedule list --all --output json | jq -r '.schedules[].scheduleId'",
      ]),
      'schedules',
    ),
    context,
    async (session, options) => {
      await printList(session, options, {
        largestPage: 50,
        read: (size, start) =>
          session.api.schedules([
            ['limit', String(size)],
            ...(start === undefined ? [] : [['nextToken', start] as const]),
          ]),
        itemsOf: ({ schedules }) => schedules,
        cursorOf: ({ nextToken }) => nextToken,
        render: renderSchedules,
      });
      return undefined;
    },
  );

/** `eks-jobs schedule get`: GET /jobs/schedules/{scheduleId} */
const getSchedule = (context: CommandContext): Command =>
  withAction(
    newCommand('get', 'Show a schedule: its expressions, its next runs, the input of its jobs.', [
      'eks-jobs schedule get 01k…',
    ]).addArgument(scheduleIdArgument()),
    context,
    async (session, _options, scheduleId = '') => {
      session.printResponse(await session.api.schedule(scheduleId), renderSchedule);
      return undefined;
    },
  );

interface UpdateOptions {
  cron?: string;
  timezone?: string;
  input?: string;
}

/** `eks-jobs schedule update`: PATCH /jobs/schedules/{scheduleId} */
const updateSchedule = (context: CommandContext): Command =>
  withAction<UpdateOptions>(
    newCommand('update', 'Change a schedule. Fields that are not named stay unchanged.', [
      `eks-jobs schedule update 01k… --cron '30 7 * * MON'`,
      'eks-jobs schedule update 01k… --timezone UTC --input @job.json',
    ])
      .addArgument(scheduleIdArgument())
      .option('--cron <expression>', 'crontab(5) expression')
      .option('--timezone <name>', 'time zone of the IANA database')
      .addOption(inputOption('default: unchanged')),
    context,
    async (session, { cron, timezone, input }, scheduleId = '') => {
      if (cron === undefined && timezone === undefined && input === undefined) {
        throw new WrongUsage('nothing would change', [
          'Use --cron, --timezone or --input; for the state use pause and resume.',
        ]);
      }
      const change = {
        ...{ cron, timezone },
        ...(input !== undefined && { input: await readInput(input, session.shell.input) }),
      };
      session.printResponse(await session.api.changeSchedule(scheduleId, change), renderSchedule);
      return undefined;
    },
  );

/** Makes a command that enables or disables a schedule: PATCH /jobs/schedules/{scheduleId} */
const enableCommand =
  (name: string, description: string, enabled: boolean) =>
  (context: CommandContext): Command =>
    withAction(
      newCommand(name, description, [`eks-jobs schedule ${name} 01k…`]).addArgument(scheduleIdArgument()),
      context,
      async (session, _options, scheduleId = '') => {
        session.printResponse(await session.api.changeSchedule(scheduleId, { enabled }), renderSchedule);
        return undefined;
      },
    );

/** `eks-jobs schedule pause` */
const pauseSchedule = enableCommand('pause', 'Pause a schedule: no firings until it is resumed.', false);

/** `eks-jobs schedule resume` */
const resumeSchedule = enableCommand('resume', 'Resume a paused schedule.', true);

/** `eks-jobs schedule run`: POST /jobs/schedules/{scheduleId}/run */
const runSchedule = (context: CommandContext): Command =>
  withAction<PostOptions & WaitOptions>(
    withWaitOptions(
      newCommand('run', 'Run a job of a schedule now, even while the schedule is paused.', [
        'eks-jobs schedule run 01k…',
        'eks-jobs schedule run 01k… --wait',
      ])
        .addArgument(scheduleIdArgument())
        .addOption(idempotencyKeyOption()),
    ),
    context,
    async (session, options, scheduleId = '') =>
      await finishPost(await session.api.runSchedule(scheduleId, options.idempotencyKey), session, options),
  );

/** `eks-jobs schedule delete`: DELETE /jobs/schedules/{scheduleId} */
const deleteSchedule = (context: CommandContext): Command =>
  withAction(
    newCommand('delete', 'Delete a schedule; its jobs stay.', ['eks-jobs schedule delete 01k…']).addArgument(
      scheduleIdArgument(),
    ),
    context,
    async (session, _options, scheduleId = '') => {
      session.printResponse(
        await session.api.deleteSchedule(scheduleId),
        () => `schedule ${scheduleId} is deleted\n`,
      );
      return undefined;
    },
  );

import { Command } from 'commander';
import {
  idempotencyKeyOption,
  jobFields,
  type JobCommandOptions,
  type PageOptions,
  type PostOptions,
  scheduleIdArgument,
  type WaitOptions,
  withJobOptions,
  withPageOptions,
  withWaitOptions,
} from '../arguments.ts';
import { WrongUsage } from '../failure.ts';
import { renderSchedule, renderSchedules } from '../output/schedule.ts';
import { printList } from '../pages.ts';
import { type CommandContext, newCommand, withAction } from '../session.ts';
import { finishPost } from '../wait.ts';

/** `eks-jobs schedule …`: /jobs/schedule and /jobs/schedules */
export function scheduleCommand(context: CommandContext): Command {
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

interface CreateOptions extends JobCommandOptions, PostOptions {
  timezone?: string;
  name?: string;
  startAt?: string;
  endAt?: string;
  paused?: boolean;
}

/** `eks-jobs schedule create`: POST /jobs/schedule */
function createSchedule(context: CommandContext): Command {
  const command = newCommand(
    'create',
    'Create a schedule that runs a job at the times of a cron expression.',
    [
      `eks-jobs schedule create '0 7 * * MON' --timezone Europe/Berlin --name weekly`,
      `eks-jobs schedule create @hourly --input '{"source": "synthetic", "records": 100}' --timeout 600`,
    ],
  )
    .argument('<cron>', `crontab(5) expression, as one argument: '0 7 * * MON', @daily`)
    .option('--timezone <name>', 'time zone of the IANA database, such as Europe/Berlin (default: UTC)')
    .option('--name <name>', 'name of the schedule in lists')
    .option('--start-at <time>', 'no firings before this time: RFC 3339')
    .option('--end-at <time>', 'no firings at or after this time: RFC 3339')
    .option('--paused', 'create it paused: no firings until it is resumed');
  return withAction<CreateOptions>(
    withJobOptions(command, 'the demonstration').addOption(idempotencyKeyOption()),
    context,
    async (session, options, cron) => {
      const { timezone, name, startAt, endAt, paused, idempotencyKey } = options;
      const body = {
        ...{ cron, timezone, name, startAt, endAt },
        ...(await jobFields(options, session)),
        ...(paused && { enabled: false }),
      };
      session.printResponse(await session.api.createSchedule(body, idempotencyKey), renderSchedule);
      return undefined;
    },
  );
}

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
        maximumPageSize: 50,
        read: (size, start) =>
          session.api.schedules([
            ['limit', String(size)],
            ...(start === undefined ? [] : [['cursor', start] as const]),
          ]),
        itemsOf: ({ schedules }) => schedules,
        cursorOf: ({ cursor }) => cursor,
        render: renderSchedules,
      });
      return undefined;
    },
  );

/** `eks-jobs schedule get`: GET /jobs/schedules/{scheduleId} */
const getSchedule = (context: CommandContext): Command =>
  withAction(
    newCommand(
      'get',
      'Show a schedule: its expressions, its next runs, the options and the input of its jobs.',
      ['eks-jobs schedule get 01k…'],
    ).addArgument(scheduleIdArgument()),
    context,
    async (session, _options, scheduleId = '') => {
      session.printResponse(await session.api.schedule(scheduleId), renderSchedule);
      return undefined;
    },
  );

interface UpdateOptions extends JobCommandOptions {
  cron?: string;
  timezone?: string;
}

/** `eks-jobs schedule update`: PATCH /jobs/schedules/{scheduleId} */
function updateSchedule(context: CommandContext): Command {
  const command = newCommand(
    'update',
    'Change a schedule. Options that are not given stay unchanged. --label replaces all labels; --cpu or --memory replaces both.',
    [
      `eks-jobs schedule update 01k… --cron '30 7 * * MON'`,
      'eks-jobs schedule update 01k… --timezone UTC --input @job.json --max-attempts 1',
    ],
  )
    .addArgument(scheduleIdArgument())
    .option('--cron <expression>', 'crontab(5) expression')
    .option('--timezone <name>', 'time zone of the IANA database');
  return withAction<UpdateOptions>(
    withJobOptions(command, 'unchanged'),
    context,
    async (session, options, scheduleId = '') => {
      const { cron, timezone } = options;
      const change = {
        ...(cron !== undefined && { cron }),
        ...(timezone !== undefined && { timezone }),
        ...(await jobFields(options, session)),
      };
      if (Object.keys(change).length === 0) {
        throw new WrongUsage('nothing would change', [
          'Use --cron, --timezone or an option of the job, such as --input; to stop firings use pause.',
        ]);
      }
      session.printResponse(await session.api.changeSchedule(scheduleId, change), renderSchedule);
      return undefined;
    },
  );
}

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

import { type Command, Option } from 'commander';
import { JobView } from '../../api/responses/job.ts';
import type { QueryParameters } from '../api/client.ts';
import { collectLabel, type PageOptions, parseScheduleId, parseTime, withPageOptions } from '../arguments.ts';
import { renderJobs } from '../output/job.ts';
import { formatPairs } from '../output/table.ts';
import { printList } from '../pages.ts';
import { type CommandContext, newCommand, withAction } from '../session.ts';

interface FilterOptions {
  status?: JobView['status'];
  from?: string;
  to?: string;
  schedule?: string;
  label?: Record<string, string>;
}

/** `eks-jobs list`: GET /jobs */
export const listCommand = (context: CommandContext): Command =>
  withAction<FilterOptions & PageOptions>(
    withPageOptions(
      newCommand('list', 'List your jobs, newest first.', [
        'eks-jobs list',
        'eks-jobs list --status FAILED --from 24h',
        "eks-jobs list --label team=red --all --output json | jq -r '.jobs[].jobId'",
      ])
        .addOption(
          new Option('--status <status>', 'only jobs with this status').choices(JobView.shape.status.options),
        )
        .addOption(
          new Option(
            '--from <time>',
            'only jobs created at or after this time: RFC 3339, or an age such as 90s, 30m, 2h, 7d',
          ).argParser((text) => parseTime(text)),
        )
        .addOption(
          new Option('--to <time>', 'only jobs created before this time; same formats').argParser((text) =>
            parseTime(text),
          ),
        )
        .addOption(
          new Option('--schedule <scheduleId>', 'only jobs of this schedule').argParser(parseScheduleId),
        )
        .option('-l, --label <key=value>', 'only jobs with this label; may be repeated', collectLabel),
      'jobs',
    ),
    context,
    async (session, { limit, all, cursor, ...filter }) => {
      await printList(
        session,
        { limit, ...(all && { all }), ...(cursor !== undefined && { cursor }) },
        {
          maximumPageSize: 100,
          read: (size, start) => session.api.list(queryOf(filter, size, start)),
          itemsOf: ({ jobs }) => jobs,
          cursorOf: (body) => body.cursor,
          render: renderJobs,
        },
      );
      return undefined;
    },
  );

function queryOf(
  { status, from, to, schedule, label }: FilterOptions,
  limit: number,
  cursor: string | undefined,
): QueryParameters {
  const parameters = {
    ...{ status, from, to, scheduleId: schedule, limit: String(limit), cursor },
    label: label && formatPairs(label),
  };
  return Object.entries(parameters).flatMap(([name, value]) =>
    value === undefined ? [] : [[name, value] as const],
  );
}

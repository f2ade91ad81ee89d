import { type Command, Option } from 'commander';
import { JobStatus } from '../../jobs/protocol.ts';
import { command, runs, type Setting } from '../action.ts';
import type { Query } from '../api/client.ts';
import { scheduleId } from '../arguments/identifiers.ts';
import { instant } from '../arguments/instant.ts';
import { label, textOf } from '../arguments/labels.ts';
import { type PageOptions, withPageOptions } from '../arguments/page-options.ts';
import { renderJobs } from '../output/jobs.ts';
import { showList } from '../show-list.ts';

interface Filter {
  status?: JobStatus;
  from?: string;
  to?: string;
  schedule?: string;
  label?: Record<string, string>;
}

/** `eks-jobs list`: GET /jobs */
export const list = (setting: Setting): Command =>
  runs<Filter & PageOptions>(
    withPageOptions(
      command('list', 'List your jobs, newest first.', [
        'eks-jobs list',
        'eks-jobs list --status FAILED --from 24h',
        "eks-jobs list --label team=red --all --output json | jq -r '.jobs[].jobId'",
      ])
        .addOption(new Option('--status <status>', 'only those').choices(JobStatus.options))
        .addOption(
          new Option(
            '--from <time>',
            'created then or later: RFC 3339, or an age as 90s, 30m, 2h, 7d',
          ).argParser((text) => instant(text)),
        )
        .addOption(
          new Option('--to <time>', 'created before then, likewise').argParser((text) => instant(text)),
        )
        .addOption(new Option('--schedule <scheduleId>', 'only jobs of this schedule').argParser(scheduleId))
        .option('-l, --label <key=value>', 'only jobs with this label; may be repeated', label),
      'jobs',
    ),
    setting,
    async (session, { limit, all, cursor, ...filter }) => {
      await showList(
        session,
        { limit, ...(all && { all }), ...(cursor !== undefined && { cursor }) },
        {
          largestPage: 100,
          read: (size, after) => session.api.list(queryOf(filter, size, after)),
          itemsOf: ({ jobs }) => jobs,
          cursorOf: (body) => body.cursor,
          render: renderJobs,
        },
      );
      return undefined;
    },
  );

function queryOf(
  { status, from, to, schedule, label: labels }: Filter,
  limit: number,
  cursor?: string,
): Query {
  const all = {
    ...{ status, from, to, scheduleId: schedule, limit: String(limit), cursor },
    label: labels && textOf(labels),
  };
  return Object.entries(all).flatMap(([name, value]) =>
    value === undefined ? [] : [[name, value] as const],
  );
}

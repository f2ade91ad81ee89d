import type { Command } from 'commander';
import { command, runs, type Setting } from '../../action.ts';
import { type PageOptions, withPageOptions } from '../../arguments/page-options.ts';
import { renderSchedules } from '../../output/schedule.ts';
import { showList } from '../../show-list.ts';

/** `eks-jobs schedule list`: GET /jobs/schedules */
export const listSchedules = (setting: Setting): Command =>
  runs<PageOptions>(
    withPageOptions(
      command('list', 'List your schedules, newest first.', [
        'eks-jobs schedule list',
        "eks-jobs schedule list --all --output json | jq -r '.schedules[].scheduleId'",
      ]),
      'schedules',
    ),
    setting,
    async (session, options) => {
      await showList(session, options, {
        largestPage: 50,
        read: (size, after) =>
          session.api.schedules([
            ['limit', String(size)],
            ...(after === undefined ? [] : [['nextToken', after] as const]),
          ]),
        itemsOf: ({ schedules }) => schedules,
        cursorOf: ({ nextToken }) => nextToken,
        render: renderSchedules,
      });
      return undefined;
    },
  );

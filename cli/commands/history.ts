import type { Command } from 'commander';
import { command, runs, type Setting } from '../action.ts';
import { jobIdArgument } from '../arguments/identifiers.ts';
import { renderHistory } from '../output/history.ts';

/** `eks-jobs history`: GET /jobs/{jobId}/history */
export const history = (setting: Setting): Command =>
  runs(
    command('history', 'Show what Step Functions did for a job, event by event.', [
      'eks-jobs history 01k…',
      'eks-jobs history 01k… --output json | jq -r ".events[] | select(.error) | .cause"',
    ]).addArgument(jobIdArgument()),
    setting,
    async (session, _options, jobId = '') => {
      const answer = await session.api.history(jobId);
      session.show(answer, ({ events }, _paint, width) => renderHistory(events, width));
      if (answer.body.truncated) session.say('there are more events than the API reads');
      return undefined;
    },
  );

import type { Command } from 'commander';
import { jobIdArgument } from '../arguments.ts';
import { renderHistory } from '../output/job.ts';
import { type CommandContext, newCommand, withAction } from '../session.ts';

/** `eks-jobs history`: GET /jobs/{jobId}/history */
export const historyCommand = (context: CommandContext): Command =>
  withAction(
    newCommand('history', 'Show what Step Functions did for a job, event by event.', [
      'eks-jobs history 01k…',
      'eks-jobs history 01k… --output json | jq -r ".events[] | select(.error) | .cause"',
    ]).addArgument(jobIdArgument()),
    context,
    async (session, _options, jobId = '') => {
      const response = await session.api.history(jobId);
      session.printResponse(response, ({ events }, paint, width) => renderHistory(events, paint, width));
      if (response.body.truncated) session.report('there are more events than the API reads');
      return undefined;
    },
  );

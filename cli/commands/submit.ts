import type { Command } from 'commander';
import {
  idempotencyKeyOption,
  jobFields,
  type JobCommandOptions,
  type PostOptions,
  type WaitOptions,
  withJobOptions,
  withWaitOptions,
} from '../arguments.ts';
import { type CommandContext, newCommand, withAction } from '../session.ts';
import { finishPost } from '../wait.ts';

/** `eks-jobs submit`: POST /jobs */
export function submitCommand(context: CommandContext): Command {
  const command = newCommand('submit', 'Submit a job. Prints its id, or with --wait the ended job.', [
    'eks-jobs submit',
    `eks-jobs submit --input '{"source": "synthetic", "records": 5000}' --wait`,
    'eks-jobs submit --input @job.json --timeout 600 --label team=red',
    'generate | eks-jobs submit --input - --wait --output json | jq .result',
  ]);
  withJobOptions(command, 'the demonstration').addOption(idempotencyKeyOption());
  return withAction<JobCommandOptions & PostOptions & WaitOptions>(
    withWaitOptions(command),
    context,
    async (session, options) => {
      const response = await session.api.submit(await jobFields(options, session), options.idempotencyKey);
      return await finishPost(response, session, options);
    },
  );
}

import { type Command, Option } from 'commander';
import { command, runs, type Setting } from '../action.ts';
import { idempotencyKeyOption, inputOption } from '../arguments/common-options.ts';
import { readInput } from '../arguments/input.ts';
import { label } from '../arguments/labels.ts';
import { integer } from '../arguments/numbers.ts';
import { waitOption, type WaitOptions, waitSecondsOption } from '../wait/options.ts';
import { afterPosting } from '../wait/posted.ts';

interface Options extends WaitOptions {
  input?: string;
  timeout?: number;
  maxAttempts?: number;
  label?: Record<string, string>;
  cpu?: string;
  memory?: string;
  idempotencyKey?: string;
}

/** `eks-jobs submit`: POST /jobs */
export const submit = (setting: Setting): Command =>
  runs<Options>(
    command('submit', 'Submit a job; prints its id, or with --wait what became of it.', [
      'eks-jobs submit',
      `eks-jobs submit --input '{"source": "synthetic", "records": 5000}' --wait`,
      'eks-jobs submit --input @job.json --timeout 600 --label team=red',
      'generate | eks-jobs submit --input - --wait --output json | jq .result',
    ])
      .addOption(inputOption('without it, the demonstration'))
      .addOption(
        new Option('--timeout <seconds>', 'how long one attempt may run: 1 to 21600').argParser(
          integer(1, 21_600),
        ),
      )
      .addOption(
        new Option('--max-attempts <attempts>', 'how often the job is tried: 1 to 3').argParser(
          integer(1, 3),
        ),
      )
      .option('-l, --label <key=value>', 'shown with the job, and list finds it; may be repeated', label)
      .option('--cpu <quantity>', 'CPU that the container is promised, as 500m or 2')
      .option('--memory <quantity>', 'memory that the container is promised and limited to, as 512Mi')
      .addOption(idempotencyKeyOption())
      .addOption(waitOption())
      .addOption(waitSecondsOption()),
    setting,
    async (session, options) => {
      const { input, timeout, maxAttempts, label: labels, cpu, memory, idempotencyKey } = options;
      const resources = { ...(cpu !== undefined && { cpu }), ...(memory !== undefined && { memory }) };
      const body = {
        ...(input !== undefined && { input: await readInput(input, session.shell.input) }),
        ...(timeout !== undefined && { timeoutSeconds: timeout }),
        ...(maxAttempts !== undefined && { maxAttempts }),
        ...(labels && { labels }),
        ...(Object.keys(resources).length > 0 && { resources }),
      };
      return await afterPosting(await session.api.submit(body, idempotencyKey), session, options);
    },
  );

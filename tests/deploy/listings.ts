import pLimit from 'p-limit';
import { clusterName, type Emulator } from './emulator.ts';
import type { Stack } from './stack.ts';

/** Where a part of a stack would be seen: commands of the AWS CLI. */
export const listings = [
  [
    'cloudformation',
    'list-stacks',
    '--stack-status-filter',
    'CREATE_COMPLETE',
    'UPDATE_COMPLETE',
    'DELETE_FAILED',
  ],
  ['dynamodb', 'list-tables'],
  ['lambda', 'list-functions'],
  ['stepfunctions', 'list-state-machines'],
  ['apigatewayv2', 'get-apis'],
  ['sqs', 'list-queues'],
  ['events', 'list-rules'],
  ['scheduler', 'list-schedule-groups'],
  ['scheduler', 'list-schedules'],
  ['iam', 'list-roles'],
  ['logs', 'describe-log-groups'],
  ['cloudwatch', 'describe-alarms'],
  ['cloudwatch', 'list-dashboards'],
  ['s3api', 'list-buckets'],
  ['eks', 'list-access-entries', '--cluster-name', clusterName],
  ['eks', 'list-pod-identity-associations', '--cluster-name', clusterName],
];

/** The listings that name the stack. */
export async function listingsThatName(stack: Stack, emulator: Emulator): Promise<string[]> {
  // The CLI takes a second of a processor to start.
  const twoAtOnce = pLimit(2);
  const answers = await twoAtOnce.map(listings, async (words) => ({
    command: words.join(' '),
    answer: JSON.stringify(await emulator.aws(...words)),
  }));
  return (
    answers
      // The framework names the API in the other order.
      .filter(({ answer }) => answer.includes(stack.name) || answer.includes(`${stack.stage}-eks-jobs`))
      .map(({ command }) => command)
  );
}

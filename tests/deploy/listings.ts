import pLimit from 'p-limit';
import { clusterName, type Emulator } from './emulator.ts';
import type { Stack } from './stack.ts';

/** Commands of the AWS CLI that list the resources of a stack. */
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

/** Runs the commands. @returns those whose output names the stack. */
export async function listingsThatName(stack: Stack, emulator: Emulator): Promise<string[]> {
  // The CLI needs a second of CPU time to start.
  const twoAtOnce = pLimit(2);
  const outputs = await twoAtOnce.map(listings, async (parameters) => ({
    command: parameters.join(' '),
    output: JSON.stringify(await emulator.aws(...parameters)),
  }));
  return (
    outputs
      // The framework puts the stage first in the name of the API.
      .filter(({ output }) => output.includes(stack.name) || output.includes(`${stack.stage}-eks-jobs`))
      .map(({ command }) => command)
  );
}

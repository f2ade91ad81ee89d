import { CloudFormationClient, DescribeStacksCommand } from '@aws-sdk/client-cloudformation';

/**
 * Tells whether CloudFormation deletes the whole stack. It also deletes a custom resource after an update that replaced or removed
 * it, and after a failed creation: the stack then has another status.
 * @throws Error when CloudFormation does not know the stack, or throttles for longer than the tries of the client take.
 */
export async function isStackBeingDeleted(
  stackId: string,
  client = new CloudFormationClient({ maxAttempts: 8 }),
): Promise<boolean> {
  const { Stacks } = await client.send(new DescribeStacksCommand({ StackName: stackId }));
  return Stacks?.[0]?.StackStatus === 'DELETE_IN_PROGRESS';
}

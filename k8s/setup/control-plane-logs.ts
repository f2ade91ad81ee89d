import {
  type CloudWatchLogsClient,
  CreateLogGroupCommand,
  PutRetentionPolicyCommand,
  ResourceAlreadyExistsException,
} from '@aws-sdk/client-cloudwatch-logs';

/** The log group into which EKS writes the logs of a cluster's control plane, and how many days entries are kept. */
export interface ControlPlaneLogs {
  group: string;
  retentionInDays: number;
}

/**
 * Makes sure that the group exists and does not keep entries forever. It is not a resource of the stack: EKS writes some minutes
 * late, so it would create a deleted group again, without a retention, and the stack's next creation would fail on that group.
 */
export async function limitControlPlaneLogs(
  client: CloudWatchLogsClient,
  { group: logGroupName, retentionInDays }: ControlPlaneLogs,
  abortSignal: AbortSignal,
): Promise<void> {
  try {
    await client.send(new CreateLogGroupCommand({ logGroupName }), { abortSignal });
  } catch (error) {
    if (!(error instanceof ResourceAlreadyExistsException)) throw error;
  }
  await client.send(new PutRetentionPolicyCommand({ logGroupName, retentionInDays }), { abortSignal });
}

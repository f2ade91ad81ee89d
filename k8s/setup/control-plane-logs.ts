import {
  type CloudWatchLogsClient,
  CreateLogGroupCommand,
  PutRetentionPolicyCommand,
  ResourceAlreadyExistsException,
} from '@aws-sdk/client-cloudwatch-logs';
import pRetry from 'p-retry';
import type { AccessWait } from './access.ts';

/** The log group into which EKS writes the logs of a cluster's control plane, and how many days entries are kept. */
export interface ControlPlaneLogs {
  group: string;
  retentionInDays: number;
}

/** EKS may create the group in the same moment, and a permission that the same update adds is known some seconds late. */
const mayPass = new Set(['OperationAbortedException', 'AccessDeniedException']);
/**
 * Makes sure that the group exists and does not keep entries forever. It is not a resource of the stack: EKS writes some minutes
 * late, so it would create a deleted group again, without a retention, and the stack's next creation would fail on that group.
 */
export async function limitControlPlaneLogs(
  client: CloudWatchLogsClient,
  { group: logGroupName, retentionInDays }: ControlPlaneLogs,
  { signal: abortSignal, authorizedWithin }: Pick<AccessWait, 'signal' | 'authorizedWithin'>,
): Promise<void> {
  await pRetry(
    async () => {
      await client
        .send(new CreateLogGroupCommand({ logGroupName }), { abortSignal })
        .catch((error: unknown) => {
          if (!(error instanceof ResourceAlreadyExistsException)) throw error;
        });
      await client.send(new PutRetentionPolicyCommand({ logGroupName, retentionInDays }), { abortSignal });
    },
    {
      retries: Infinity,
      maxRetryTime: authorizedWithin,
      minTimeout: 1000,
      maxTimeout: 10_000,
      signal: abortSignal,
      shouldRetry: ({ error }) => mayPass.has(error.name),
    },
  );
}

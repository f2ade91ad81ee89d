import { DynamoDBClient, UpdateItemCommand } from '@aws-sdk/client-dynamodb';
import { DescribeExecutionCommand, SFNClient, StopExecutionCommand } from '@aws-sdk/client-sfn';
import { marshall } from '@aws-sdk/util-dynamodb';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import pLimit from 'p-limit';
import type { JobList, JobView } from '../../api/responses/job.ts';
import { jobKey, openPartition, shardOf } from '../../jobs/protocol.ts';
import { eventually, RunningService } from '../harness/running-service.ts';
import { sweepNow } from '../harness/sweep-now.ts';

/** The number of open jobs. The full size runs with `OPEN_JOBS=10000 npm test -- tests/local/sweep`. */
const openJobs = Number(process.env['OPEN_JOBS'] ?? 1000);

let service: RunningService;
let executions: SFNClient;
let table: DynamoDBClient;

beforeAll(async () => {
  service = await RunningService.start({ arguments: ['--concurrency', '1'] });
  const credentials = { accessKeyId: 'local', secretAccessKey: 'local' };
  const client = (offset: number) => ({
    endpoint: `http://127.0.0.1:${service.port + offset}`,
    region: 'us-east-1',
    credentials,
  });
  executions = new SFNClient(client(1));
  table = new DynamoDBClient(client(2));
});

afterAll(async () => {
  executions.destroy();
  table.destroy();
  await service.stop();
});

const arnOfJob = (jobId: string): string =>
  `arn:aws:states:us-east-1:000000000000:execution:eks-jobs-local-run-job:${jobId}`;

const statusOf = async (jobId: string): Promise<string> =>
  (await service.request<JobView>('GET', `/jobs/${jobId}`)).body.status;

/**
 * Stops the execution of a job as a person does in the console, and makes the table what it is when the event of that end is
 * lost: the event emulator delivers every event, so what settle-job wrote is taken back.
 */
async function stopWithoutEvent(jobId: string): Promise<void> {
  await executions.send(new StopExecutionCommand({ executionArn: arnOfJob(jobId) }));
  await eventually(
    async () => (await statusOf(jobId)) === 'CANCELLED' || undefined,
    'the event is delivered',
  );
  await table.send(
    new UpdateItemCommand({
      TableName: 'eks-jobs-local',
      Key: marshall(jobKey(jobId)),
      UpdateExpression: 'SET #status = :status, #open = :open REMOVE finishedAt, expiresAt',
      ExpressionAttributeNames: { '#status': 'status', '#open': 'open' },
      ExpressionAttributeValues: marshall({ ':status': 'QUEUED', ':open': openPartition(shardOf(jobId)) }),
    }),
  );
  expect(await statusOf(jobId)).toBe('QUEUED');
}

// Many jobs wait when a backlog is large. They must not delay the settling of one whose event is lost.
test('a lost event is found by the next sweep while many jobs are open', async () => {
  await service.post({ input: { source: 'synthetic', records: 1_000_000, recordsPerSecond: 10 } });
  const limit = pLimit(20);
  const posts = Array.from({ length: openJobs }, () =>
    limit(() => service.post({ input: { source: 'synthetic', records: 0 } })),
  );
  const waiting = await Promise.all(posts);
  const lost = waiting[Math.floor(openJobs / 2)] ?? '';
  await eventually(async () => {
    const { body } = await service.request<JobList>('GET', `/jobs?status=QUEUED&limit=1`);
    return body.jobs[0]?.jobId === waiting.at(-1) || undefined;
  }, 'the last job is registered');
  await stopWithoutEvent(lost);

  expect(await sweepNow(service)).toMatchObject({ settled: 1 });
  expect(await statusOf(lost)).toBe('CANCELLED');
  expect(await statusOf(waiting[0] ?? '')).toBe('QUEUED');
  const other = await executions.send(
    new DescribeExecutionCommand({ executionArn: arnOfJob(waiting[1] ?? '') }),
  );
  expect(other.status).toBe('RUNNING');
}, 600_000);

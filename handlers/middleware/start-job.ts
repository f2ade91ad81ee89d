import type { APIGatewayProxyEventV2 } from 'aws-lambda';
import type { Executions } from '../../jobs/aws/executions.ts';
import { startOnce } from '../../jobs/start.ts';
import type { JobStore } from '../../jobs/aws/job-store.ts';
import { accepted } from './accepted.ts';
import type { Answer } from './api.ts';
import { logger } from './services.ts';

/** A job that a route starts, and what its answer says besides. */
interface Starting {
  jobId: string;
  /** The execution's input, as text. */
  input: string;
  /** The Idempotency-Key that the id was made from. */
  key: string | undefined;
  more?: Record<string, string>;
  /** Whether a request made before with the key was the same one; without it, whether its input was. */
  isSame?: Parameters<typeof startOnce>[3];
}

/** Starts a job: one AWS call, then 202; with a key, 200 for a request that was made before. @throws as startOnce does. */
export async function startJob(
  { requestContext: { requestId } }: APIGatewayProxyEventV2,
  { jobId, input, key, more, isSame }: Starting,
  { store, executions }: { store: JobStore; executions: Executions },
): Promise<Answer> {
  if (key !== undefined) {
    return accepted(
      await startOnce(jobId, input, { store, executions, now: () => new Date() }, isSame),
      more,
    );
  }
  await executions.start(jobId, input);
  logger.info('job accepted', { jobId, ...more, requestId });
  return accepted({ jobId, status: 'QUEUED', replayed: false }, more);
}

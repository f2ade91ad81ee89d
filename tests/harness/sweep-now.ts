import type { RunningService } from './running-service.ts';

/**
 * Runs the sweep that a service on one machine runs every five minutes: the same handler on the same table.
 * @param event as the local service sends it.
 * @returns what the sweep did, as it is logged.
 */
export async function sweepNow(service: RunningService, event: object = {}): Promise<unknown> {
  const at = (offset: number): string => `http://127.0.0.1:${service.port + offset}`;
  Object.assign(process.env, {
    ...{ AWS_REGION: 'us-east-1', AWS_ACCESS_KEY_ID: 'local', AWS_SECRET_ACCESS_KEY: 'local' },
    ...{ AWS_ENDPOINT_URL_SFN: at(1), AWS_ENDPOINT_URL_DYNAMODB: at(2), AWS_ENDPOINT_URL_SCHEDULER: at(3) },
    TABLE_NAME: 'eks-jobs-local',
    STATE_MACHINE_ARN: 'arn:aws:states:us-east-1:000000000000:stateMachine:eks-jobs-local-run-job',
    SCHEDULE_GROUP: 'eks-jobs-local',
    SCHEDULE_ROLE_ARN: 'arn:aws:iam::000000000000:role/eks-jobs-local-scheduler',
    SCHEDULE_DEAD_LETTERS_ARN: 'arn:aws:sqs:us-east-1:000000000000:eks-jobs-local-undelivered',
    POWERTOOLS_LOG_LEVEL: 'SILENT',
  });
  const { handler } = await import('../../handlers/sweep.ts');
  return handler(event, { awsRequestId: 'a', functionName: 'sweep' } as Parameters<typeof handler>[1]);
}

import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { SFNClient } from '@aws-sdk/client-sfn';
import { Logger } from '@aws-lambda-powertools/logger';
import { Executions } from '../../jobs/aws/executions.ts';
import { readSettings } from '../../jobs/settings.ts';
import { JobStore } from '../../jobs/aws/job-store.ts';

/** What the handlers are made from. Each opens only what it needs, so that a bundle holds no client it never uses. */
export const logger = new Logger({ serviceName: 'eks-jobs' });

export const openStore = (): JobStore => new JobStore(new DynamoDBClient(), readSettings().TABLE_NAME);

export const openExecutions = (): Executions =>
  new Executions(new SFNClient(), readSettings().STATE_MACHINE_ARN);

import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { SFNClient } from '@aws-sdk/client-sfn';
import { Logger } from '@aws-lambda-powertools/logger';
import { StepFunctionsExecutions } from '../../jobs/aws/executions.ts';
import { DynamoJobStore } from '../../jobs/aws/job-store.ts';
import { readSettings } from '../../jobs/settings.ts';

/** What the handlers are made from. Each opens only what it needs, so that a bundle holds no client it never uses. */
export const logger = new Logger({ serviceName: 'eks-jobs' });

export const openStore = (): DynamoJobStore =>
  new DynamoJobStore(new DynamoDBClient(), readSettings().TABLE_NAME);

export const openExecutions = (): StepFunctionsExecutions =>
  new StepFunctionsExecutions(new SFNClient(), readSettings().STATE_MACHINE_ARN);

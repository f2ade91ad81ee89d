import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { SFNClient } from '@aws-sdk/client-sfn';
import { Executions } from '../../jobs/aws/executions.ts';
import { readSettings } from '../../jobs/settings.ts';
import { JobStore } from '../../jobs/aws/job-store.ts';

export const openStore = (): JobStore => new JobStore(new DynamoDBClient(), readSettings().TABLE_NAME);

export const openExecutions = (): Executions =>
  new Executions(new SFNClient(), readSettings().STATE_MACHINE_ARN);

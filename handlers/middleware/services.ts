import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { SFNClient } from '@aws-sdk/client-sfn';
import { StepFunctionsExecutions } from '../../jobs/aws/executions.ts';
import { DynamoJobStore } from '../../jobs/aws/job-store.ts';
import { DynamoWaitSlots } from '../../jobs/aws/wait-slots.ts';
import { readSettings } from '../../jobs/settings.ts';

export const openStore = (client = new DynamoDBClient()): DynamoJobStore =>
  new DynamoJobStore(client, readSettings().TABLE_NAME);

/** @param client the one of the store: a second one would connect anew. */
export const openWaitSlots = (client: DynamoDBClient): DynamoWaitSlots =>
  new DynamoWaitSlots(client, readSettings().TABLE_NAME);

export const openExecutions = (): StepFunctionsExecutions =>
  new StepFunctionsExecutions(new SFNClient(), readSettings().STATE_MACHINE_ARN);

import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { SchedulerClient } from '@aws-sdk/client-scheduler';
import { DynamoScheduleStore } from '../../jobs/aws/schedule-store.ts';
import { EventBridgeScheduler } from '../../jobs/aws/scheduler.ts';
import type { ScheduleDependencies } from '../../jobs/schedules/lifecycle.ts';
import { readScheduleSettings, readSettings } from '../../jobs/settings.ts';
import { logger } from './logger.ts';

export const openScheduleStore = (): DynamoScheduleStore =>
  new DynamoScheduleStore(new DynamoDBClient(), readSettings().TABLE_NAME);

/** Opens the dependencies for creating, changing and deleting schedules. */
export function openSchedules(): ScheduleDependencies {
  const settings = readScheduleSettings();
  return {
    store: openScheduleStore(),
    scheduler: new EventBridgeScheduler(new SchedulerClient(), {
      group: settings.SCHEDULE_GROUP,
      stateMachineArn: settings.STATE_MACHINE_ARN,
      roleArn: settings.SCHEDULE_ROLE_ARN,
      deadLettersArn: settings.SCHEDULE_DEAD_LETTERS_ARN,
    }),
    now: () => new Date(),
    report: (message, problem) => {
      logger.error(message, { problem });
    },
  };
}

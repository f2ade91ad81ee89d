import {
  ConflictException,
  CreateScheduleCommand,
  type CreateScheduleInput,
  DeleteScheduleCommand,
  ResourceNotFoundException,
  type SchedulerClient,
  UpdateScheduleCommand,
} from '@aws-sdk/client-scheduler';
import { scheduledJobOf, targetInput } from '../schedules/scheduled-job.ts';
import type { ScheduleRecord } from '../schedules/record.ts';

/** Where schedules are at EventBridge Scheduler, and what their ticks do. */
export interface AwsScheduleSettings {
  group: string;
  stateMachineArn: string;
  /** What EventBridge Scheduler may do: start executions of the state machine. */
  roleArn: string;
  /** Where ticks end that could not be delivered. */
  deadLettersArn: string;
}

/** A tick that an hour of tries did not deliver comes too late for most; it goes to the dead letters. */
const retryPolicy = { MaximumEventAgeInSeconds: 3600, MaximumRetryAttempts: 185 };

/** EventBridge Scheduler in the domain's words: a schedule of ours is one there for each of its expressions. */
export class AwsSchedules {
  readonly #client: SchedulerClient;
  readonly #settings: AwsScheduleSettings;

  constructor(client: SchedulerClient, settings: AwsScheduleSettings) {
    this.#client = client;
    this.#settings = settings;
  }

  /**
   * Makes it there as it is in the record. Idempotent.
   * @param isNew nothing of it is there yet: one call for each expression is enough.
   */
  async put(record: ScheduleRecord, isNew: boolean, now: Date): Promise<void> {
    const { scheduleId, expressions } = record.schedule;
    for (const [index, name] of namesOf(scheduleId).entries()) {
      const expression = expressions[index];
      if (expression === undefined) {
        if (!isNew) await this.#delete(name);
        continue;
      }
      const request = this.#requestOf(record, name, expression, now);
      await (isNew ? this.#create(request) : this.#update(request));
    }
  }

  /** Takes it away. Idempotent. */
  async remove(scheduleId: string): Promise<void> {
    for (const name of namesOf(scheduleId)) await this.#delete(name);
  }

  async #create(request: CreateScheduleInput): Promise<void> {
    try {
      await this.#client.send(new CreateScheduleCommand(request));
    } catch (error) {
      // The id is ours alone: it is there from a try whose answer was lost.
      if (!(error instanceof ConflictException)) throw error;
      await this.#client.send(new UpdateScheduleCommand(request));
    }
  }

  async #update(request: CreateScheduleInput): Promise<void> {
    try {
      await this.#client.send(new UpdateScheduleCommand(request));
    } catch (error) {
      if (!(error instanceof ResourceNotFoundException)) throw error;
      await this.#create(request);
    }
  }

  async #delete(Name: string): Promise<void> {
    try {
      await this.#client.send(new DeleteScheduleCommand({ Name, GroupName: this.#settings.group }));
    } catch (error) {
      if (!(error instanceof ResourceNotFoundException)) throw error;
    }
  }

  #requestOf(record: ScheduleRecord, name: string, expression: string, now: Date): CreateScheduleInput {
    const { timezone, enabled, startAt, endAt } = record.schedule;
    const { group, stateMachineArn, roleArn, deadLettersArn } = this.#settings;
    return {
      Name: name,
      GroupName: group,
      ScheduleExpression: expression,
      ScheduleExpressionTimezone: timezone,
      State: enabled ? 'ENABLED' : 'DISABLED',
      // "The StartDate you specify cannot be earlier than 5 minutes ago": a start that is over means nothing any more.
      ...(startAt !== undefined && Date.parse(startAt) > now.getTime() && { StartDate: new Date(startAt) }),
      ...(endAt !== undefined && { EndDate: new Date(endAt) }),
      FlexibleTimeWindow: { Mode: 'OFF' },
      Target: {
        Arn: stateMachineArn,
        RoleArn: roleArn,
        Input: targetInput(scheduledJobOf(record)),
        RetryPolicy: retryPolicy,
        DeadLetterConfig: { Arn: deadLettersArn },
      },
    };
  }
}

/** The names of the one or two schedules there. */
const namesOf = (scheduleId: string): string[] => [`${scheduleId}-1`, `${scheduleId}-2`];

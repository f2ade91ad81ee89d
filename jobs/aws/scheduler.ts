import {
  ConflictException,
  CreateScheduleCommand,
  type CreateScheduleInput,
  DeleteScheduleCommand,
  ResourceNotFoundException,
  type SchedulerClient,
  SchedulerServiceException,
  ServiceQuotaExceededException,
  UpdateScheduleCommand,
  ValidationException,
} from '@aws-sdk/client-scheduler';
import { InvalidRequest, TooManyRequests } from '../errors.ts';
import type { Scheduler } from '../schedules/ports.ts';
import type { ScheduleRecord } from '../schedules/record.ts';
import { scheduledJobOf, targetInput } from '../schedules/scheduled-job.ts';
import { isThrottled } from './throttling.ts';

/** The group of the schedules, and the target of their firings. */
interface SchedulerSettings {
  group: string;
  stateMachineArn: string;
  /** The role of EventBridge Scheduler, which may start executions of the state machine. */
  roleArn: string;
  /** The queue of firings that could not be delivered. */
  deadLettersArn: string;
}

/** A firing that could not be delivered for an hour is too late for most jobs; it goes to the queue. */
const retryPolicy = { MaximumEventAgeInSeconds: 3600, MaximumRetryAttempts: 185 };

/** EventBridge Scheduler: it has one schedule for each AWS expression of ours. */
export class EventBridgeScheduler implements Scheduler {
  readonly #client: SchedulerClient;
  readonly #settings: SchedulerSettings;

  constructor(client: SchedulerClient, settings: SchedulerSettings) {
    this.#client = client;
    this.#settings = settings;
  }

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

  async remove(scheduleId: string): Promise<void> {
    for (const name of namesOf(scheduleId)) await this.#delete(name);
  }

  isRejection(problem: unknown): boolean {
    return problem instanceof SchedulerServiceException && (problem.$metadata.httpStatusCode ?? 500) < 500;
  }

  errorFor(problem: unknown): unknown {
    if (!(problem instanceof SchedulerServiceException)) return problem;
    if (problem instanceof ValidationException) {
      const message = 'EventBridge Scheduler rejects this field, or its combination with the others.';
      const fields = ['timezone', 'cron', 'startAt', 'endAt'];
      return new InvalidRequest(
        'EventBridge Scheduler rejects the schedule.',
        fields.map((field) => ({ field, message })),
        problem,
      );
    }
    if (isThrottled(problem) || problem instanceof ServiceQuotaExceededException) {
      const message = 'Too many schedules are being created, or there are too many; try again later.';
      return new TooManyRequests(message, [], problem);
    }
    return problem;
  }

  async #create(request: CreateScheduleInput): Promise<void> {
    try {
      await this.#client.send(new CreateScheduleCommand(request));
    } catch (error) {
      // No other request uses this id: the schedule comes from a try whose response was lost.
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
      // "The StartDate you specify cannot be earlier than 5 minutes ago": a start in the past has no effect any more.
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

/** The names of the one or two schedules at EventBridge Scheduler. */
const namesOf = (scheduleId: string): string[] => [`${scheduleId}-1`, `${scheduleId}-2`];

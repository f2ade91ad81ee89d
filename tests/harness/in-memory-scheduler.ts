import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type CreateScheduleInput, SchedulerClient } from '@aws-sdk/client-scheduler';
import { LocalScheduler, type SchedulerOptions, serveScheduler } from '../../local/aws/scheduler/index.ts';
import { turnUntil } from './states/in-memory-step-functions.ts';
import type { SteppedClock } from './virtual-clock.ts';

export const targetStateMachine = 'arn:aws:states:us-east-1:123456789012:stateMachine:run-job';
export const schedulerRole = 'arn:aws:iam::123456789012:role/scheduler';

/** A firing that reached its target. */
export interface Delivery {
  time: number;
  name: string;
  input: string;
}

/** Starts a scheduler behind its wire API, with AWS's client connected to it. */
export async function startScheduler(options: Partial<SchedulerOptions> & { clock: SteppedClock }) {
  const delivered: Delivery[] = [];
  const scheduler = new LocalScheduler({
    database: ':memory:',
    region: 'us-east-1',
    accountId: '123456789012',
    deliver: (_target, name, input) => {
      delivered.push({ time: options.clock.now(), name, input });
    },
    ...options,
  });
  const server = createServer(serveScheduler(scheduler));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const credentials = { accessKeyId: 'local', secretAccessKey: 'local' };
  const client = new SchedulerClient({ endpoint: url, region: 'us-east-1', credentials, maxAttempts: 1 });
  const stop = async (): Promise<void> => {
    client.destroy();
    server.closeAllConnections();
    server.close();
    await scheduler.close();
  };
  return { scheduler, client, url, delivered, stop };
}

/** Sets the time and waits until everything that is due has happened. */
export async function advanceTo(clock: SteppedClock, now: string): Promise<void> {
  clock.set(now);
  await turnUntil(() => clock.sleepers === 1);
}

/** Makes the request for a schedule of a state machine; `fields` override the defaults. */
export const scheduleRequest = (fields: Partial<CreateScheduleInput> = {}): CreateScheduleInput => ({
  Name: 'one',
  ScheduleExpression: 'cron(* * * * ? *)',
  FlexibleTimeWindow: { Mode: 'OFF' },
  ...fields,
  Target: {
    Arn: targetStateMachine,
    RoleArn: schedulerRole,
    Input: '"<aws.scheduler.scheduled-time>"',
    ...fields.Target,
  },
});

import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { SchedulerClient, type CreateScheduleInput } from '@aws-sdk/client-scheduler';
import { Scheduler, serve, type SchedulerOptions } from '../../local/aws/scheduler/index.ts';
import { VirtualClock } from './virtual-clock.ts';
import { until } from './states/in-memory-step-functions.ts';
import { SteppedClock } from './stepped-clock.ts';

export { SteppedClock };

export const stateMachine = 'arn:aws:states:us-east-1:123456789012:stateMachine:run-job';
export const role = 'arn:aws:iam::123456789012:role/scheduler';

export interface Delivery {
  time: number;
  name: string;
  input: string;
}

/** A scheduler behind its wire API, and AWS's own client to it. */
export async function start(options: Partial<SchedulerOptions> & { clock: SteppedClock | VirtualClock }) {
  const delivered: Delivery[] = [];
  const scheduler = new Scheduler({
    database: ':memory:',
    region: 'us-east-1',
    accountId: '123456789012',
    deliver: (_target, name, input) => {
      delivered.push({ time: options.clock.now(), name, input });
    },
    ...options,
  });
  const server = createServer(serve(scheduler));
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

/** Lets time pass and everything that is due happen. */
export async function passTo(clock: SteppedClock, now: string): Promise<void> {
  clock.set(now);
  await until(() => clock.sleepers === 1);
}

/** A schedule of a state machine; only what a test is about differs. */
export const schedule = (more: Partial<CreateScheduleInput> = {}): CreateScheduleInput => ({
  Name: 'one',
  ScheduleExpression: 'cron(* * * * ? *)',
  FlexibleTimeWindow: { Mode: 'OFF' },
  ...more,
  Target: { Arn: stateMachine, RoleArn: role, Input: '"<aws.scheduler.scheduled-time>"', ...more.Target },
});

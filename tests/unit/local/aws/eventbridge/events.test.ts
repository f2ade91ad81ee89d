import { afterEach, beforeEach, expect, jest, test } from '@jest/globals';
import { Events } from '../../../../../local/aws/eventbridge/events.ts';

let events: Events;
const invoked: [name: string, event: unknown][] = [];
const waiting: string[] = [];

beforeEach(() => {
  jest.useFakeTimers();
  const invoke = (name: string, event: unknown) => {
    invoked.push([name, event]);
    return Promise.resolve({ payload: null });
  };
  events = new Events(invoke, () => [...waiting]);
});

afterEach(() => {
  events.stop();
  jest.useRealTimers();
});

// On AWS the cluster reports why jobs wait; on one machine only the job runner knows which jobs wait for others to end.
test('every sweep gets the jobs that wait at that time', () => {
  events.sweepNow();
  waiting.push('a', 'b');
  jest.advanceTimersByTime(5 * 60_000);
  expect(invoked).toEqual([
    ['sweep', { waitingTurn: [] }],
    ['sweep', { waitingTurn: ['a', 'b'] }],
  ]);
});

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

// On AWS the cluster says what jobs wait for; on one machine only the runner of processes knows who waits for a turn.
test('every sweep is told which jobs wait for their turn by then', () => {
  events.sweepNow();
  waiting.push('a', 'b');
  jest.advanceTimersByTime(5 * 60_000);
  expect(invoked).toEqual([
    ['sweep', { waitingTurn: [] }],
    ['sweep', { waitingTurn: ['a', 'b'] }],
  ]);
});

import { describe, expect, test } from '@jest/globals';
import type { JobStatus } from '../../../jobs/protocol.ts';
import { waitForEnd } from '../../../jobs/wait-for-end.ts';

/** Waits with a clock that only the pauses move. @returns how long it took, and the pauses before each read. */
async function waited(seconds: number, statusAt: (milliseconds: number) => JobStatus | undefined) {
  let time = 0;
  const asked: number[] = [];
  await waitForEnd('a', seconds, {
    statusOf: () => {
      asked.push(time);
      return Promise.resolve(statusAt(time));
    },
    clock: () => time,
    pause: (milliseconds) => {
      time += milliseconds;
      return Promise.resolve();
    },
  });
  return { time, asked };
}

describe('?wait=', () => {
  test('ends soon after a short job has ended', async () => {
    const { time } = await waited(25, (at) => (at >= 700 ? 'SUCCEEDED' : 'RUNNING'));
    expect(time).toBe(750);
  });

  test('ends when the seconds are over, with few reads', async () => {
    const { time, asked } = await waited(25, () => undefined);
    expect(time).toBe(25_000);
    expect(asked.length).toBeLessThanOrEqual(15);
  });

  test('with zero seconds makes no read', async () => {
    expect(await waited(0, () => 'RUNNING')).toEqual({ time: 0, asked: [] });
  });
});

import { describe, expect, test } from '@jest/globals';
import type { TerminatingPod } from '../../../jobs/ports.ts';
import type { JobItem } from '../../../jobs/record.ts';
import { releaseLostPods } from '../../../jobs/release-pods.ts';

const now = new Date('2026-11-23T12:00:00.000Z');
const secondsAgo = (seconds: number): string => new Date(now.getTime() - seconds * 1000).toISOString();

const pod = (jobId: string, secondsOverdue: number): TerminatingPod => ({
  ...{ name: `${jobId}-0-0-x`, uid: `uid-${jobId}`, version: '1', jobId },
  deletionDeadline: secondsAgo(secondsOverdue),
});

const job = (jobId: string, beat?: string): JobItem => ({
  ...{
    pk: `JOB#${jobId}`,
    sk: 'JOB',
    jobId,
    owner: 'a',
    origin: 'api',
    status: 'RUNNING',
    execution: 'arn@t',
  },
  ...{ maxAttempts: 3, timeoutSeconds: 60, labels: {}, resources: {}, retryOf: '' },
  ...{ createdAt: secondsAgo(3600), createdAtId: '', ...(beat !== undefined && { beat }) },
});

/** Releases what is lost of these pods. @returns the jobs whose pods were released, and the reports. */
async function released(
  terminating: TerminatingPod[],
  jobs: JobItem[],
  release: (pod: TerminatingPod) => Promise<boolean> = () => Promise.resolve(true),
) {
  const did: string[] = [];
  const reports: [string, unknown][] = [];
  const count = await releaseLostPods({
    pods: {
      listTerminating: () => Promise.resolve(terminating),
      release: async (pod) => {
        const done = await release(pod);
        if (done) did.push(pod.jobId);
        return done;
      },
    },
    store: {
      readDecisive: (jobId) => {
        const item = jobs.find((each) => each.jobId === jobId);
        return Promise.resolve(item && { job: item, attempts: [] });
      },
    },
    now: () => now,
    report: (message, problem) => reports.push([message, problem]),
  });
  return { count, did: did.sort(), reports };
}

describe('the pod of a node that does not respond is released', () => {
  test('a minute after its grace period, when its job has had no heartbeat for two minutes', async () => {
    const terminating = [pod('lost', 61), pod('early', 59)];
    const jobs = [job('lost', secondsAgo(121)), job('early', secondsAgo(121))];
    expect(await released(terminating, jobs)).toEqual({ count: 1, did: ['lost'], reports: [] });
  });

  // The node may have lost Kubernetes only: its container works on, and a second one would only wait.
  test('never while its job has heartbeats', async () => {
    expect((await released([pod('alive', 7200)], [job('alive', secondsAgo(119))])).did).toEqual([]);
  });

  test('when its container never started', async () => {
    expect((await released([pod('unstarted', 61)], [job('unstarted')])).did).toEqual(['unstarted']);
  });

  test('when its job has ended meanwhile', async () => {
    const ended = { ...job('cancelled', secondsAgo(300)), status: 'CANCELLED' as const };
    expect((await released([pod('cancelled', 61)], [ended])).did).toEqual(['cancelled']);
  });

  test('only if the table has its job: another pod is not ours', async () => {
    expect((await released([pod('stranger', 7200)], [])).did).toEqual([]);
  });

  test('or is left to the next sweep, which prevents nothing else', async () => {
    const terminating = ['one', 'forbidden', 'changed', 'two'].map((jobId) => pod(jobId, 61));
    const jobs = terminating.map(({ jobId }) => job(jobId));
    const problem = new Error('pods is forbidden');
    const { count, did, reports } = await released(terminating, jobs, ({ jobId }) =>
      jobId === 'forbidden' ? Promise.reject(problem) : Promise.resolve(jobId !== 'changed'),
    );
    expect({ count, did }).toEqual({ count: 2, did: ['one', 'two'] });
    expect(reports).toEqual([[expect.stringMatching(/^left 1 pods .* to the next sweep/), problem]]);
  });

  test('at most 500 in one sweep', async () => {
    const terminating = Array.from({ length: 600 }, (_, index) => pod(`job-${index}`, 61));
    expect(
      (
        await released(
          terminating,
          terminating.map(({ jobId }) => job(jobId)),
        )
      ).count,
    ).toBe(500);
  });
});

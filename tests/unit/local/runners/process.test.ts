import { expect, test } from '@jest/globals';
import { ProcessRunner } from '../../../../local/runners/process.ts';

const manifest = (jobId: string) => ({
  metadata: { name: `${jobId}-0-0`, labels: { 'eks-jobs/job-id': jobId } },
  spec: { activeDeadlineSeconds: 60, template: { spec: { containers: [{ env: [] }] } } },
});

test('jobs above the limit wait, and the runner lists them', async () => {
  // `cat` runs until its standard input closes, as the job's program does here.
  const runner = new ProcessRunner('/bin/cat', {}, 1);
  const deletions = Object.fromEntries(['a', 'b', 'c'].map((jobId) => [jobId, new AbortController()]));
  const ends: Promise<unknown>[] = [];
  for (const [jobId, { signal }] of Object.entries(deletions)) {
    const options = { namespace: 'n', clusterName: 'c', submittedAt: Date.now(), resumed: false, signal };
    const { ended } = await runner.start(manifest(jobId), options);
    ends.push(ended.catch(() => undefined));
  }
  await Promise.resolve();
  expect(runner.waitingTurn()).toEqual(['b', 'c']);
  // Deleted while it waits: it never starts.
  deletions['b']?.abort();
  deletions['a']?.abort();
  await Promise.all(ends.slice(0, 2));
  expect(runner.waitingTurn()).toEqual([]);
  await runner.stop();
});

import { expect, test } from '@jest/globals';
import { describeStatus } from '../../../cli/progress.ts';
import { jobView } from './views.ts';

const waitingReason = (reason: 'NoNode' | 'Interrupted') => ({ waitingReason: { reason, message: 'Why.' } });
const attempts = [{ attempt: 0, status: 'RUNNING' as const, log: [] }];

test('the status is shown with the reason why the job stands still, queued or running', () => {
  expect(describeStatus(jobView({ status: 'QUEUED', ...waitingReason('NoNode') }))).toBe('QUEUED (NoNode)');
  expect(describeStatus(jobView({ status: 'RUNNING', attempts }))).toBe('RUNNING, attempt 1 of 3');
  expect(describeStatus(jobView({ status: 'RUNNING', attempts, ...waitingReason('Interrupted') }))).toBe(
    'RUNNING (Interrupted), attempt 1 of 3',
  );
});

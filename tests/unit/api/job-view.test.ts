import { expect, test } from '@jest/globals';
import { historyOf } from '../../../api/job-view.ts';

const time = '2026-11-23T10:00:00.000Z';
const eks = { at: time, resourceType: 'eks' };

test('a history shows a failed submission with the number of the attempt that comes after it', () => {
  const numbers = historyOf([
    { at: time, type: 'TaskStateEntered', name: 'RunJob' },
    { ...eks, type: 'TaskScheduled', attempt: 0 },
    { ...eks, type: 'TaskSubmitFailed', error: 'EKS.503' },
    { at: time, type: 'WaitStateEntered', name: 'WaitForCluster' },
    { at: time, type: 'TaskStateEntered', name: 'RunJob' },
    { ...eks, type: 'TaskScheduled', attempt: 0 },
  ]).map(({ state, attempt }) => `${state ?? ''} ${attempt ?? '-'}`);
  const waiting = ['RunJob -', 'RunJob 0', 'RunJob 0', 'WaitForCluster -'];
  expect(numbers).toEqual([...waiting, 'RunJob -', 'RunJob 0']);
});

test('a history shows each event with its state and try', () => {
  const history = historyOf([
    { at: time, type: 'ExecutionStarted' },
    { at: time, type: 'TaskStateEntered', name: 'Register' },
    { at: time, type: 'TaskStateEntered', name: 'RunJob' },
    { ...eks, type: 'TaskScheduled' },
    { ...eks, type: 'TaskFailed', error: 'States.TaskFailed', cause: 'x'.repeat(5000) },
    { ...eks, type: 'TaskScheduled' },
    { at: time, type: 'ExecutionAborted', cause: 'cancelled' },
  ]);
  expect(history).toEqual([
    { at: time, type: 'ExecutionStarted' },
    { at: time, type: 'TaskStateEntered', state: 'Register' },
    { at: time, type: 'TaskStateEntered', state: 'RunJob' },
    { at: time, type: 'TaskScheduled', state: 'RunJob', attempt: 0 },
    {
      ...{ at: time, type: 'TaskFailed', state: 'RunJob', attempt: 0 },
      ...{ error: 'States.TaskFailed', cause: 'x'.repeat(1024) },
    },
    { at: time, type: 'TaskScheduled', state: 'RunJob', attempt: 1 },
    { at: time, type: 'ExecutionAborted', cause: 'cancelled' },
  ]);
});

import { expect, test } from '@jest/globals';
import type { HistoryEvent } from '@aws-sdk/client-sfn';
import { historyOf } from '../../../api/job-view.ts';

const at = new Date('2026-11-23T10:00:00.000Z');
const eks = {
  resourceType: 'eks',
  resource: 'runJob.sync',
  region: 'eu-central-1',
  parameters: '{"secret":1}',
};

test('a history says what happened in which state and try, and shows no arguments', () => {
  const events: HistoryEvent[] = [
    { id: 1, timestamp: at, type: 'ExecutionStarted', executionStartedEventDetails: { input: '{}' } },
    { id: 2, timestamp: at, type: 'TaskStateEntered', stateEnteredEventDetails: { name: 'Register' } },
    { id: 3, timestamp: at, type: 'TaskStateEntered', stateEnteredEventDetails: { name: 'RunJob' } },
    { id: 4, timestamp: at, type: 'TaskScheduled', taskScheduledEventDetails: eks },
    {
      id: 5,
      timestamp: at,
      type: 'TaskFailed',
      taskFailedEventDetails: { ...eks, error: 'States.TaskFailed', cause: 'x'.repeat(5000) },
    },
    { id: 6, timestamp: at, type: 'TaskScheduled', taskScheduledEventDetails: eks },
    { id: 7, timestamp: at, type: 'ExecutionAborted', executionAbortedEventDetails: { cause: 'cancelled' } },
  ];
  const time = at.toISOString();
  expect(historyOf(events)).toEqual([
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

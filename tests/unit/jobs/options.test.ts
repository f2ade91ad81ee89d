import { describe, expect, test } from '@jest/globals';
import { JobRequest } from '../../../api/job-request.ts';
import { JobView } from '../../../api/responses/job.ts';
import { ScheduleView } from '../../../api/responses/schedule.ts';
import { ScheduleChange, ScheduleRequest } from '../../../api/schedule-request.ts';
import { ExecutionInput } from '../../../jobs/execution-input.ts';
import {
  ChangedOptions,
  defaultOptions,
  differencesOf,
  JobOptions,
  optionsOf,
  RequestedOptions,
  StoredOptions,
} from '../../../jobs/options.ts';
import { JobItem } from '../../../jobs/record.ts';
import { scheduleOf } from '../../../jobs/schedules/record.ts';

const given: JobOptions = {
  timeoutSeconds: 60,
  maxAttempts: 1,
  labels: { team: 'search' },
  resources: { cpu: '2' },
};

describe('the options of a job', () => {
  test.each([
    ['the request of a job', JobRequest.shape],
    ['the request of a schedule', ScheduleRequest.shape],
    ['the change of a schedule', ScheduleChange.shape],
    ['the input of an execution', ExecutionInput.shape],
    ['the record of a job', JobItem.shape],
    ['the view of a job', JobView.shape],
    ['the view of a schedule', ScheduleView.shape],
    ['their own defaults', RequestedOptions.shape],
    ['their own changes', ChangedOptions.shape],
    ['their own stored form', StoredOptions.shape],
  ])('are all in %s', (_where, shape) => {
    expect(Object.keys(shape)).toEqual(expect.arrayContaining(Object.keys(JobOptions.shape)));
  });

  test('are copied without other fields', () => {
    expect(optionsOf({ ...given, ...{ jobId: 'a', owner: 'alice' } })).toEqual(given);
  });

  test('have defaults that are themselves allowed', () => {
    expect(JobOptions.parse(defaultOptions)).toEqual(defaultOptions);
  });

  test('are absent from a change that does not name them', () => {
    expect(ChangedOptions.parse({})).toEqual({});
    expect(ChangedOptions.parse({ labels: {} })).toEqual({ labels: {} });
  });
});

describe('the differences of two requests', () => {
  test('do not depend on the order of labels', () => {
    const labels = { a: '1', b: '2' };
    const reversed = { b: '2', a: '1' };
    expect(differencesOf({ ...given, labels })).toEqual(differencesOf({ ...given, labels: reversed }));
    expect(differencesOf(given)).not.toEqual(differencesOf({ ...given, labels }));
  });

  // An option that is added later must not change the fingerprint of a schedule that was created before.
  test('do not include options at their defaults', () => {
    expect(differencesOf(defaultOptions)).toEqual([]);
    expect(differencesOf({ ...defaultOptions, maxAttempts: 1 })).toEqual([['maxAttempts', 1]]);
  });
});

// Items of older deployments have none of these attributes.
test('a schedule that was stored without options has the defaults', () => {
  const item = {
    ...{ scheduleId: 'a', owner: 'SCHEDULE#alice', createdAtId: 't#a', cron: '@daily', timezone: 'UTC' },
    ...{ expressions: ['cron(0 0 * * ? *)'], enabled: true, state: 'ACTIVE', version: 1 },
    ...{ createdAt: 't', updatedAt: 't', fingerprint: 'f' },
  };
  expect(scheduleOf(item)).toMatchObject(defaultOptions);
  expect(scheduleOf({ ...item, ...given })).toMatchObject(given);
});

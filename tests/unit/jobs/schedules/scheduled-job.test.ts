import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { inputOf } from '../../../../api/job-request.ts';
import { PayloadTooLarge } from '../../../../jobs/errors.ts';
import { ExecutionInput, maximumExecutionInputBytes } from '../../../../jobs/execution-input.ts';
import { JobId, jobIdOfRunNow, newScheduleId, ScheduleId, scheduleOriginOf } from '../../../../jobs/ids.ts';
import { defaultOptions, JobOptions } from '../../../../jobs/options.ts';
import { executionInput, targetInput } from '../../../../jobs/schedules/scheduled-job.ts';
import { fillContextAttributes } from '../../../../local/aws/scheduler/context-attributes.ts';

const scheduleId = '01jdd0000000000000000000aa';
const firing = {
  'schedule-arn': 'arn:aws:scheduler:eu-central-1:123456789012:schedule/jobs/a-1',
  'scheduled-time': '2026-11-25T07:00:00Z',
  'execution-id': 'd32c5kddcf5bb8c3',
  'attempt-number': '1',
};

const attribute = fc.constantFrom(
  '<aws.scheduler.execution-id>',
  '<aws.scheduler.scheduled-time>',
  '<aws.scheduler.',
  '\\u003caws.scheduler.attempt-number>',
  '<',
  '"',
  '\\',
  '</',
);
const text = fc.array(fc.oneof(attribute, fc.string({ unit: 'binary' }))).map((parts) => parts.join(''));

const label = fc.stringMatching(/^[a-z0-9]([-a-z0-9_./]{0,61}[a-z0-9])?$/);
const options = fc.record({
  timeoutSeconds: fc.integer({ min: 1, max: 21_600 }),
  maxAttempts: fc.integer({ min: 1, max: 3 }),
  labels: fc.dictionary(label, fc.stringMatching(/^([A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?)?$/)),
  resources: fc.record(
    { cpu: fc.constantFrom('2', '500m'), memory: fc.constantFrom('1Gi', '64Mi') },
    { requiredKeys: [] },
  ),
} satisfies Record<keyof JobOptions, unknown>);

// Scheduler replaces `<aws.scheduler.…>` anywhere in its input, also inside what users send.
test('a user’s input and options arrive in the job as they were sent, whatever the input contains', () => {
  fc.assert(
    fc.property(fc.dictionary(text, fc.oneof(text, fc.jsonValue())), text, options, (value, owner, given) => {
      expect(JobOptions.safeParse(given).success).toBe(true);
      const input = inputOf(JSON.stringify({ input: value }));
      const job = { scheduleId, owner, input, ...given };
      const execution = ExecutionInput.parse(JSON.parse(fillContextAttributes(targetInput(job), firing)));
      expect(execution).toEqual({
        jobId: `${scheduleId}-2026-11-25-0700`,
        owner,
        origin: 'schedule',
        input,
        ...given,
      });
    }),
    { numRuns: 1000 },
  );
});

// The targets that older deployments stored at EventBridge Scheduler still fire.
test('a firing without labels and resources is a job that has none', () => {
  const stored =
    `{"jobId":"${scheduleId}-<aws.scheduler.scheduled-time>","owner":"alice","origin":"schedule","input":"{}",` +
    '"maxAttempts":3,"timeoutSeconds":3600}';
  expect(ExecutionInput.parse(JSON.parse(fillContextAttributes(stored, firing)))).toMatchObject(
    defaultOptions,
  );
});

test('a job that runs now has the same input as that of a firing', () => {
  const job = { scheduleId, owner: 'alice', input: '{"order":12345678901234567890}', ...defaultOptions };
  const now = JSON.parse(executionInput('a', job)) as object;
  const fired = JSON.parse(targetInput(job)) as object;
  expect({ ...now, jobId: '' }).toEqual({ ...fired, jobId: '' });
});

test('an input that is too large for a firing is rejected with both sizes, even if a job could have it', () => {
  // Each < costs six bytes in a schedule.
  const job = {
    scheduleId,
    owner: 'alice',
    input: JSON.stringify({ data: '<'.repeat(45_000) }),
    ...defaultOptions,
  };
  expect(() => executionInput('a', job)).not.toThrow();
  expect(() => targetInput(job)).toThrow(PayloadTooLarge);
  expect(() => targetInput(job)).toThrow(
    new RegExp(`takes 27\\d{4} bytes .* at most ${maximumExecutionInputBytes}`),
  );
});

test('the id of a schedule’s job shows its schedule and firing', () => {
  for (const id of [scheduleId, newScheduleId('alice', 'key')]) {
    expect(ScheduleId.parse(id)).toBe(id);
    expect(scheduleOriginOf(`${id}-2026-11-25-0700`)).toEqual({
      scheduleId: id,
      scheduledAt: '2026-11-25T07:00:00.000Z',
    });
    for (const key of [undefined, 'key']) {
      const jobId = jobIdOfRunNow(id, key);
      expect(JobId.parse(jobId)).toBe(jobId);
      expect(scheduleOriginOf(jobId)).toEqual({ scheduleId: id });
    }
  }
  expect(scheduleOriginOf('01jdd0000000000000000000aa')).toBeUndefined();
  expect(newScheduleId('alice', 'key')).not.toBe(newScheduleId('alicek', 'ey'));
});

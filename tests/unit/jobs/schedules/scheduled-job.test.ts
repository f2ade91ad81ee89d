import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { inputOf } from '../../../../api/job-request.ts';
import { PayloadTooLarge } from '../../../../jobs/errors.ts';
import { ExecutionInput, largestExecutionInput } from '../../../../jobs/execution-input.ts';
import { JobId, jobIdOfRunNow, newScheduleId, ScheduleId, scheduleOriginOf } from '../../../../jobs/ids.ts';
import { defaultOptions, JobOptions } from '../../../../jobs/options.ts';
import { executionInput, targetInput } from '../../../../jobs/schedules/scheduled-job.ts';
import { fillContextAttributes } from '../../../../local/aws/scheduler/context-attributes.ts';

const scheduleId = '01jdd0000000000000000000aa';
const tick = {
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

// Scheduler replaces `<aws.scheduler.…>` wherever it stands, inside what users send too.
test('a user’s input and options arrive in the job as they were sent, whatever the input contains', () => {
  fc.assert(
    fc.property(fc.dictionary(text, fc.oneof(text, fc.jsonValue())), text, options, (value, owner, given) => {
      expect(JobOptions.safeParse(given).success).toBe(true);
      const input = inputOf(JSON.stringify({ input: value }));
      const job = { scheduleId, owner, input, ...given };
      const execution = ExecutionInput.parse(JSON.parse(fillContextAttributes(targetInput(job), tick)));
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
  expect(ExecutionInput.parse(JSON.parse(fillContextAttributes(stored, tick)))).toMatchObject(defaultOptions);
});

test('what runs now has the same input as a tick', () => {
  const job = { scheduleId, owner: 'alice', input: '{"order":12345678901234567890}', ...defaultOptions };
  const now = JSON.parse(executionInput('a', job)) as object;
  const ticked = JSON.parse(targetInput(job)) as object;
  expect({ ...now, jobId: '' }).toEqual({ ...ticked, jobId: '' });
});

test('an input that becomes too large for a tick is refused with both figures, though it might do for a job', () => {
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
    new RegExp(`takes 27\\d{4} bytes .* at most ${largestExecutionInput}`),
  );
});

test('the id of a schedule’s job says where it comes from', () => {
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

import type { HistoryEvent } from '@aws-sdk/client-sfn';
import { expect, test } from '@jest/globals';
import { RunJobHistory } from '../../../../jobs/aws/run-job-history.ts';
import type { Tries } from '../../../../jobs/execution.ts';

const eks = { resourceType: 'eks', resource: 'runJob.sync' };
const start = Date.parse('2026-11-23T10:00:00Z');

/** The arguments of RunJob, as far as they name the attempt. */
const argumentsOf = (attempt: number): string =>
  JSON.stringify({
    Job: {
      spec: {
        template: { spec: { containers: [{ env: [{ name: 'ATTEMPT', value: String(attempt) }] }] } },
      },
    },
  });

/** One try: its attempt, its end, and whether the end is TaskSubmitFailed. */
function tried(
  attempt: number | undefined,
  error: string | undefined,
  { submit = false, minutes = 0 } = {},
): HistoryEvent[] {
  const timestamp = new Date(start + minutes * 60_000);
  const scheduled = {
    ...{ id: 1, timestamp, type: 'TaskScheduled' as const },
    taskScheduledEventDetails: {
      ...eks,
      region: 'eu-central-1',
      parameters: attempt === undefined ? '{}' : argumentsOf(attempt),
    },
  };
  const details = { ...eks, error, cause: `cause of ${error ?? ''}` };
  if (error === undefined)
    return [scheduled, { id: 2, timestamp, type: 'TaskSucceeded', taskSucceededEventDetails: eks }];
  return [
    scheduled,
    submit
      ? { id: 2, timestamp, type: 'TaskSubmitFailed', taskSubmitFailedEventDetails: details }
      : { id: 2, timestamp, type: 'TaskFailed', taskFailedEventDetails: details },
  ];
}

function read(...events: HistoryEvent[][]): Tries {
  const history = new RunJobHistory();
  for (const event of events.flat()) history.add(event);
  return history.result();
}

const failed = { error: { code: 'States.TaskFailed', message: 'cause of States.TaskFailed' } };

test('a failed submission is not an attempt, whichever event it ends with', () => {
  const tries = read(
    tried(0, 'States.TaskFailed'),
    tried(1, 'EKS.503', { submit: true }),
    tried(1, 'EKS.429'),
    tried(1, 'States.TaskFailed'),
    tried(2, undefined),
  );
  expect(tries).toEqual({ tries: [failed, failed, {}] });
});

test('submissions that failed last are described, with their number and their time', () => {
  const { tries, submissionError } = read(
    tried(0, 'EKS.401'),
    tried(0, 'States.TaskFailed'),
    tried(1, 'EKS.503', { submit: true }),
    tried(1, 'EKS.500', { submit: true, minutes: 200 }),
    tried(1, 'EKS.503', { submit: true, minutes: 366 }),
  );
  expect(tries).toEqual([failed]);
  expect(submissionError).toEqual({
    code: 'SubmissionFailed',
    message:
      "The cluster did not accept the job's Kubernetes Job. 3 submissions failed within 6.1 hours, " +
      'the last with EKS.503: cause of EKS.503',
  });
});

// A name that is not known as a failed submission, and one that may come from a Job that was deleted.
test.each(['EKS.404', 'EKS.422', 'EKS.SomethingElse', 'States.Timeout'])(
  'a try that ends with %s is an attempt',
  (error) => {
    const { tries, submissionError } = read(tried(0, error, { submit: true }));
    expect(tries).toMatchObject([{ error: { code: error } }]);
    expect(submissionError).toBeUndefined();
  },
);

// If a catcher does not see RetryCount, the numbers begin again: the container of a closed attempt exits 75.
test('tries with the number of an attempt that was tried already are not more attempts', () => {
  const tries = read(
    tried(0, 'States.TaskFailed'),
    tried(1, 'EKS.503'),
    tried(0, 'States.TaskFailed'),
    tried(1, 'EKS.503'),
  );
  expect(tries.tries).toEqual([failed]);
});

test('without the arguments of a try, the tries are counted', () => {
  expect(read(tried(undefined, 'States.TaskFailed'), tried(undefined, undefined)).tries).toEqual([
    failed,
    {},
  ]);
});

test('a try without an end is unfinished: a history can be behind', () => {
  const [scheduled] = tried(0, undefined);
  expect(read(scheduled ? [scheduled] : [])).toEqual({ tries: [{}], unfinished: true });
});

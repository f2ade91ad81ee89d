import { describe, expect, test } from '@jest/globals';
import { EksIntegration } from '../../../../../../local/aws/step-functions/index.ts';
import {
  type JobOutcome,
  JobRefused,
  type JobRunner,
  type JobRunOptions,
} from '../../../../../../local/aws/step-functions/integrations/job-runner.ts';
import { runTask } from '../../../../../harness/states/in-memory-step-functions.ts';

// A state machine sees results wrapped as AWS wraps them, and errors by AWS's names.

describe('eks:runJob.sync', () => {
  const job = { apiVersion: 'batch/v1', kind: 'Job', metadata: { name: 'a' } };
  const Arguments = {
    ClusterName: 'c',
    CertificateAuthority: 'Y2E=',
    Endpoint: 'https://c',
    Namespace: 'jobs',
    Job: job,
  };
  const runSync = 'arn:aws:states:::eks:runJob.sync';

  type Runner = Pick<JobRunner, 'start'>;

  /** Makes a runner that accepts every Job; each ends with this outcome. */
  const runnerWith = (outcome: JobOutcome | Promise<JobOutcome>, received: JobRunOptions[] = []): Runner => ({
    start: (body, options) => {
      received.push(options);
      return Promise.resolve({
        response: { statusCode: 201, statusText: 'Created', body },
        ended: Promise.resolve(outcome),
      });
    },
  });

  /** Makes a runner whose cluster refuses every Job with this status. */
  const refusingRunner = (statusCode: number, statusText: string): Runner => ({
    start: () =>
      Promise.reject(new JobRefused({ statusCode, statusText, body: { kind: 'Status', message: 'no' } })),
  });

  test('hands the Job to the runner and returns nothing of it but the requested logs', async () => {
    const received: JobRunOptions[] = [];
    const runner = runnerWith({ succeeded: true, logs: { pod: { main: 'hello' } } }, received);
    const plain = await runTask(new EksIntegration(runner), runSync, Arguments);
    expect(plain).toMatchObject({ status: 'SUCCEEDED', output: {} });
    expect(plain.types).toContain('TaskSubmitted');
    expect(received).toMatchObject([{ clusterName: 'c', namespace: 'jobs', resumed: false }]);
    const LogOptions = { RetrieveLogs: true };
    const logged = await runTask(new EksIntegration(runner), runSync, { ...Arguments, LogOptions });
    expect(logged.output).toEqual({ logs: { pods: { pod: { containers: { main: { log: 'hello' } } } } } });
  });

  test('a failed Job is States.TaskFailed with its condition as the cause', async () => {
    const runner = runnerWith({ succeeded: false, reason: 'DeadlineExceeded', message: 'too long' });
    const failed = await runTask(new EksIntegration(runner), runSync, Arguments);
    expect(failed).toMatchObject({ status: 'FAILED', error: 'States.TaskFailed' });
    expect(failed.cause).toContain('"reason":"DeadlineExceeded"');
  });

  // The names are AWS's: a state machine that catches EKS.409 must behave the same here.
  test.each([
    [401, 'Unauthorized'],
    [403, 'Forbidden'],
    [404, 'Not Found'],
    [409, 'Conflict'],
    [429, 'Too Many Requests'],
    [503, 'Service Unavailable'],
  ])('a Job that the cluster refuses with %i is EKS.<status> without TaskSubmitted', async (status, text) => {
    const refused = await runTask(new EksIntegration(refusingRunner(status, text)), runSync, Arguments);
    expect(refused).toMatchObject({ status: 'FAILED', error: `EKS.${status}` });
    expect(refused.types).not.toContain('TaskSubmitted');
    expect(refused.types).toContain('TaskSubmitFailed');
    expect(refused.types).not.toContain('TaskFailed');
    expect(JSON.parse(refused.cause ?? '')).toEqual({
      ResponseBody: { kind: 'Status', message: 'no' },
      StatusCode: status,
      StatusText: text,
    });
  });

  test('a Job that another client deletes is EKS.404 after TaskSubmitted', async () => {
    const gone = Promise.reject(new JobRefused({ statusCode: 404, statusText: 'Not Found', body: null }));
    const ended = await runTask(new EksIntegration(runnerWith(gone)), runSync, Arguments);
    expect(ended.error).toBe('EKS.404');
    expect(ended.types).toEqual(expect.arrayContaining(['TaskSubmitted', 'TaskFailed']));
    expect(ended.types).not.toContain('TaskSubmitFailed');
  });

  test('without .sync the task ends when the Job is created', async () => {
    const runner = runnerWith(new Promise<never>(() => undefined));
    const made = await runTask(new EksIntegration(runner), 'arn:aws:states:::eks:runJob', Arguments);
    expect(made).toMatchObject({ status: 'SUCCEEDED', output: { StatusCode: 201 } });
  });
});

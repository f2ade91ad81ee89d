import * as z from 'zod';
import { TaskFailure } from '../errors.ts';
import type { Integration, Task } from '../integration.ts';
import { type Json, jsonText } from '../json.ts';
import { type ClusterResponse, type JobOutcome, JobRefused, type JobRunner } from './job-runner.ts';

const runJobResource = 'arn:aws:states:::eks:runJob';

/** The arguments of eks:runJob. Endpoint and CertificateAuthority are not used: the runner knows its cluster. */
const Arguments = z.object({
  ClusterName: z.string(),
  CertificateAuthority: z.string(),
  Endpoint: z.string(),
  Namespace: z.string().default('default'),
  Job: z.record(z.string(), z.json()),
  LogOptions: z.object({ RetrieveLogs: z.boolean().default(false) }).optional(),
});

/**
 * Runs eks:runJob and eks:runJob.sync (developer guide, "Create and manage Amazon EKS clusters with Step Functions").
 */
export class EksIntegration implements Integration {
  readonly #runner: Pick<JobRunner, 'start'>;

  constructor(runner: Pick<JobRunner, 'start'>) {
    this.#runner = runner;
  }

  supports(resource: string): boolean {
    return resource === runJobResource || resource === `${runJobResource}.sync`;
  }

  async run(task: Task): Promise<Json> {
    const parsed = Arguments.safeParse(task.arguments);
    if (!parsed.success) throw new TaskFailure('States.Runtime', z.prettifyError(parsed.error));
    const { ClusterName: clusterName, Namespace: namespace, Job: job, LogOptions } = parsed.data;
    const { submittedAt, resumed } = task;
    // Without .sync the task is done once the Job is created, and the end of the task does not affect the Job.
    const sync = task.resource.endsWith('.sync');
    const signal = sync ? task.signal : new AbortController().signal;
    try {
      const started = await this.#runner.start(job, { clusterName, namespace, submittedAt, resumed, signal });
      if (!sync) {
        started.ended.catch(() => undefined);
        return awsResponse(started.response);
      }
      task.submitted(awsResponse(started.response));
      const outcome = await started.ended;
      if (!outcome.succeeded) throw jobFailure(outcome);
      return LogOptions?.RetrieveLogs === true ? { logs: logs(outcome) } : {};
    } catch (error) {
      if (!(error instanceof JobRefused)) throw error;
      throw new TaskFailure(`EKS.${error.response.statusCode}`, jsonText(awsResponse(error.response)));
    }
  }
}

/** Converts the API server's response to AWS's form: the output of TaskSubmitted, and the cause of an EKS.<status>. */
const awsResponse = ({ statusCode, statusText, body }: ClusterResponse): Json => ({
  ResponseBody: z.json().catch(null).parse(body),
  StatusCode: statusCode,
  StatusText: statusText,
});

/**
 * Makes the failure of a failed Job. AWS's error name is not documented; States.TaskFailed and States.ALL match this
 * one.
 */
function jobFailure({
  reason = 'BackoffLimitExceeded',
  message = 'The Job has failed',
}: JobOutcome): TaskFailure {
  const condition = { type: 'Failed', status: 'True', reason, message };
  return new TaskFailure('States.TaskFailed', jsonText({ status: { conditions: [condition], failed: 1 } }));
}

/** Makes the part of the output that is documented: logs.pods.<pod>.containers.<container>.log. */
function logs({ logs: pods = {} }: JobOutcome): Json {
  const containers = (texts: Record<string, string>) =>
    Object.fromEntries(Object.entries(texts).map(([container, log]) => [container, { log }]));
  return {
    pods: Object.fromEntries(
      Object.entries(pods).map(([pod, texts]) => [pod, { containers: containers(texts) }]),
    ),
  };
}

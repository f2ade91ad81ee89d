import * as z from 'zod';
import { TaskFailure } from '../errors.ts';
import type { Integration, Task } from '../integration.ts';
import type { Json } from '../json.ts';
import { jsonText } from '../json.ts';
import type { JobOutcome, JobRunner } from '../../runners/job-runner.ts';

const RUN_JOB = 'arn:aws:states:::eks:runJob';

/** The arguments of eks:runJob that mean something here; Endpoint and CertificateAuthority are the runner's own matter. */
const Arguments = z.object({
  ClusterName: z.string(),
  CertificateAuthority: z.string(),
  Endpoint: z.string(),
  Namespace: z.string().default('default'),
  Job: z.record(z.string(), z.json()),
  LogOptions: z.object({ RetrieveLogs: z.boolean().default(false) }).optional(),
});

/** eks:runJob and eks:runJob.sync (developer guide, "Create and manage Amazon EKS clusters with Step Functions"). */
export class EksIntegration implements Integration {
  readonly #runner: JobRunner;

  constructor(runner: JobRunner) {
    this.#runner = runner;
  }

  supports(resource: string): boolean {
    return resource === RUN_JOB || resource === `${RUN_JOB}.sync`;
  }

  async run(task: Task): Promise<Json> {
    const parsed = Arguments.safeParse(task.arguments);
    if (!parsed.success) throw new TaskFailure('States.Runtime', z.prettifyError(parsed.error));
    const { ClusterName: clusterName, Namespace: namespace, Job: job, LogOptions } = parsed.data;
    const { submittedAt, resumed } = task;
    // Without .sync the task is done once the Job is made, and nothing that happens to the task reaches the Job.
    const sync = task.resource.endsWith('.sync');
    const signal = sync ? task.signal : new AbortController().signal;
    const running = this.#runner.run(job, { clusterName, namespace, submittedAt, resumed, signal });
    const accepted: Json = { ResponseBody: job, StatusCode: 201, StatusText: 'Created' };
    if (!sync) {
      running.catch(() => undefined);
      return accepted;
    }
    task.submitted(accepted);
    const outcome = await running;
    if (!outcome.succeeded) throw failed(outcome);
    return LogOptions?.RetrieveLogs === true ? { logs: logs(outcome) } : {};
  }
}

/** AWS's error name of a Job that failed is not documented; this one is matched by what should be written: States.TaskFailed or States.ALL. */
function failed({
  reason = 'BackoffLimitExceeded',
  message = 'The Job has failed',
}: JobOutcome): TaskFailure {
  const condition = { type: 'Failed', status: 'True', reason, message };
  return new TaskFailure('States.TaskFailed', jsonText({ status: { conditions: [condition], failed: 1 } }));
}

/** The one part of the output that is documented: logs.pods.<pod>.containers.<container>.log. */
function logs({ logs: pods = {} }: JobOutcome): Json {
  const containers = (texts: Record<string, string>) =>
    Object.fromEntries(Object.entries(texts).map(([container, log]) => [container, { log }]));
  return {
    pods: Object.fromEntries(
      Object.entries(pods).map(([pod, texts]) => [pod, { containers: containers(texts) }]),
    ),
  };
}

import * as z from 'zod';
import { evaluate, machineWith, taskOf } from '../run-job-definition.ts';

const Arguments = z.object({
  Job: z.looseObject({
    metadata: z.looseObject({ name: z.string() }),
    spec: z.looseObject({ template: z.looseObject({ spec: z.looseObject({}) }) }),
  }),
});

/** Evaluates the Job that the state machine creates for a job, as Step Functions sends it. */
export async function jobManifest(
  jobId: string,
  namespace: string,
  extraTokens: Record<string, string> = {},
) {
  const tokens = {
    ServiceName: 'eks-jobs-test',
    JobNamespace: namespace,
    JobServiceAccount: 'data-processor',
    JobImage: 'eks-jobs.local/data-processor:local',
    JobNodeSelector: '{}',
    KueueQueue: '',
    ...extraTokens,
  };
  const variables = {
    jobId,
    execution: 'none',
    maxAttempts: 3,
    timeoutSeconds: 60,
    queueSeconds: 60,
    resources: {},
    tried: 0,
    unsubmitted: 0,
  };
  const task = taskOf(machineWith(tokens), 'RunJob');
  return Arguments.parse(await evaluate(task.Arguments, { variables })).Job;
}

import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import * as z from 'zod';
import { newJobId } from '../../../jobs/ids.ts';
import { limits, submissionErrors } from '../../../jobs/protocol.ts';
import type { Resources } from '../../../jobs/resources.ts';
import type { Json } from '../../../local/aws/step-functions/json.ts';
import { assigned, evaluate, machineWith, taskOf } from '../../harness/run-job-definition.ts';
import { parameters } from '../../../plugins/parameters/table.ts';

const Labels = z.record(z.string(), z.string().regex(/^([A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?)?$/));

/** What these tests ask of the manifest; the rest of it is Kubernetes' business. */
const Job = z.looseObject({
  apiVersion: z.literal('batch/v1'),
  kind: z.literal('Job'),
  metadata: z.looseObject({
    // It becomes a label of the pods as well: a DNS label of at most 63 characters.
    name: z.string().regex(/^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$/),
    labels: Labels,
  }),
  spec: z.looseObject({
    backoffLimit: z.number(),
    activeDeadlineSeconds: z.int(),
    ttlSecondsAfterFinished: z.number(),
    template: z.looseObject({
      metadata: z.looseObject({ labels: Labels }),
      spec: z.looseObject({
        restartPolicy: z.string(),
        securityContext: z.looseObject({}),
        containers: z.tuple([
          z.looseObject({
            env: z.array(z.strictObject({ name: z.string(), value: z.string() })),
            securityContext: z.looseObject({}),
            resources: z.strictObject({
              requests: z.record(z.string(), z.string()),
              limits: z.record(z.string(), z.string()),
            }),
          }),
        ]),
      }),
    }),
  }),
});

interface Try {
  jobId?: string;
  resources?: Resources;
  timeoutSeconds?: number;
  retryCount?: number;
  redriveCount?: number;
  /** The variables that count the failed submissions of earlier visits. */
  tried?: number;
  unsubmitted?: number;
}

async function jobOf(wanted: Try, machine = machineWith()) {
  const { jobId = newJobId(), timeoutSeconds = 3600, resources, ...rest } = wanted;
  const { tried: before = 0, unsubmitted = 0, ...moment } = rest;
  const input: Json = {
    ...{ jobId, owner: 'alice', origin: 'api', input: '{}', maxAttempts: 3, timeoutSeconds },
    ...(resources && { resources }),
  };
  const variables = { ...(await assigned(machine, input)), tried: before, unsubmitted };
  const state = taskOf(machine, 'RunJob');
  const { Job: job } = z
    .looseObject({ Job })
    .parse(await evaluate(state.Arguments, { variables, ...moment }));
  const runJobSeconds = z.int().parse(await evaluate(state.TimeoutSeconds, { variables }));
  return { job, runJobSeconds };
}

const attemptOf = (job: z.infer<typeof Job>): string | undefined =>
  job.spec.template.spec.containers[0].env.find(({ name }) => name === 'ATTEMPT')?.value;

describe('the Job of one try', () => {
  test('has a name of its own for each retry and redrive: the cluster answers a second one EKS.409', async () => {
    const names = new Set<string>();
    for (const jobId of ['0'.repeat(48), `${'a'.repeat(46)}-0`, newJobId()]) {
      for (const redriveCount of [0, 1, 12, 999]) {
        // Visits of one, three, two and one tries; all but the last end with a failed submission.
        const visits = [[0], [0, 1, 2], [0, 1], [0]];
        const tries = visits.flatMap((retries, visit) =>
          retries.map((retryCount) => ({ retryCount, visit, tried: visits.slice(0, visit).flat().length })),
        );
        for (const { retryCount, visit, tried } of tries) {
          const { job } = await jobOf({ jobId, redriveCount, retryCount, tried, unsubmitted: visit });
          names.add(job.metadata.name);
          expect(attemptOf(job)).toBe(String(tried - visit + retryCount));
          expect(job.metadata.labels['eks-jobs/job-id']).toBe(jobId);
          expect(job.metadata.labels).toEqual({
            ...job.spec.template.metadata.labels,
            'kueue.x-k8s.io/queue-name': expect.any(String),
          });
        }
      }
    }
    expect(names.size).toBe(3 * 4 * 7);
    // 41 failed submissions, each after two tries that were attempts, are more than there can be.
    const longest = { jobId: '0'.repeat(48), redriveCount: 9999, retryCount: 2, tried: 41 * 3 };
    expect((await jobOf(longest)).job.metadata.name.length).toBeLessThanOrEqual(63);
  });

  test('is tried as often as the protocol counts', () => {
    const [submission, retrier, ...others] = taskOf(machineWith(), 'RunJob').Retry ?? [];
    expect(others).toEqual([]);
    expect(submission?.MaxAttempts).toBe(0);
    expect(retrier?.ErrorEquals).toEqual(['States.ALL']);
    expect((retrier?.MaxAttempts ?? 0) + 1).toBe(limits.machineAttempts);
  });

  test('leaves retries to the state machine, and stays until the slowest poll has seen its end', async () => {
    const { job } = await jobOf({});
    expect(job.spec.backoffLimit).toBe(0);
    expect(job.spec.template.spec.restartPolicy).toBe('Never');
    expect(job.spec.ttlSecondsAfterFinished).toBeGreaterThanOrEqual(1800);
  });

  // Kueue takes hold of every Job with its label, also of one that names no queue.
  test('has the label of Kueue only where there is a queue', async () => {
    const labels = async (queue: string) =>
      (await jobOf({}, machineWith({ KueueQueue: queue }))).job.metadata.labels;
    expect(await labels('jobs')).toMatchObject({ 'kueue.x-k8s.io/queue-name': 'jobs' });
    expect(Object.keys(await labels(''))).not.toContain('kueue.x-k8s.io/queue-name');
  });

  test("tolerates the taint of its service's nodes, and is bound to them where that is wanted", async () => {
    const podOf = async (tokens: Record<string, string>) =>
      (await jobOf({}, machineWith(tokens))).job.spec.template.spec;
    const pool = { 'eks-jobs/pool': 'jobs' };
    const bound = await podOf({ JobNamespace: 'jobs', JobNodeSelector: "{'eks-jobs/pool': 'jobs'}" });
    expect(bound['nodeSelector']).toEqual(pool);
    expect(bound['tolerations']).toContainEqual({
      key: 'eks-jobs/pool',
      operator: 'Equal',
      value: 'jobs',
      effect: 'NoSchedule',
    });
    expect((await podOf({ JobNodeSelector: '{}' }))['nodeSelector']).toEqual({});
  });

  // The value lands inside an expression: whatever the stack lets through must be an object of labels there.
  test('takes the node labels that the parameter allows, and no expression', async () => {
    const pattern = new RegExp(parameters.nodeSelector.accepts.rule.AllowedPattern);
    for (const allowed of [
      '{}',
      '{ }',
      "{'a': 'b'}",
      "{ 'eks-jobs/pool': 'x', 'disk': '' }",
      "{'a':'b','c':'d'}",
    ]) {
      expect(allowed).toMatch(pattern);
      const { job } = await jobOf({}, machineWith({ JobNodeSelector: allowed }));
      expect(Labels.parse(job.spec.template.spec['nodeSelector'])).toBeDefined();
    }
    for (const refused of [
      '',
      '{"a": "b"}',
      "{'a': $x}",
      "{'a': 'b',}",
      "{'a': 'b' 'c': 'd'}",
      "{'-a': 'b'}",
      '{}{}',
    ]) {
      expect(refused).not.toMatch(pattern);
    }
  });

  test('is promised what it asked for, and of the rest what all jobs are; limited in memory and disk', async () => {
    const machine = machineWith({ JobCpu: '250m', JobMemory: '256Mi' });
    const disk = { 'ephemeral-storage': '64Mi' };
    for (const [asked, cpu, memory] of [
      [undefined, '250m', '256Mi'],
      [{}, '250m', '256Mi'],
      [{ cpu: '2' }, '2', '256Mi'],
      [{ memory: '1.5Gi' }, '250m', '1.5Gi'],
      [{ cpu: '0.5', memory: '1G' }, '0.5', '1G'],
    ] as const) {
      const { job } = await jobOf(asked ? { resources: asked } : {}, machine);
      const [{ resources }] = job.spec.template.spec.containers;
      // No limit on CPU: it would hold a job back while its node idles.
      expect(resources).toEqual({ requests: { cpu, memory, ...disk }, limits: { memory, ...disk } });
    }
  });

  // https://kubernetes.io/docs/concepts/security/pod-security-standards/#restricted
  test('keeps to the restricted profile', async () => {
    const { spec } = (await jobOf({})).job.spec.template;
    expect(spec.securityContext).toMatchObject({
      runAsNonRoot: true,
      runAsUser: 65532,
      seccompProfile: { type: 'RuntimeDefault' },
    });
    expect(spec.containers[0].securityContext).toEqual({
      allowPrivilegeEscalation: false,
      readOnlyRootFilesystem: true,
      capabilities: { drop: ['ALL'] },
    });
    expect(spec).toMatchObject({ automountServiceAccountToken: false, enableServiceLinks: false });
    expect(Object.keys(spec).filter((field) => /^host|^volumes|^initContainers/.test(field))).toEqual([]);
  });

  test('tells the container an endpoint only where there is one', async () => {
    const environment = async (url: string) =>
      (await jobOf({ retryCount: 2 }, machineWith({ JobEndpointUrl: url }))).job.spec.template.spec
        .containers[0].env;
    const names = (await environment('')).map(({ name }) => name);
    expect(names).not.toContain('AWS_ENDPOINT_URL');
    expect(names).toEqual(expect.arrayContaining(['JOB_ID', 'ATTEMPT', 'MAX_ATTEMPTS', 'TABLE_NAME']));
    expect(await environment('http://10.0.0.1:8000')).toEqual(
      expect.arrayContaining([
        { name: 'ATTEMPT', value: '2' },
        { name: 'AWS_ENDPOINT_URL', value: 'http://10.0.0.1:8000' },
      ]),
    );
  });
});

describe('a failed submission', () => {
  const [submission] = taskOf(machineWith(), 'RunJob').Catch ?? [];
  const caught = async (variables: Record<string, number>, retryCount: number | null) =>
    evaluate(submission?.Assign, { variables, retryCount });

  test('has the names that Settle leaves out of the attempts, and no others', () => {
    expect(submission?.ErrorEquals).toEqual(submissionErrors);
    expect(taskOf(machineWith(), 'RunJob').Retry?.[0]?.ErrorEquals).toEqual(submissionErrors);
    // A Job that was deleted, a manifest that is invalid: submitting it again does not help.
    for (const name of ['EKS.400', 'EKS.404', 'EKS.422', 'States.TaskFailed', 'States.Timeout'])
      expect(submissionErrors).not.toContain(name);
  });

  test('counts the tries of its visit, and is not an attempt', async () => {
    expect(await caught({ tried: 4, unsubmitted: 1 }, 2)).toEqual({ tried: 7, unsubmitted: 2 });
    // AWS does not document whether a catcher sees the count: then names may repeat, and attempts too.
    expect(await caught({ tried: 4, unsubmitted: 1 }, null)).toEqual({ tried: 5, unsubmitted: 2 });
  });

  test('is repeated after a wait of whole seconds: six hours on average in all', async () => {
    const { States } = machineWith();
    const { KeepSubmitting: choice, WaitForCluster: wait } = States;
    if (choice?.Type !== 'Choice' || wait?.Type !== 'Wait') throw new Error('the states have other types');
    const continues = async (unsubmitted: number, ageSeconds = 0) =>
      evaluate(choice.Choices[0]?.Condition, { variables: { unsubmitted }, ageSeconds });
    let seconds = 0;
    let unsubmitted = 1;
    for (; await continues(unsubmitted); unsubmitted += 1) {
      const samples = await Promise.all(
        Array.from({ length: 40 }, (_, seed) => evaluate(wait.Seconds, { variables: { unsubmitted }, seed })),
      );
      const delays = z.array(z.int()).parse(samples);
      const middle = Math.min(600, 10 * 2 ** (unsubmitted - 1));
      expect(Math.min(...delays)).toBeGreaterThanOrEqual(middle / 2);
      expect(Math.max(...delays)).toBeLessThan(middle * 1.5);
      expect(new Set(delays).size).toBeGreaterThan(3);
      seconds += middle;
    }
    expect(seconds / 3600).toBeCloseTo(6, 1);
    expect(await continues(1, 200_000)).toBe(true);
    expect(await continues(1, 209_000)).toBe(false);
    expect(choice.Default).toBe('Settle');
  });
});

describe('a cancelled transaction of Register', () => {
  test('is a duplicate only if a condition failed; throttling is waited for', async () => {
    const choice = machineWith().States['IsDuplicate'];
    if (choice?.Type !== 'Choice') throw new Error('IsDuplicate is not a choice');
    const settles = async (reasons: string | undefined, ageSeconds = 0) =>
      evaluate(choice.Choices[0]?.Condition, {
        input: reasons === undefined ? {} : { reasons },
        ageSeconds,
      });
    const cause = (code: string) =>
      `Transaction cancelled, please refer cancellation reasons for specific reasons [${code}, None] (Service: DynamoDb, ` +
      'Status Code: 400, Request ID: 1)';
    expect(await settles(cause('ConditionalCheckFailed'))).toBe(true);
    for (const code of ['ThrottlingError', 'TransactionConflict', 'ProvisionedThroughputExceeded'])
      expect(await settles(cause(code))).toBe(false);
    expect(await settles(undefined)).toBe(false);
    expect(await settles(cause('ThrottlingError'), 6 * 3600)).toBe(true);
    expect(choice.Default).toBe('WaitForTable');
  });
});

const queueSeconds = parameters.queueSeconds.accepts.rule;

test('limits nest for all allowed values: program, Job, RunJob, state machine', async () => {
  const machineSeconds = machineWith().TimeoutSeconds ?? 0;
  await fc.assert(
    fc.asyncProperty(
      fc.integer({ min: 1, max: 21_600 }),
      fc.integer({ min: queueSeconds.MinValue, max: queueSeconds.MaxValue }),
      async (timeoutSeconds, queue) => {
        const machine = machineWith({ QueueSeconds: String(queue) });
        const { job, runJobSeconds } = await jobOf({ timeoutSeconds }, machine);
        const deadline = job.spec.activeDeadlineSeconds;
        expect(deadline).toBe(timeoutSeconds + queue);
        expect(runJobSeconds).toBe(deadline + 600);
        // An hour for Register, Settle and the delays between the tries.
        expect(machineSeconds).toBeGreaterThanOrEqual(runJobSeconds * limits.machineAttempts + 3600);
      },
    ),
    {
      numRuns: 30,
      examples: [
        [21_600, 21_600],
        [1, 60],
      ],
    },
  );
});

import { execFileSync } from 'node:child_process';
import { SFNClient, StopExecutionCommand } from '@aws-sdk/client-sfn';
import { afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import type { JobView } from '../../api/responses/job.ts';
import { eventually, RunningService, type StartOptions } from '../harness/running-service.ts';
import { identity } from '../harness/cluster/identities.ts';
import { applyObjects, kubectl } from '../harness/cluster/kubectl.ts';
import { clusterArguments, namespace } from '../harness/cluster/service.ts';

/** `npm start -- --context` with a real cluster: its errors when something is missing there, and how it cleans up. */

let defaultArguments: string[];
const services: RunningService[] = [];

beforeAll(async () => {
  defaultArguments = await clusterArguments();
});

afterEach(async () => {
  for (const service of services.splice(0)) await service.stop();
});

async function start(options: StartOptions = {}): Promise<RunningService> {
  const service = await RunningService.start({ arguments: defaultArguments, ...options });
  services.push(service);
  return service;
}

/** Starts a service that must fail at its start. @returns its output. */
async function failedStart(...arguments_: string[]): Promise<string> {
  const service = await RunningService.launch({ arguments: arguments_ });
  services.push(service);
  expect(await service.exit()).toBe(1);
  return service.output;
}

/** Returns arguments to run as administrator. An option that is given again replaces the earlier one. */
const asAdministrator = (...extraArguments: string[]): string[] => [
  ...['--context', 'cluster', '--advertise', process.env['CLUSTER_ADDRESS'] ?? '', '--namespace', namespace],
  ...extraArguments,
];

const namesOf = async (kind: string, selector: string): Promise<string[]> =>
  (await kubectl('get', kind, '-n', namespace, '-l', selector, '-o', 'name')).split('\n').filter(Boolean);

const jobsOf = (jobId: string): Promise<string[]> => namesOf('jobs,pods', `eks-jobs/job-id=${jobId}`);

/** Takes some six seconds, so that a test can interrupt the job while it runs. */
const slow = { input: { source: 'synthetic', records: 600, recordsPerSecond: 100 } };

const waitUntilWorking = (service: RunningService, jobId: string): Promise<JobView> =>
  eventually(async () => {
    const job = await service.job(jobId);
    return (job.progress?.done ?? 0) > 0 ? job : undefined;
  }, `job ${jobId} at work`);

describe('the start checks', () => {
  test('report a context that does not exist, and the existing ones', async () => {
    expect(await failedStart('--context', 'other', '--advertise', '10.0.0.1')).toMatch(
      /does not have the context other; it has cluster\n$/,
    );
  });

  test('report each missing permission, and the command that grants them', async () => {
    const output = await failedStart(...asAdministrator('--kubeconfig', identity('stranger').kubeconfig));
    expect(output).toContain(
      `lacks permissions in the namespace ${namespace}: create jobs.batch, get jobs.batch, list jobs.batch, ` +
        'watch jobs.batch, delete jobs.batch, list pods, watch pods',
    );
    expect(output).toContain('npm run k8s:apply -- --context cluster');
  });

  test('report a namespace that does not exist', async () => {
    const output = await failedStart(...asAdministrator('--namespace', 'nowhere'));
    expect(output).toMatch(/has no namespace nowhere; npm run k8s:apply -- --context cluster .*\n$/);
  });

  test('report a service account that does not exist, because pods could not be created', async () => {
    await applyObjects({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'bare' } });
    expect(await failedStart(...asAdministrator('--namespace', 'bare'))).toContain(
      'has no service account data-processor in the namespace bare',
    );
  });

  test('report an image that the cluster cannot pull', async () => {
    const image = 'eks-jobs.local/data-processor:none';
    const output = await failedStart(...defaultArguments, '--image', image);
    expect(output).toMatch(new RegExp(`cannot pull the image ${image}: \\S.*npm run image -- --load`));
  });

  test('report a pod that does not fit on any node', async () => {
    const output = await failedStart(...defaultArguments, '--node-selector', 'there=none');
    expect(output).toMatch(
      /the job's pod does not fit on any node of the cluster: 0\/1 nodes are available: .*--node-selector/,
    );
  });

  test('report an address that is not of this machine', async () => {
    expect(await failedStart(...defaultArguments, '--advertise', '192.0.2.1')).toContain(
      '--advertise 192.0.2.1 is not an address of this machine; it has ',
    );
  });

  test('report an address that pods cannot reach', async () => {
    // It is an address of this machine, but the pods do not have IPv6.
    execFileSync('ip', ['-6', 'address', 'replace', 'fd00:1::1/128', 'dev', 'lo']);
    const output = await failedStart(...defaultArguments, '--advertise', 'fd00:1::1');
    expect(output).toMatch(/pods cannot use the table at http:\/\/\[fd00:1::1\]:\d+: .*--advertise/);
  });

  // Leftover objects would confuse users.
  test('leave neither Jobs nor pods behind', async () => {
    await eventually(async () => {
      const remaining = await kubectl('get', 'jobs,pods', '--all-namespaces', '-o', 'name');
      return remaining.trim() === '' ? true : undefined;
    }, 'the deletion of the probes');
  });
});

describe('a service with running jobs', () => {
  test('that is stopped deletes its Jobs, and after a restart continues them in the same attempt', async () => {
    const first = await start();
    const jobId = await first.post(slow);
    await waitUntilWorking(first, jobId);
    first.kill('SIGTERM');
    await first.exit();
    // A pod cannot work without the table: it has recorded its interruption and ended before the service ends.
    expect(await jobsOf(jobId)).toEqual([]);
    const { stateDirectory, port } = first;
    const second = await start({ stateDirectory, port });
    expect(await second.ended(jobId)).toMatchObject({
      status: 'SUCCEEDED',
      result: { records: 600 },
      attempts: [{ attempt: 0 }],
    });
    expect(await second.stats()).toMatchObject({ succeedJob: 1, jobRetry: 0, failedJob: 0 });
  });

  test('that is killed with -9 finds its Jobs after a restart, and does not create them again', async () => {
    const first = await start();
    const jobId = await first.post(slow);
    await waitUntilWorking(first, jobId);
    const uid = () =>
      kubectl(
        'get',
        'jobs',
        '-n',
        namespace,
        '-l',
        `eks-jobs/job-id=${jobId}`,
        '-o',
        'jsonpath={.items[*].metadata.uid}',
      );
    const before = await uid();
    first.kill('SIGKILL');
    await first.exit();
    const { stateDirectory, port } = first;
    const second = await start({ stateDirectory, port });
    expect(await uid()).toBe(before);
    expect(await second.ended(jobId)).toMatchObject({ status: 'SUCCEEDED', attempts: [{ attempt: 0 }] });
    expect(await second.stats()).toMatchObject({ succeedJob: 1, jobRetry: 0, failedJob: 0 });
  });
});

describe('Jobs that are no longer needed', () => {
  test('are deleted with their pods when the execution is stopped', async () => {
    const service = await start();
    const jobId = await service.post({ input: { ...slow.input, records: 100_000 } });
    await waitUntilWorking(service, jobId);
    expect(await jobsOf(jobId)).toHaveLength(2);
    const client = new SFNClient({
      endpoint: service.stepFunctionsUrl,
      region: 'us-east-1',
      credentials: { accessKeyId: 'test', secretAccessKey: 'test' },
    });
    const executionArn = `arn:aws:states:us-east-1:000000000000:execution:eks-jobs-local-run-job:${jobId}`;
    await client.send(new StopExecutionCommand({ executionArn }));
    await eventually(
      async () => ((await jobsOf(jobId)).length === 0 ? true : undefined),
      'the deletion of Job and pods',
    );
    expect(await service.ended(jobId)).toMatchObject({ status: 'CANCELLED' });
  });

  // This happens when the service is killed after it creates a Job and before it writes the journal, or when the API
  // server rejects a deletion.
  test('are found by their label and deleted when the job is settled', async () => {
    const service = await start();
    const jobId = await service.post(slow);
    await waitUntilWorking(service, jobId);
    const labels = { 'eks-jobs/job-id': jobId };
    const containers = [{ name: 'leftover', image: 'localhost/pause:1' }];
    const template = { metadata: { labels }, spec: { restartPolicy: 'Never', containers } };
    await applyObjects({
      apiVersion: 'batch/v1',
      kind: 'Job',
      metadata: { name: 'leftover', namespace, labels },
      spec: { suspend: true, template },
    });
    expect(await service.ended(jobId)).toMatchObject({ status: 'SUCCEEDED' });
    await eventually(
      async () => ((await jobsOf(jobId)).length === 0 ? true : undefined),
      'the deletion of its Jobs',
    );
  });
});

import { execFileSync } from 'node:child_process';
import { SFNClient, StopExecutionCommand } from '@aws-sdk/client-sfn';
import { afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import type { JobView } from '../../api/responses/job.ts';
import { eventually, RunningService, type StartOptions } from '../harness/running-service.ts';
import { identity } from '../harness/cluster/identities.ts';
import { applyObjects, kubectl } from '../harness/cluster/kubectl.ts';
import { clusterArguments, namespace } from '../harness/cluster/service.ts';

/** `npm start -- --context` with a real cluster: what it says when something is missing there, and what it leaves behind. */

let usual: string[];
const services: RunningService[] = [];

beforeAll(async () => {
  usual = await clusterArguments();
});

afterEach(async () => {
  for (const service of services.splice(0)) await service.stop();
});

async function start(options: StartOptions = {}): Promise<RunningService> {
  const service = await RunningService.start({ arguments: usual, ...options });
  services.push(service);
  return service;
}

/** What a service says that does not become ready. */
async function refusal(...more: string[]): Promise<string> {
  const service = await RunningService.launch({ arguments: more });
  services.push(service);
  expect(await service.exit()).toBe(1);
  return service.output;
}

/** The later of two equal options counts. */
const admin = (...more: string[]): string[] => [
  ...['--context', 'cluster', '--advertise', process.env['CLUSTER_ADDRESS'] ?? '', '--namespace', namespace],
  ...more,
];

const namesOf = async (kind: string, selector: string): Promise<string[]> =>
  (await kubectl('get', kind, '-n', namespace, '-l', selector, '-o', 'name')).split('\n').filter(Boolean);

const jobsOf = (jobId: string): Promise<string[]> => namesOf('jobs,pods', `eks-jobs/job-id=${jobId}`);

/** Some six seconds of work: long enough to be interrupted in the middle. */
const slow = { input: { source: 'synthetic', records: 600, recordsPerSecond: 100 } };

const atWork = (service: RunningService, jobId: string): Promise<JobView> =>
  eventually(async () => {
    const job = await service.job(jobId);
    return (job.progress?.done ?? 0) > 0 ? job : undefined;
  }, `job ${jobId} at work`);

describe('the start checks', () => {
  test('a context that does not exist: those there are', async () => {
    expect(await refusal('--context', 'other', '--advertise', '10.0.0.1')).toMatch(
      /has no context other; it has cluster\n$/,
    );
  });

  test('permissions that are missing: each by name, and where they come from', async () => {
    const output = await refusal(...admin('--kubeconfig', identity('nobody').kubeconfig));
    expect(output).toContain(
      `lacks permissions in the namespace ${namespace}: create jobs.batch, get jobs.batch, list jobs.batch, ` +
        'watch jobs.batch, delete jobs.batch, list pods, watch pods',
    );
    expect(output).toContain('npm run k8s:apply -- --context cluster');
  });

  test('a namespace that is not there', async () => {
    const output = await refusal(...admin('--namespace', 'nowhere'));
    expect(output).toMatch(/has no namespace nowhere; npm run k8s:apply -- --context cluster .*\n$/);
  });

  test('a service account that is not there: no pod would ever be made', async () => {
    await applyObjects({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'bare' } });
    expect(await refusal(...admin('--namespace', 'bare'))).toContain(
      'has no service account data-processor in the namespace bare',
    );
  });

  test('an image that the cluster cannot get', async () => {
    const image = 'eks-jobs.local/data-processor:none';
    const output = await refusal(...usual, '--image', image);
    expect(output).toMatch(new RegExp(`cannot pull the image ${image}: \\S.*npm run image -- --load`));
  });

  test('nodes that take no such pod', async () => {
    const output = await refusal(...usual, '--node-selector', 'there=none');
    expect(output).toMatch(
      /the job's pod does not fit on any node of the cluster: 0\/1 nodes are available: .*--node-selector/,
    );
  });

  test('an address that is not of this machine', async () => {
    expect(await refusal(...usual, '--advertise', '192.0.2.1')).toContain(
      '--advertise 192.0.2.1 is not an address of this machine; it has ',
    );
  });

  test('an address that pods cannot reach', async () => {
    // This machine's own, but the pods have no IPv6.
    execFileSync('ip', ['-6', 'address', 'replace', 'fd00:1::1/128', 'dev', 'lo']);
    const output = await refusal(...usual, '--advertise', 'fd00:1::1');
    expect(output).toMatch(/pods cannot use the table at http:\/\/\[fd00:1::1\]:\d+: .*--advertise/);
  });

  // The next start, or the user, must not wonder about them.
  test('leave nothing behind', async () => {
    await eventually(async () => {
      const left = await kubectl('get', 'jobs,pods', '--all-namespaces', '-o', 'name');
      return left.trim() === '' ? true : undefined;
    }, 'the probes are gone');
  });
});

describe('a service with jobs under way', () => {
  test('that is stopped takes its Jobs along, and goes on with them in the same attempt', async () => {
    const first = await start();
    const jobId = await first.post(slow);
    await atWork(first, jobId);
    first.kill('SIGTERM');
    await first.exit();
    // Nothing may go on without the table: the pod has said goodbye and is gone when the service is.
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

  test('that is killed with -9 finds its Jobs again, and makes no second one', async () => {
    const first = await start();
    const jobId = await first.post(slow);
    await atWork(first, jobId);
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

describe('Jobs that nobody needs any more', () => {
  test('are deleted with their pods when the execution is stopped', async () => {
    const service = await start();
    const jobId = await service.post({ input: { ...slow.input, records: 100_000 } });
    await atWork(service, jobId);
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
      'Job and pods are gone',
    );
    expect(await service.ended(jobId)).toMatchObject({ status: 'CANCELLED' });
  });

  // As after a kill between a Job's creation and the journal, or a deletion that the API server refused.
  test('are found by their label and deleted when the job is settled', async () => {
    const service = await start();
    const jobId = await service.post(slow);
    await atWork(service, jobId);
    const labels = { 'eks-jobs/job-id': jobId };
    const containers = [{ name: 'forgotten', image: 'localhost/pause:1' }];
    const template = { metadata: { labels }, spec: { restartPolicy: 'Never', containers } };
    await applyObjects({
      apiVersion: 'batch/v1',
      kind: 'Job',
      metadata: { name: 'forgotten', namespace, labels },
      spec: { suspend: true, template },
    });
    expect(await service.ended(jobId)).toMatchObject({ status: 'SUCCEEDED' });
    await eventually(
      async () => ((await jobsOf(jobId)).length === 0 ? true : undefined),
      'its Jobs are gone',
    );
  });
});

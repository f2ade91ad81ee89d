import { afterAll, afterEach, beforeAll, beforeEach, expect } from '@jest/globals';
import type { Finding } from '../../../../cli/doctor/finding.ts';
import { eksJobs } from '../run-command.ts';
import { FakeApi, type ReceivedRequest, type FakeResponse } from '../fake-api.ts';
import { jobView } from '../views.ts';
import { DeployedStack } from './deployed-stack.ts';

const { jobId } = jobView();

/** Sends all requests of the AWS SDK to the test's own server. */
const awsVariables = {
  ...{ AWS_ACCESS_KEY_ID: 'AKIDEXAMPLE', AWS_SECRET_ACCESS_KEY: 'secret', AWS_REGION: 'eu-central-1' },
  ...{ AWS_MAX_ATTEMPTS: '1', AWS_ENDPOINT_URL: '' },
};

/** The exit code and the findings of doctor. */
export interface DoctorResult {
  code: number;
  findings: Finding[];
  by: (check: string) => Finding | undefined;
}

/** An eks-jobs API, AWS and a cluster on one loopback port, new for each test of a file. */
export class FakeEnvironment {
  server!: FakeApi;
  stack!: DeployedStack;
  /** The API's response for every job. */
  job: FakeResponse = {};
  /** The status of the NodePool; undefined if the cluster has none. */
  pool: object | undefined;

  /** Registers the set-up and the clean-up with jest. */
  constructor() {
    const before = new Map(Object.keys(awsVariables).map((name) => [name, process.env[name]]));
    beforeAll(() => {
      Object.assign(process.env, awsVariables);
    });
    beforeEach(() => this.#start());
    afterEach(() => this.server.stop());
    afterAll(() => {
      for (const [name, value] of before) {
        if (value === undefined) Reflect.deleteProperty(process.env, name);
        else process.env[name] = value;
      }
    });
  }

  get api(): string {
    return `${this.server.url}/api`;
  }

  async #start(): Promise<void> {
    this.server = await FakeApi.start();
    process.env['AWS_ENDPOINT_URL'] = this.server.url;
    this.stack = new DeployedStack(this.api);
    const at = (second: number): string =>
      new Date(Date.parse('2026-11-23T10:00:00Z') + second * 1000).toISOString();
    this.job = { body: jobView({ createdAt: at(0), startedAt: at(75), finishedAt: at(77) }) };
    this.pool = undefined;
    this.server.route = (received) =>
      this.stack.respond(received) ?? this.#cluster(received) ?? this.#api(received);
  }

  #api({ method, url }: ReceivedRequest): FakeResponse {
    if (method === 'POST') return { status: 202, body: { jobId, status: 'QUEUED' } };
    if (method === 'DELETE') return { status: 202, body: { jobId, status: 'CANCELLED' } };
    return url.includes('limit=') ? { body: { jobs: [] } } : this.job;
  }

  #cluster({ url }: ReceivedRequest): FakeResponse | undefined {
    if (url === '/apis/karpenter.sh/v1') {
      return { body: { resources: [{ name: 'nodepools', kind: 'NodePool', namespaced: false }] } };
    }
    if (!url.startsWith('/apis/karpenter.sh/v1/')) return undefined;
    const kind = { apiVersion: 'karpenter.sh/v1', kind: 'NodePool', metadata: { name: 'eks-jobs-dev' } };
    return this.pool
      ? { body: { ...kind, status: this.pool } }
      : { status: 404, body: { kind: 'Status', message: 'not found' } };
  }
}

/** Runs `eks-jobs doctor …` */
export async function runDoctor(...line: string[]): Promise<DoctorResult> {
  const { code, out, err } = await eksJobs(['doctor', '--output', 'json', '--retries', '0', ...line]);
  expect(err).toBe('');
  const findings = out
    .trim()
    .split('\n')
    .map((text) => JSON.parse(text) as Finding);
  return { code, findings, by: (check) => findings.find((finding) => finding.check === check) };
}

export const runDoctorOnStack = (...line: string[]): Promise<DoctorResult> =>
  runDoctor('--stack', 'eks-jobs-dev', ...line);

import { afterAll, afterEach, beforeAll, beforeEach, expect } from '@jest/globals';
import type { Finding } from '../../../../cli/doctor/finding.ts';
import { eksJobs } from '../command-line.ts';
import { FakeApi, type Received, type Scripted } from '../fake-api.ts';
import { jobView } from '../jobs.ts';
import { DeployedStack } from './deployed-stack.ts';

const { jobId } = jobView();

/** Where AWS's SDK looks: everything that it asks for goes to the test's own server. */
const settings = {
  ...{ AWS_ACCESS_KEY_ID: 'AKIDEXAMPLE', AWS_SECRET_ACCESS_KEY: 'secret', AWS_REGION: 'eu-central-1' },
  ...{ AWS_MAX_ATTEMPTS: '1', AWS_ENDPOINT_URL: '' },
};

/** What doctor found. */
export interface Examined {
  code: number;
  findings: Finding[];
  by: (check: string) => Finding | undefined;
}

/** An eks-jobs API, AWS's and a cluster's, on one loopback port, for each test of a file anew. */
export class Surroundings {
  server!: FakeApi;
  stack!: DeployedStack;
  /** How the API shows every job. */
  job: Scripted = {};
  /** The NodePool's status, in a cluster that has one. */
  pool: object | undefined;

  /** Registers with jest what sets it up and takes it down. */
  constructor() {
    const before = new Map(Object.keys(settings).map((name) => [name, process.env[name]]));
    beforeAll(() => {
      Object.assign(process.env, settings);
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
      this.stack.answer(received) ?? this.#cluster(received) ?? this.#api(received);
  }

  #api({ method, url }: Received): Scripted {
    if (method === 'POST') return { status: 202, body: { jobId, status: 'QUEUED' } };
    if (method === 'DELETE') return { status: 202, body: { jobId, status: 'CANCELLED' } };
    return url.includes('limit=') ? { body: { jobs: [] } } : this.job;
  }

  #cluster({ url }: Received): Scripted | undefined {
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
export async function doctor(...line: string[]): Promise<Examined> {
  const { code, out, err } = await eksJobs(['doctor', '--output', 'json', '--retries', '0', ...line]);
  expect(err).toBe('');
  const findings = out
    .trim()
    .split('\n')
    .map((text) => JSON.parse(text) as Finding);
  return { code, findings, by: (check) => findings.find((finding) => finding.check === check) };
}

export const deployed = (...line: string[]): Promise<Examined> => doctor('--stack', 'eks-jobs-dev', ...line);

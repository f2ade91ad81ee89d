import { performance } from 'node:perf_hooks';
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { RunningService } from '../../tests/harness/running-service.ts';
import { fill } from './fill.ts';
import type { RecordedJob } from './recorded-jobs.ts';
import { DynamoJobStore } from '../../jobs/aws/job-store.ts';

/** The name of the table of a service on one machine. */
export const table = 'eks-jobs-local';

/** A running service whose table is filled directly, without its API. */
export class FilledService {
  readonly running: RunningService;
  readonly client: DynamoDBClient;
  readonly store: DynamoJobStore;
  /** Some ids of the first jobs that were written, evenly spread. */
  ids: readonly string[] = [];

  private constructor(running: RunningService) {
    this.running = running;
    this.client = new DynamoDBClient({
      endpoint: running.dynamodbUrl,
      region: 'local',
      credentials: { accessKeyId: 'local', secretAccessKey: 'local' },
    });
    this.store = new DynamoJobStore(this.client, table);
  }

  static async start(): Promise<FilledService> {
    return new FilledService(await RunningService.start());
  }

  /** Adds jobs of an owner. @throws Error unless the service counts all of them. */
  async fill(recorded: readonly RecordedJob[], jobs: number, owner: string): Promise<void> {
    const before = await this.#countJobs();
    const started = performance.now();
    const ids = await fill(this.store, recorded, { jobs, owner }, (written) => {
      const seconds = ((performance.now() - started) / 1000).toFixed(0);
      console.error(`${written} of ${jobs} jobs written, ${seconds} s`);
    });
    if (this.ids.length === 0) this.ids = ids;
    const counted = (await this.#countJobs()) - before;
    if (counted !== jobs) throw new Error(`the service counted ${counted} of ${jobs} jobs`);
  }

  /** Sends a GET. @throws Error unless the status is 200. */
  async get(path: string): Promise<void> {
    const { status, body } = await this.running.request('GET', path);
    if (status !== 200) throw new Error(`GET ${path}: ${status} ${JSON.stringify(body)}`);
  }

  async stop(): Promise<void> {
    this.client.destroy();
    await this.running.stop();
  }

  async #countJobs(): Promise<number> {
    const { succeeded, failed, cancelled, timedOut } = (await this.running.stats()).jobs;
    return succeeded + failed + cancelled + timedOut;
  }
}

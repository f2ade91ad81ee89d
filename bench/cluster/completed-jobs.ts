import { performance } from 'node:perf_hooks';
import {
  BatchV1Api,
  type Informer,
  type KubeConfig,
  makeInformer,
  type V1Job,
} from '@kubernetes/client-node';
import { namespace } from '../../tests/harness/cluster/service.ts';

/** Milliseconds to wait for one Job. A hundred at once need half a minute. */
const completionTimeout = 300_000;

/** Watches the Jobs of the namespace and records when each is Complete, so that both sides are measured by one clock. */
export class CompletedJobs {
  readonly #informer: Informer<V1Job>;
  readonly #times = new Map<string, number>();
  readonly #waiting = new Map<string, (time: number) => void>();

  private constructor(configuration: KubeConfig) {
    const batch = configuration.makeApiClient(BatchV1Api);
    this.#informer = makeInformer<V1Job>(configuration, `/apis/batch/v1/namespaces/${namespace}/jobs`, () =>
      batch.listNamespacedJob({ namespace }),
    );
    this.#informer.on('change', (job) => {
      const name = job.metadata?.name ?? '';
      const complete = job.status?.conditions?.some(
        ({ type, status }) => type === 'Complete' && status === 'True',
      );
      if (!complete || this.#times.has(name)) return;
      const now = performance.now();
      this.#times.set(name, now);
      this.#waiting.get(name)?.(now);
    });
  }

  static async watch(configuration: KubeConfig): Promise<CompletedJobs> {
    const jobs = new CompletedJobs(configuration);
    await jobs.#informer.start();
    return jobs;
  }

  /** Waits until a Job is Complete. @returns the time at which it was, by performance.now(). */
  completedAt(name: string): Promise<number> {
    const time = this.#times.get(name);
    return time === undefined ? this.#wait(name) : Promise.resolve(time);
  }

  #wait(name: string): Promise<number> {
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => {
        reject(new Error(`Job ${name} was not Complete within ${completionTimeout / 1000} s`));
      }, completionTimeout);
      this.#waiting.set(name, (time) => {
        clearTimeout(timer);
        resolve(time);
      });
    });
  }

  async stop(): Promise<void> {
    await this.#informer.stop();
  }
}

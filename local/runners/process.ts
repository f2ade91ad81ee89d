import { type ChildProcess, spawn } from 'node:child_process';
import pLimit from 'p-limit';
import * as z from 'zod';
import { jobIdLabel } from '../../k8s/labels.ts';
import type {
  JobOutcome,
  JobRunner,
  JobRunOptions,
  KubernetesJob,
  RunningJob,
} from '../aws/step-functions/integrations/job-runner.ts';

/** How much of the end of a container's output is kept, as kubelet's FallbackToLogsOnError does: bytes. */
const tailBytes = 2048;

/** How many waiting jobs are reported: as many as sweep reads. */
const waitingLimit = 16_000;

/** The parts of a batch/v1 Job that apply to a process. */
const Manifest = z.object({
  metadata: z.object({ name: z.string(), labels: z.record(z.string(), z.string()).default({}) }),
  spec: z.object({
    activeDeadlineSeconds: z.number(),
    template: z.object({
      spec: z.object({
        terminationGracePeriodSeconds: z.number().default(30),
        containers: z.tuple([
          z.object({ env: z.array(z.object({ name: z.string(), value: z.string().default('') })) }),
        ]),
      }),
    }),
  }),
});

type Manifest = z.infer<typeof Manifest>;

type Ended = { code: number | null } | 'deadline' | 'deleted';

/**
 * Runs Jobs as child processes: with the manifest's environment and time limits, without a container.
 * A child does not outlive this process: it ends when its standard input closes.
 */
export class ProcessRunner implements JobRunner {
  readonly #binary: string;
  readonly #environment: Record<string, string>;
  readonly #limit: ReturnType<typeof pLimit>;
  readonly #stopping = new AbortController();
  readonly #running = new Set<Promise<unknown>>();
  /** Jobs that have not started, oldest first. */
  readonly #queue = new Set<Manifest>();

  /**
   * @param environment what every Job gets in addition to its manifest: credentials and endpoints.
   * @param concurrency how many Jobs run at once; the others wait, as pods wait for a node.
   */
  constructor(binary: string, environment: Record<string, string>, concurrency: number) {
    this.#binary = binary;
    this.#environment = { ...environment, EKS_JOBS_PARENT_PIPE: '1' };
    this.#limit = pLimit(concurrency);
  }

  start(job: KubernetesJob, { submittedAt, signal }: JobRunOptions): Promise<RunningJob> {
    const manifest = Manifest.parse(job);
    const deletion = AbortSignal.any([signal, this.#stopping.signal]);
    this.#queue.add(manifest);
    const pod = this.#limit(() => {
      this.#queue.delete(manifest);
      return this.#runPod(manifest, submittedAt, deletion);
    });
    this.#running.add(pod);
    const ended = pod.finally(() => this.#running.delete(pod));
    return Promise.resolve({ response: { statusCode: 201, statusText: 'Created', body: job }, ended });
  }

  waitingTurn(): readonly string[] {
    return [...this.#queue]
      .slice(0, waitingLimit)
      .flatMap(({ metadata }) => metadata.labels[jobIdLabel] ?? []);
  }

  async stop(): Promise<void> {
    this.#stopping.abort();
    await Promise.allSettled(this.#running);
  }

  async #runPod({ metadata, spec }: Manifest, submittedAt: number, signal: AbortSignal): Promise<JobOutcome> {
    signal.throwIfAborted();
    const pod = spec.template.spec;
    const environment = Object.fromEntries(pod.containers[0].env.map(({ name, value }) => [name, value]));
    const child = spawn(this.#binary, [], {
      // Without PATH and HOME, as in the image.
      env: { ...environment, ...this.#environment },
      // In a separate process group: Ctrl-C in the terminal must reach only the service, which then ends its jobs.
      detached: true,
      stdio: ['pipe', 'pipe', 'pipe'],
    });
    const tail = tailOf(child);
    const deadline = submittedAt + spec.activeDeadlineSeconds * 1000;
    const ended = await endOf(child, deadline, pod.terminationGracePeriodSeconds * 1000, signal);
    if (ended === 'deleted') signal.throwIfAborted();
    return outcomeOf(metadata.name, ended, tail());
  }
}

function outcomeOf(name: string, ended: Ended, tail: string): JobOutcome {
  if (ended === 'deadline' || ended === 'deleted') {
    return {
      succeeded: false,
      reason: 'DeadlineExceeded',
      message: 'Job was active longer than specified deadline',
    };
  }
  if (ended.code === 0) return { succeeded: true };
  const ending = ended.code === null ? 'was killed' : `exited with code ${ended.code}`;
  return {
    succeeded: false,
    reason: 'BackoffLimitExceeded',
    message: `Job has reached the specified backoff limit: the container of ${name} ${ending}${tail && `: ${tail}`}`,
  };
}

/** Waits for a child. After its deadline, or when the Job is deleted, sends SIGTERM, and SIGKILL after the grace period. */
function endOf(child: ChildProcess, deadline: number, grace: number, signal: AbortSignal): Promise<Ended> {
  return new Promise((resolve, reject) => {
    let ending: Ended | undefined;
    let killer: NodeJS.Timeout | undefined;
    const end = (cause: Ended): void => {
      if (ending !== undefined) return;
      ending = cause;
      child.kill('SIGTERM');
      killer = setTimeout(() => child.kill('SIGKILL'), grace);
    };
    const onDeleted = (): void => {
      end('deleted');
    };
    const timer = setTimeout(() => {
      end('deadline');
    }, deadline - Date.now());
    const cleanUp = (): void => {
      clearTimeout(timer);
      clearTimeout(killer);
      signal.removeEventListener('abort', onDeleted);
    };
    signal.addEventListener('abort', onDeleted, { once: true });
    child.once('error', (error) => {
      cleanUp();
      reject(error);
    });
    child.once('close', (code) => {
      cleanUp();
      resolve(ending ?? { code });
    });
  });
}

function tailOf(child: ChildProcess): () => string {
  let tail = Buffer.alloc(0);
  for (const stream of [child.stdout, child.stderr]) {
    stream?.on('data', (chunk: Buffer) => {
      tail = Buffer.concat([tail, chunk]).subarray(-tailBytes);
    });
  }
  // Nothing is written to standard input; that it breaks when the child ends is expected.
  child.stdin?.on('error', () => undefined);
  return () => tail.toString('utf8').trim();
}

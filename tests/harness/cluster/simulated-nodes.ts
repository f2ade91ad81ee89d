import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  CoordinationV1Api,
  type CoreV1Api,
  type Informer,
  CoreV1Api as Core,
  type KubeConfig,
  makeInformer,
  PatchStrategy,
  setHeaderOptions,
  type V1Node,
  type V1Pod,
  type V1PodStatus,
} from '@kubernetes/client-node';

/** The annotation by which kwok and Karpenter's kwok provider mark nodes that exist only as objects. */
const simulatedAnnotation = 'kwok.x-k8s.io/node=fake';

const mergePatch = setHeaderOptions('Content-Type', PatchStrategy.MergePatch);
const strategicMerge = setHeaderOptions('Content-Type', PatchStrategy.StrategicMergePatch);

/**
 * The kubelet of nodes that exist only as objects. It runs the container's real program with the pod's environment
 * variables as a process of this machine, and reports the pod's status as a kubelet does. The capacity of the nodes
 * limits the number of pods, and each pod is one process.
 */
export class SimulatedNodes {
  readonly #core: CoreV1Api;
  readonly #coordination: CoordinationV1Api;
  readonly #program: string;
  readonly #informer: Informer<V1Pod>;
  readonly #nodeInformer: Informer<V1Node>;
  readonly #nodes = new Set<string>();
  readonly #silent = new Set<string>();
  readonly #running = new Map<
    string,
    { node: string; child: ChildProcess; lost: boolean; ended: Promise<void> }
  >();
  readonly #faults: unknown[] = [];
  #stopped = false;

  constructor(configuration: KubeConfig, program: string) {
    this.#core = configuration.makeApiClient(Core);
    this.#coordination = configuration.makeApiClient(CoordinationV1Api);
    this.#program = program;
    this.#informer = makeInformer<V1Pod>(configuration, '/api/v1/pods', () =>
      this.#core.listPodForAllNamespaces(),
    );
    this.#informer.on('add', (pod) => {
      this.#watch(pod);
    });
    this.#informer.on('update', (pod) => {
      this.#watch(pod);
    });
    this.#informer.on('error', () => {
      if (!this.#stopped) setTimeout(() => void this.#informer.start(), 500).unref();
    });
    this.#nodeInformer = makeInformer<V1Node>(configuration, '/api/v1/nodes', () => this.#core.listNode());
    // The object of a node goes last: its machine is gone by then, whatever ran on it.
    this.#nodeInformer.on('delete', ({ metadata }) => {
      this.#killAllOn(metadata?.name ?? '');
    });
    this.#nodeInformer.on('error', () => {
      if (!this.#stopped) setTimeout(() => void this.#nodeInformer.start(), 500).unref();
    });
  }

  async start(): Promise<void> {
    await this.#informer.start();
    await this.#nodeInformer.start();
  }

  /** Kills all processes, as a power failure does. @throws AggregateError with the errors of this class so far. */
  async stop(): Promise<void> {
    this.#stopped = true;
    await this.#informer.stop();
    await this.#nodeInformer.stop();
    const running = [...this.#running.values()];
    for (const pod of running) this.#kill(pod);
    await Promise.all(running.map(({ ended }) => ended));
    if (this.#faults.length > 0) throw new AggregateError(this.#faults, 'a simulated node failed');
  }

  /** Creates a node of the given size and labels. kwok keeps it Ready. */
  async add(name: string, cpu: string, labels: Record<string, string> = {}): Promise<void> {
    const resources = { cpu, memory: '64Gi', pods: '500', 'ephemeral-storage': '64Gi' };
    const [key = '', value = ''] = simulatedAnnotation.split('=');
    await this.#core.createNode({
      body: {
        metadata: {
          name,
          labels: { 'kubernetes.io/hostname': name, ...labels },
          annotations: { [key]: value },
        },
        status: { capacity: resources, allocatable: resources },
      },
    });
  }

  /** Simulates the loss of a node's machine: kills its processes, then deletes its object as the cloud's controller does. */
  async lose(name: string): Promise<void> {
    this.#killAllOn(name);
    await this.#core.patchNode({ name, body: { metadata: { finalizers: null } } }, mergePatch);
    await this.#core.deleteNode({ name });
  }

  /**
   * Simulates a node that Kubernetes does not hear from any more, while its object stays: another holder takes its lease and does
   * not renew it, and the kubelet reports and ends nothing.
   * @param containers `frozen`: the whole machine hangs. `working`: it has only lost the API server.
   */
  async silence(name: string, containers: 'frozen' | 'working'): Promise<void> {
    this.#silent.add(name);
    if (containers === 'frozen') {
      for (const { node, child } of this.#running.values()) if (node === name) child.kill('SIGSTOP');
    }
    const spec = { holderIdentity: 'nothing', leaseDurationSeconds: 24 * 60 * 60 };
    await this.#coordination.patchNamespacedLease(
      { name, namespace: 'kube-node-lease', body: { spec } },
      mergePatch,
    );
  }

  /** Lists the nodes on which a process runs now. */
  busy(): string[] {
    return [...new Set([...this.#running.values()].map(({ node }) => node))];
  }

  #killAllOn(name: string): void {
    for (const pod of this.#running.values()) if (pod.node === name) this.#kill(pod);
  }

  #kill(pod: { child: ChildProcess; lost: boolean }): void {
    pod.lost = true;
    pod.child.kill('SIGKILL');
  }

  #watch(pod: V1Pod): void {
    this.#handle(pod).catch((error: unknown) => {
      // The pod may have been deleted, or the API server may be down: these are not errors of this node.
      const code = (error as { code?: number }).code;
      if (!this.#stopped && code !== 404 && code !== undefined) this.#faults.push(error);
    });
  }

  async #handle(pod: V1Pod): Promise<void> {
    const node = pod.spec?.nodeName;
    const uid = pod.metadata?.uid ?? '';
    if (!node || this.#silent.has(node) || !(await this.#isSimulated(node))) return;
    const running = this.#running.get(uid);
    if (pod.metadata?.deletionTimestamp) {
      if (running) running.child.kill('SIGTERM');
      else await this.#remove(pod);
      return;
    }
    if (running || pod.status?.phase !== 'Pending') return;
    await this.#run(pod, node, uid);
  }

  async #isSimulated(name: string): Promise<boolean> {
    if (this.#nodes.has(name)) return true;
    const node = await this.#core.readNode({ name });
    const [key = '', value] = simulatedAnnotation.split('=');
    if (node.metadata?.annotations?.[key] !== value) return false;
    this.#nodes.add(name);
    return true;
  }

  async #run(pod: V1Pod, node: string, uid: string): Promise<void> {
    // A pod cannot start twice, because nothing else runs between this check and `set` below.
    if (this.#running.has(uid)) return;
    const container = pod.spec?.containers[0];
    const startedAt = new Date();
    const child = spawn(this.#program, container?.args ?? [], {
      env: Object.fromEntries((container?.env ?? []).map(({ name, value = '' }) => [name, value])),
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    child.stderr.resume();
    const ended = once(child, 'exit').then(() => undefined);
    const process = { node, child, lost: false, ended };
    this.#running.set(uid, process);
    const state = (phase: string, state: object): V1PodStatus => ({
      phase,
      startTime: startedAt,
      conditions: [{ type: 'Ready', status: phase === 'Running' ? 'True' : 'False' }],
      containerStatuses: [
        {
          name: container?.name ?? '',
          image: container?.image ?? '',
          imageID: '',
          ready: phase === 'Running',
          restartCount: 0,
          state,
        },
      ],
    });
    await this.#report(pod, state('Running', { running: { startedAt } }));
    await ended;
    this.#running.delete(uid);
    if (process.lost || this.#silent.has(node)) return;
    const exitCode = child.exitCode ?? 137;
    const terminated = {
      exitCode,
      reason: exitCode === 0 ? 'Completed' : 'Error',
      startedAt,
      finishedAt: new Date(),
    };
    await this.#report(pod, state(exitCode === 0 ? 'Succeeded' : 'Failed', { terminated }));
    const { name = '', namespace = '' } = pod.metadata ?? {};
    const now = await this.#core.readNamespacedPod({ name, namespace });
    if (now.metadata?.uid === uid && now.metadata.deletionTimestamp) await this.#remove(now);
  }

  async #report(pod: V1Pod, status: V1PodStatus): Promise<void> {
    const { name = '', namespace = '' } = pod.metadata ?? {};
    await this.#core.patchNamespacedPodStatus({ name, namespace, body: { status } }, strategicMerge);
  }

  async #remove(pod: V1Pod): Promise<void> {
    const { name = '', namespace = '', uid } = pod.metadata ?? {};
    await this.#core.deleteNamespacedPod({
      name,
      namespace,
      body: { gracePeriodSeconds: 0, ...(uid && { preconditions: { uid } }) },
    });
  }
}

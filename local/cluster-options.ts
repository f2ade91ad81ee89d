import { isIP } from 'node:net';
import { resolve } from 'node:path';
import { type Command, InvalidArgumentError, Option } from 'commander';
import { localImage } from '../image/build.ts';
import { dnsLabel, imageName, labelKey, labelValue } from '../lib/patterns.ts';
import { reservedCpu, reservedMemory } from '../lib/quantities.ts';
import { parameters } from '../plugins/parameters/table.ts';

/** The cluster in which `npm start -- --context` runs the jobs. */
export interface ClusterOptions {
  context: string;
  /** Without it, as kubectl: KUBECONFIG, else ~/.kube/config. */
  kubeconfig?: string;
  namespace: string;
  image: string;
  /** The address of this machine at which pods reach the table. */
  advertise: string;
  nodeSelector: Readonly<Record<string, string>>;
  /** What a job requests, as Kubernetes quantities. The memory is also its limit. */
  jobCpu: string;
  jobMemory: string;
}

const optionsOfCluster = [
  'kubeconfig',
  'namespace',
  'image',
  'advertise',
  'nodeSelector',
  'jobCpu',
  'jobMemory',
] as const;

/** Adds --context and the options that require it. */
export function addClusterOptions(command: Command): Command {
  return command
    .optionsGroup('On your own cluster:')
    .option(
      '--context <name>',
      'run the jobs in the cluster of this context of your kubeconfig; no other context is used',
    )
    .addOption(
      new Option('--kubeconfig <file>', 'kubeconfig (default: KUBECONFIG, else ~/.kube/config)').argParser(
        (path: string) => resolve(path),
      ),
    )
    .addOption(
      new Option('--namespace <name>', 'namespace of the jobs').default('eks-jobs').argParser(namespace),
    )
    .addOption(
      new Option('--image <image>', 'image of the jobs; `npm run image` builds it')
        .default(localImage)
        .argParser(image),
    )
    .addOption(
      new Option(
        '--advertise <address>',
        'address of this machine at which pods reach the table; the table is opened there, without authentication',
      ).argParser(address),
    )
    .addOption(
      new Option('--node-selector <key=value>', 'run jobs only on nodes with this label; may be repeated')
        .default({}, 'any node')
        .argParser(label),
    )
    .addOption(
      new Option('--job-cpu <quantity>', 'CPU that a job requests')
        .default(parameters.jobCpu.default)
        .argParser(cpu),
    )
    .addOption(
      new Option('--job-memory <quantity>', 'memory that a job requests, and its limit')
        .default(parameters.jobMemory.default)
        .argParser(memory),
    );
}

/**
 * Reads the cluster from the command line; undefined without --context.
 * Ends the command when an option requires --context, or --context requires --advertise.
 */
export function clusterOf(command: Command): ClusterOptions | undefined {
  const { context, kubeconfig, namespace, image, advertise, nodeSelector, jobCpu, jobMemory } = command.opts<
    Omit<ClusterOptions, 'context' | 'advertise'> & Partial<ClusterOptions>
  >();
  if (context === undefined) {
    const used = optionsOfCluster.find((name) => command.getOptionValueSource(name) === 'cli');
    const option = command.options.find((known) => known.attributeName() === used);
    if (option) command.error(`error: ${option.long ?? ''} requires --context NAME`);
    return undefined;
  }
  if (advertise === undefined) {
    command.error(
      'error: --context requires --advertise ADDRESS, the address of this machine at which pods reach the table.\n' +
        'With kind: the gateway of its network (docker network inspect kind). With minikube: the address of ' +
        'host.minikube.internal (minikube ssh grep minikube /etc/hosts). Otherwise: the address of this machine ' +
        "in the nodes' network.",
    );
  }
  return {
    context,
    ...(kubeconfig !== undefined && { kubeconfig }),
    namespace,
    image,
    advertise,
    nodeSelector,
    jobCpu,
    jobMemory,
  };
}

const matching =
  (pattern: RegExp, what: string) =>
  (text: string): string => {
    if (pattern.test(text)) return text;
    throw new InvalidArgumentError(`Allowed: ${what}.`);
  };

// The rules of the stack's parameters: these values are inserted in the same places.
const namespace = matching(
  dnsLabel,
  'up to 63 small letters, digits and dashes, as Kubernetes names a namespace',
);
const image = matching(imageName, 'the name of an image, with its tag or digest');
const cpu = matching(reservedCpu, 'a Kubernetes quantity such as 250m, 2 or 0.5');
const memory = matching(reservedMemory, 'a Kubernetes quantity such as 256Mi or 2Gi');

function address(text: string): string {
  if (isIP(text) === 0) throw new InvalidArgumentError('Allowed: one IP address of this machine.');
  if (/^(0+(\.0+)*|[:0]+|::ffff:0.*)$/i.test(text)) {
    throw new InvalidArgumentError(
      'Use one address: the table has no authentication, and this would open it at all addresses of this machine.',
    );
  }
  if (/^(127\.|::1$|::ffff:127)/i.test(text)) {
    throw new InvalidArgumentError(
      'A loopback address in a pod is the pod itself: use another address of this machine.',
    );
  }
  return text;
}

function label(text: string, before: Readonly<Record<string, string>>): Record<string, string> {
  const at = text.indexOf('=');
  const [key, value] = [text.slice(0, at), text.slice(at + 1)];
  if (at > 0 && labelKey.test(key) && labelValue.test(value)) return { ...before, [key]: value };
  throw new InvalidArgumentError("Allowed: KEY=VALUE, a node's label.");
}

import { isIP } from 'node:net';
import { resolve } from 'node:path';
import { type Command, InvalidArgumentError, Option } from 'commander';
import { localImage } from '../image/build.ts';
import { dnsLabel, imageName, labelKey, labelValue } from '../lib/patterns.ts';
import { reservedCpu, reservedMemory } from '../lib/quantities.ts';
import { parameters } from '../plugins/parameters/table.ts';

/** The cluster that `npm start -- --context` runs the jobs in. */
export interface ClusterOptions {
  context: string;
  /** Without it kubectl's own: KUBECONFIG, ~/.kube/config. */
  kubeconfig?: string;
  namespace: string;
  image: string;
  /** The address of this machine at which pods reach the table. */
  advertise: string;
  nodeSelector: Readonly<Record<string, string>>;
  /** What a job is promised, as Kubernetes writes quantities; of memory it gets no more. */
  jobCpu: string;
  jobMemory: string;
}

const needless = [
  'kubeconfig',
  'namespace',
  'image',
  'advertise',
  'nodeSelector',
  'jobCpu',
  'jobMemory',
] as const;

/** Adds the options that only mean something with a cluster, and --context itself. */
export function addClusterOptions(command: Command): Command {
  return command
    .optionsGroup('With a cluster of your own:')
    .option(
      '--context <name>',
      'runs the jobs in the cluster of this context of your kubeconfig, and touches no other',
    )
    .addOption(
      new Option('--kubeconfig <file>', 'the kubeconfig, instead of KUBECONFIG or ~/.kube/config').argParser(
        (path: string) => resolve(path),
      ),
    )
    .addOption(
      new Option('--namespace <name>', 'the namespace of the jobs').default('eks-jobs').argParser(namespace),
    )
    .addOption(
      new Option('--image <image>', "the jobs' image, which `npm run image` builds")
        .default(localImage)
        .argParser(image),
    )
    .addOption(
      new Option(
        '--advertise <address>',
        'where on this machine pods reach the table, which asks for no password: it is opened there',
      ).argParser(address),
    )
    .addOption(
      new Option('--node-selector <key=value>', 'jobs run on nodes with this label only; may be repeated')
        .default({}, 'any node')
        .argParser(label),
    )
    .addOption(
      new Option('--job-cpu <quantity>', 'the processor share that a job is promised')
        .default(parameters.jobCpu.default)
        .argParser(cpu),
    )
    .addOption(
      new Option('--job-memory <quantity>', 'the memory that a job is promised and limited to')
        .default(parameters.jobMemory.default)
        .argParser(memory),
    );
}

/**
 * The cluster that a command line names, or undefined where it names none.
 * Ends the command where an option lacks --context, or --context lacks --advertise.
 */
export function clusterOf(command: Command): ClusterOptions | undefined {
  const { context, kubeconfig, namespace, image, advertise, nodeSelector, jobCpu, jobMemory } = command.opts<
    Omit<ClusterOptions, 'context' | 'advertise'> & Partial<ClusterOptions>
  >();
  if (context === undefined) {
    const given = needless.find((name) => command.getOptionValueSource(name) === 'cli');
    const option = command.options.find((known) => known.attributeName() === given);
    if (option) command.error(`error: ${option.long ?? ''} means nothing without --context NAME`);
    return undefined;
  }
  if (advertise === undefined) {
    command.error(
      'error: --context needs --advertise ADDRESS, the address of this machine at which pods reach the table.\n' +
        'With kind it is the gateway of its network (docker network inspect kind), with minikube what ' +
        'host.minikube.internal stands for (minikube ssh grep minikube /etc/hosts), else the address that this ' +
        "machine has in the nodes' network.",
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
      'Name one address: the table asks for no password, and this would open it at all of them.',
    );
  }
  if (/^(127\.|::1$|::ffff:127)/i.test(text)) {
    throw new InvalidArgumentError(
      'Pods have a loopback of their own: name another address of this machine.',
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

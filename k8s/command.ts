import { Command, CommanderError, InvalidArgumentError, Option } from 'commander';
import { ApiServer } from './api-server.ts';
import { applyManifests } from './apply.ts';
import { loadContext } from './context.ts';
import { differenceOf } from './difference.ts';
import { ClusterFailure, InvalidParameters } from './failure.ts';
import { KubeConfigConnection } from './kubeconfig-connection.ts';
import { nameOf } from './kubernetes-object.ts';
import { readManifests, renderManifests, type ManifestSet } from './manifests.ts';
import { readNamespace } from './parameters.ts';
import { deleteManifests, type Report } from './remove.ts';

/** `npm run k8s:apply`, `k8s:diff` and `k8s:delete`: set up the jobs' part of a cluster that the user names. */

interface ClusterOptions {
  context: string;
  kubeconfig?: string;
}

interface WaitOption {
  wait: number;
}

const seconds = (text: string): number => {
  const value = Number(text);
  if (/^\d+$/.test(text) && value <= 3600) return value;
  throw new InvalidArgumentError('Allowed: an integer from 0 to 3600.');
};

const report: Report = (object, change) => {
  console.log(`${change} ${nameOf(object)}`);
};

const open = ({ context, kubeconfig }: ClusterOptions): ApiServer =>
  new ApiServer(new KubeConfigConnection(loadContext(context, kubeconfig)));

const command = (name: string, description: string): Command =>
  new Command(name)
    .description(description)
    .usage('--context NAME [options]')
    .requiredOption('--context <name>', 'the context of the kubeconfig; no other cluster is changed')
    .option('--kubeconfig <file>', 'instead of KUBECONFIG or ~/.kube/config')
    .allowExcessArguments(false);

const namespaceOption = (): Option =>
  new Option('--namespace <name>', 'where the jobs run').default('eks-jobs');

const waitOption = (what: string): Option =>
  new Option('--wait <seconds>', what).default(60).argParser(seconds);

const withParameters = (bare: Command): Command =>
  bare
    .addOption(namespaceOption())
    .option('--service-account <name>', 'of the pods', 'data-processor')
    .option(
      '--table-address <address:port>',
      'allows jobs to reach the table of npm start -- --advertise ADDRESS',
    )
    .addOption(
      new Option('--node-class <kind>', "the jobs' own nodes, provided by EKS Auto Mode or by your Karpenter")
        .choices(['none', 'auto-mode', 'bottlerocket'])
        .default('none'),
    )
    .option('--cluster-name <name>', 'of the EKS cluster: finds its subnets and security group by their tags')
    .option('--node-role <name>', 'the IAM role of the nodes')
    .addOption(new Option('--architecture <name>', 'of the nodes and the image').choices(['amd64', 'arm64']))
    .option('--cpu-limit <cpus>', 'of all nodes together: how many jobs run at once (default: 64)')
    .option('--subnet-tag <key=value>', '(default: karpenter.sh/discovery=CLUSTER)')
    .option('--security-group-tag <key=value>', '(default: aws:eks:cluster-name=CLUSTER)')
    .option('--bottlerocket-version <version>', 'the release that nodes run, such as v1.50.0');

/** The options that are not parameters of the manifests. */
const commandOptions = ['context', 'kubeconfig', 'wait', 'adopt'];

const setFrom = (options: object): ManifestSet =>
  renderManifests(
    readManifests(),
    Object.fromEntries(Object.entries(options).filter(([option]) => !commandOptions.includes(option))),
  );

const commands = [
  withParameters(command('k8s:apply', 'Applies what the jobs need; a second run changes nothing.'))
    .option('--adopt', 'take over objects of these names that this command did not create', false)
    .addOption(waitOption('how long for the namespace and the nodes to be ready; 0 does not wait for nodes'))
    .action(async (options: ClusterOptions & WaitOption & { adopt: boolean }) => {
      const set = setFrom(options);
      const { adopt, wait: waitSeconds } = options;
      await applyManifests(open(options), set, { adopt, waitSeconds, report });
    }),
  withParameters(
    command('k8s:diff', 'Shows what k8s:apply would change; exit code 1 when something would, 2 on failure.'),
  ).action(async (options: ClusterOptions) => {
    const set = setFrom(options);
    const difference = await differenceOf(open(options), set);
    process.stdout.write(difference);
    process.exitCode = difference === '' ? 0 : 1;
  }),
  command('k8s:delete', 'Deletes what k8s:apply created; running jobs and objects of others stay.')
    .addOption(namespaceOption())
    .addOption(waitOption('how long for each object to be gone'))
    .action(async (options: ClusterOptions & WaitOption & { namespace: string }) => {
      const namespace = readNamespace(options.namespace);
      const kept = await deleteManifests(open(options), namespace, { waitSeconds: options.wait, report });
      if (kept.length === 0) return;
      console.error(
        `eks-jobs: namespace ${namespace} stays, it holds ${kept.join(', ')}; run this again when they are gone`,
      );
    }),
];

/** Chooses the exit code of a failure. k8s:diff ends with 1 for a difference, as `diff` does. */
const failed = (name: string): number => (name === 'k8s:diff' ? 2 : 1);

const describe = (failure: ClusterFailure): string =>
  failure instanceof InvalidParameters
    ? failure.issues.map(({ name, message }) => `${optionOf(name)} ${message}`).join('; ')
    : failure.message;

const optionOf = (parameter: string): string =>
  `--${parameter.replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`;

async function run(name: string, rest: string[]): Promise<number> {
  const chosen = commands.find((candidate) => candidate.name() === name);
  if (chosen === undefined) {
    console.error(`eks-jobs: the commands are ${commands.map((each) => each.name()).join(', ')}`);
    return 1;
  }
  chosen.name(`npm run ${name} --`).exitOverride();
  try {
    await chosen.parseAsync(rest, { from: 'user' });
    return Number(process.exitCode ?? 0);
  } catch (error) {
    // commander has printed what is wrong with the options, or the help.
    if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : failed(name);
    if (!(error instanceof ClusterFailure)) throw error;
    console.error(`eks-jobs: ${describe(error)}`);
    return failed(name);
  }
}

const [name = '', ...rest] = process.argv.slice(2);
process.exitCode = await run(name, rest);

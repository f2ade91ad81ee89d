import { isIPv4 } from 'node:net';
import * as z from 'zod';
import {
  awsRegion,
  awsTag,
  bottlerocketRelease,
  dnsLabel,
  eksClusterName,
  isReservedNamespace,
  logGroupOrNone,
  logsNamespaceOf,
  logsNamespaceRule,
  namespaceRule,
} from '../lib/patterns.ts';
import { InvalidParameters } from './failure.ts';

// It is also the name of a NodePool, and it gets Pod Security labels, so it must not hold anything else.
const Namespace = z
  .string()
  .regex(dnsLabel, 'must be a DNS label')
  .refine((name) => !isReservedNamespace(name), namespaceRule);

/** A tag of AWS resources, KEY=VALUE; a value may contain further equals signs. */
const Tag = z
  .string()
  .regex(awsTag, 'must be KEY=VALUE')
  .transform((text) => {
    const at = text.indexOf('=');
    return { key: text.slice(0, at), value: text.slice(at + 1) };
  });

const TableAddress = z
  .string()
  .transform((text) => {
    const at = text.lastIndexOf(':');
    return { address: text.slice(0, at), port: Number(text.slice(at + 1)) };
  })
  .refine(({ address, port }) => isIPv4(address) && Number.isInteger(port) && port >= 1 && port <= 65_535, {
    message: 'must be ADDRESS:PORT with an IPv4 address',
  });

/** The parameters of the manifests in k8s/manifests/, each with its default. Everything else follows from the namespace. */
export const Parameters = z
  .strictObject({
    namespace: Namespace.default('eks-jobs'),
    serviceAccount: z.string().regex(dnsLabel, 'must be a DNS label').default('data-processor'),
    /** The address of the table of `npm start -- --context`, for a cluster that enforces NetworkPolicy. */
    tableAddress: TableAddress.optional(),
    nodeClass: z.enum(['none', 'auto-mode', 'bottlerocket']).default('none'),
    architecture: z.enum(['amd64', 'arm64']).default('amd64'),
    /** How many CPUs all nodes may have together: the limit of how many jobs run at once. */
    cpuLimit: z
      .string()
      .regex(/^[1-9][0-9]{0,5}$/, 'must be an integer from 1 to 999999')
      .default('64'),
    /** The name without a path: Karpenter makes an instance profile of it. */
    nodeRole: z
      .string()
      .regex(/^[\w+=,.@-]{1,64}$/, "must be an IAM role's name")
      .optional(),
    clusterName: z.string().regex(eksClusterName, "must be an EKS cluster's name").optional(),
    subnetTag: Tag.optional(),
    securityGroupTag: Tag.optional(),
    bottlerocketVersion: z
      .string()
      .regex(bottlerocketRelease, 'must be one release, such as v1.50.0')
      .optional(),
    /** The CloudWatch log group to which fluent-bit sends the logs of the jobs' containers, and its region; else nothing does. */
    logGroup: z.string().min(1).regex(logGroupOrNone, "must be a CloudWatch log group's name").optional(),
    logRegion: z.string().regex(awsRegion, 'must be a region of AWS').optional(),
  })
  .superRefine((given, context) => {
    const reject = (path: keyof typeof given, message: string): void => {
      context.addIssue({ code: 'custom', path: [path], message });
    };
    if ((given.logGroup === undefined) !== (given.logRegion === undefined)) {
      reject(
        given.logGroup === undefined ? 'logGroup' : 'logRegion',
        'is required: a log group has a region',
      );
    }
    if (given.logGroup !== undefined && !dnsLabel.test(logsNamespaceOf(given.namespace))) {
      reject('namespace', logsNamespaceRule);
    }
    if (given.nodeClass === 'none') {
      for (const name of nodeSettings) {
        if (given[name] !== undefined) reject(name, 'has no effect without a node class');
      }
      return;
    }
    if (given.nodeRole === undefined) reject('nodeRole', `is required for node class ${given.nodeClass}`);
    if (given.clusterName === undefined && !(given.subnetTag && given.securityGroupTag)) {
      reject('clusterName', 'is required to find subnets and security groups, unless both tags are set');
    }
    const pinned = given.bottlerocketVersion !== undefined;
    if (given.nodeClass === 'bottlerocket' && !pinned) {
      reject('bottlerocketVersion', 'is required: nodes run one release until you choose another');
    }
    if (given.nodeClass === 'auto-mode' && pinned) {
      reject('bottlerocketVersion', 'has no effect in EKS Auto Mode: AWS chooses the release');
    }
  });

const nodeSettings = [
  'nodeRole',
  'clusterName',
  'subnetTag',
  'securityGroupTag',
  'bottlerocketVersion',
] as const;

export type Parameters = z.output<typeof Parameters>;
export type ParametersInput = z.input<typeof Parameters>;

/** Reads and checks the parameters. @throws InvalidParameters naming each that is wrong, unknown or missing. */
export const readParameters = (given: Readonly<Record<string, unknown>>): Parameters =>
  check(Parameters, given);

/** Reads and checks the namespace alone. @throws InvalidParameters when it cannot hold jobs. */
export const readNamespace = (given: string): string =>
  check(z.object({ namespace: Namespace }), { namespace: given }).namespace;

function check<T extends z.ZodType>(schema: T, given: unknown): z.output<T> {
  const result = schema.safeParse(given);
  if (result.success) return result.data;
  throw new InvalidParameters(
    result.error.issues.flatMap((issue) =>
      issue.code === 'unrecognized_keys'
        ? issue.keys.map((name) => ({ name, message: 'is not a parameter' }))
        : [{ name: issue.path.join('.'), message: issue.message }],
    ),
  );
}

/** The names that the two Karpenters have for the class of a node and for the labels of its instance. */
const nodeClasses = {
  'auto-mode': {
    NodeClassGroup: 'eks.amazonaws.com',
    NodeClassKind: 'NodeClass',
    InstanceLabels: 'eks.amazonaws.com',
  },
  bottlerocket: {
    NodeClassGroup: 'karpenter.k8s.aws',
    NodeClassKind: 'EC2NodeClass',
    InstanceLabels: 'karpenter.k8s.aws',
  },
};

/** Lists the values of #{Name} in k8s/manifests/. A manifest with another name does not belong to these parameters. */
export function tokensOf(parameters: Parameters): Record<string, string | number> {
  const { nodeClass, tableAddress, nodeRole, bottlerocketVersion, clusterName, logGroup, logRegion } =
    parameters;
  const discovery = { key: 'karpenter.sh/discovery', value: clusterName ?? '' };
  const subnet = parameters.subnetTag ?? discovery;
  // EKS itself gives the cluster's security group this tag; what Auto Mode may use needs no other.
  const clusterGroup = { key: 'aws:eks:cluster-name', value: clusterName ?? '' };
  const securityGroup = parameters.securityGroupTag ?? clusterGroup;
  return {
    JobNamespace: parameters.namespace,
    JobServiceAccount: parameters.serviceAccount,
    ...(tableAddress && { TableCidr: `${tableAddress.address}/32`, TablePort: tableAddress.port }),
    ...(nodeClass !== 'none' && {
      ...nodeClasses[nodeClass],
      CpuLimit: parameters.cpuLimit,
      Architecture: parameters.architecture,
      NodeRole: nodeRole ?? '',
      SubnetTagKey: subnet.key,
      SubnetTagValue: subnet.value,
      SecurityGroupTagKey: securityGroup.key,
      SecurityGroupTagValue: securityGroup.value,
    }),
    ...(bottlerocketVersion !== undefined && { BottlerocketVersion: bottlerocketVersion }),
    ...(logGroup !== undefined && {
      LogsNamespace: logsNamespaceOf(parameters.namespace),
      LogGroup: logGroup,
      LogRegion: logRegion ?? '',
    }),
  };
}

import * as z from 'zod';
import { authorizationTypes } from '../../api/authorization.ts';
import { builderNames } from '../../image/builder.ts';
import { architectures } from '../../image/publish.ts';
import {
  awsTag,
  bottlerocketRelease,
  dnsLabel,
  eksClusterName,
  imageName,
  labelKey,
  labelValue,
  logGroupOrNone,
  unanchored,
} from '../../lib/patterns.ts';
import { Cpu, Memory, reservedCpu, reservedMemory } from '../../lib/quantities.ts';
import {
  type Accepts,
  integer,
  list,
  oneOf,
  optional,
  type TemplateRule,
  text,
  textOrEmpty,
  valid,
} from './accepts.ts';

/** One parameter of a deploy, as `--param name=value` sets it. */
export interface Parameter {
  /** The value without `--param`; '' means "not set". It may contain the framework's variables. Absent: no default. */
  default?: string | number | boolean;
  /** The defaults of single stages. */
  stages?: Readonly<Record<string, string>>;
  accepts: Accepts;
  /** The columns of docs/deploying.md. */
  meaning: string;
  costs?: string;
  /** The CloudFormation parameter of the template that has the value; rules written here replace those of `accepts`. */
  stack?: {
    name: string;
    description: string;
    rule?: { [Name in keyof TemplateRule]?: TemplateRule[Name] | undefined };
  };
}

const bucketName = '[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]';

/** A JSONata object in single quotes, because the value is inserted into an expression of the state machine. */
const nodeSelector = new RegExp(
  `^\\{ ?('${unanchored(labelKey)}' ?: ?'${unanchored(labelValue)}'(, ?(?=')| ?(?=\\})))*\\}$`,
);

/** How many days CloudWatch Logs can keep entries; it accepts no other number. */
const retentions = [
  1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653,
];

/**
 * Every parameter of a deploy, in one place. The plugin (plugins/parameters.ts) makes from it the defaults of `${param:name}`,
 * the check of `--param`, and the section Parameters of the template; local/ takes its defaults from it; a test compares the
 * tables of docs/deploying.md with it.
 */
export const parameters = {
  cluster: {
    accepts: optional(text(eksClusterName, "must be an EKS cluster's name")),
    meaning: 'name of the EKS cluster to use',
    costs: 'without it: a new cluster',
    stack: {
      name: 'ExistingCluster',
      description: 'The EKS cluster to use. If it is empty, the stack creates one.',
      rule: { AllowedPattern: `^(${unanchored(eksClusterName)})?$` },
    },
  },
  kubernetesVersion: {
    default: '1.36',
    accepts: text(/^1\.[0-9]{2}$/, 'must be a version such as 1.36'),
    meaning: 'version of a created cluster',
    costs: 'the price of standard support',
    stack: {
      name: 'KubernetesVersion',
      description: 'The version of Kubernetes of a cluster that the stack creates; one in standard support.',
    },
  },
  zones: {
    default: '',
    accepts: list(/^[a-z0-9-]+,[a-z0-9-]+$/, 'must be two availability zones separated by a comma'),
    meaning: 'two availability zones for a created cluster',
    stack: {
      name: 'Zones',
      description:
        "Two availability zones for a cluster that the stack creates; empty for the region's first two. EKS refuses the zone ids use1-az3, usw1-az2 and cac1-az3.",
    },
  },
  clusterAdmin: {
    default: '',
    accepts: textOrEmpty(
      /^arn:[a-z-]+:iam::[0-9]{12}:(role|user)\/.+$/,
      'must be the ARN of an IAM role or user',
    ),
    meaning: 'ARN of the IAM role or user with full access',
    stack: {
      name: 'ClusterAdmin',
      description: 'The IAM role or user that may do everything in the cluster; empty for none.',
    },
  },
  containerLogs: {
    default: 'true',
    accepts: oneOf(['true', 'false']),
    meaning: 'send the container logs to CloudWatch',
    costs: '$0.50 a GB',
    stack: {
      name: 'ContainerLogs',
      description: "Whether a cluster that the stack creates sends its containers' logs to CloudWatch.",
    },
  },
  jobLogGroup: {
    default: '',
    accepts: text(logGroupOrNone, "must be a CloudWatch log group's name"),
    meaning: "log group of an existing cluster's containers",
    stack: {
      name: 'JobLogGroup',
      description: 'The CloudWatch log group of the containers of an existing cluster; empty if it has none.',
    },
  },

  nodeClass: {
    default: 'auto-mode',
    accepts: oneOf(['auto-mode', 'bottlerocket', 'none']),
    meaning: '`auto-mode`, `bottlerocket` or `none`',
    costs: 'Auto Mode: some 12 % extra',
    stack: {
      name: 'NodeClass',
      description: "What provides the jobs' nodes; none for the nodes that exist.",
    },
  },
  nodeRole: {
    default: '',
    accepts: text(/^[A-Za-z0-9_+=,.@-]{0,64}$/, "must be an IAM role's name"),
    meaning: "name of the nodes' IAM role",
    stack: {
      name: 'NodeRoleName',
      description:
        "The name of the nodes' IAM role. If it is empty, the stack creates one for EKS Auto Mode.",
    },
  },
  subnetTag: {
    default: '',
    accepts: textOrEmpty(awsTag, 'must be KEY=VALUE'),
    meaning: "`KEY=VALUE` tag of the nodes' subnets",
    stack: {
      name: 'SubnetTag',
      description:
        "KEY=VALUE of the subnets for nodes; empty for karpenter.sh/discovery with the cluster's name.",
      rule: { AllowedPattern: undefined },
    },
  },
  securityGroupTag: {
    default: '',
    accepts: textOrEmpty(awsTag, 'must be KEY=VALUE'),
    meaning: "`KEY=VALUE` tag of the nodes' security groups",
    stack: {
      name: 'SecurityGroupTag',
      description: "KEY=VALUE of the security groups of nodes; empty for the cluster's own.",
      rule: { AllowedPattern: undefined },
    },
  },
  bottlerocketVersion: {
    default: '',
    accepts: textOrEmpty(bottlerocketRelease, 'must be one release, such as v1.50.0'),
    meaning: "release of the nodes' operating system",
    stack: {
      name: 'BottlerocketVersion',
      description: 'The release of Bottlerocket on the nodes of your own Karpenter.',
    },
  },
  cpuLimit: {
    default: 64,
    accepts: integer(1, 999_999),
    meaning: 'CPUs of all nodes together',
    costs: 'limit of what nodes cost',
    stack: { name: 'CpuLimit', description: "How many CPUs all the jobs' nodes may have together." },
  },
  arch: {
    default: 'amd64',
    accepts: oneOf(architectures),
    meaning: 'processor of nodes and image',
    costs: 'arm64: some 20 % cheaper',
    stack: { name: 'Architecture', description: 'The processors of nodes and image.' },
  },

  namespace: {
    default: '${self:service}-${sls:stage}',
    accepts: text(dnsLabel, 'must be a DNS label'),
    meaning: "Kubernetes namespace; NodePool's name",
    stack: { name: 'JobNamespace', description: 'The Kubernetes namespace of the jobs.' },
  },
  serviceAccount: {
    default: 'data-processor',
    accepts: text(dnsLabel, 'must be a DNS label'),
    meaning: "service account of the jobs' pods",
    stack: {
      name: 'JobServiceAccount',
      description: "The Kubernetes service account of the jobs' pods.",
      rule: { AllowedPattern: '^[a-z0-9]([-a-z0-9.]{0,251}[a-z0-9])?$' },
    },
  },
  image: {
    default: '',
    accepts: textOrEmpty(imageName, "must be an image's name with its tag or digest"),
    meaning: 'container image',
    costs: '$0.10 a GB and month',
    // Without an image plugins/image.ts replaces the CloudFormation parameter by the image that it builds.
    stack: {
      name: 'JobImage',
      description: 'The container image of data_processor, with its tag or digest.',
      rule: { AllowedPattern: `^${unanchored(imageName)}$` },
    },
  },
  builder: {
    default: '',
    accepts: oneOf(['', ...builderNames]),
    meaning: 'what builds the image',
  },
  prebuilt: {
    default: false,
    accepts: {
      schema: z.union([z.boolean(), z.enum(['true', 'false'])]),
      rule: { Type: 'String', AllowedValues: ['true', 'false'] },
    },
    meaning: 'build the program on this machine',
  },
  buckets: {
    default: '',
    accepts: list(
      new RegExp(`^${bucketName}(,${bucketName})*$`),
      'must be names of buckets separated by commas',
    ),
    meaning: 'S3 buckets that jobs may read',
    costs: 'requests to S3',
    stack: { name: 'Buckets', description: 'The S3 buckets that jobs may read.' },
  },
  jobEndpointUrl: {
    default: '',
    accepts: textOrEmpty(
      /^https?:\/\/[A-Za-z0-9.-]+(:[0-9]{1,5})?$/,
      'must be an address such as http://10.0.0.1:4566',
    ),
    meaning: 'address of AWS, for emulators only',
    stack: {
      name: 'JobEndpointUrl',
      description: 'Where the container finds AWS; empty except for emulators.',
    },
  },

  jobCpu: {
    default: '250m',
    accepts: text(reservedCpu, 'must be a quantity such as 250m or 2'),
    meaning: 'CPU that each job reserves',
    costs: 'decides how many nodes',
    stack: {
      name: 'JobCpu',
      description: 'The CPU that a job reserves, as a Kubernetes quantity (250m, 2, 0.5).',
    },
  },
  jobMemory: {
    default: '256Mi',
    accepts: text(reservedMemory, 'must be a quantity such as 256Mi'),
    meaning: 'memory that each job reserves, and its limit',
    costs: 'likewise',
    stack: {
      name: 'JobMemory',
      description: 'The memory that a job reserves and is limited to, as a Kubernetes quantity (256Mi, 2Gi).',
    },
  },
  maxJobCpu: {
    default: '4',
    accepts: valid(Cpu, 'must be a quantity such as 500m or 4'),
    meaning: 'maximum CPU of one job',
  },
  maxJobMemory: {
    default: '8Gi',
    accepts: valid(Memory, 'must be a quantity such as 512Mi or 8Gi'),
    meaning: 'maximum memory of one job',
  },
  queueSeconds: {
    default: 3600,
    accepts: integer(60, 21_600),
    meaning: 'how long a job may wait',
    stack: {
      name: 'QueueSeconds',
      description:
        "How long a job may wait for a node and its image, in seconds. The state machine's own limit allows for six hours.",
    },
  },
  nodeSelector: {
    default: "{'eks-jobs/pool': '${param:namespace}'}",
    accepts: text(nodeSelector, "must be {} or labels such as {'key': 'value'}"),
    meaning: 'labels of the nodes that run jobs',
    stack: {
      name: 'JobNodeSelector',
      description:
        'The labels of the nodes that run jobs, as a JSONata object in single quotes; {} for any node.',
    },
  },
  kueueQueue: {
    default: '',
    accepts: textOrEmpty(dnsLabel, 'must be a DNS label'),
    meaning: "Kueue's LocalQueue in which jobs wait",
    stack: {
      name: 'KueueQueue',
      description: 'The LocalQueue of Kueue in which the Jobs wait; empty without Kueue.',
    },
  },

  auth: {
    default: 'iam',
    accepts: oneOf(authorizationTypes),
    meaning: 'how callers authenticate',
    costs: '`none`: what strangers start',
  },
  jwtIssuer: {
    default: '',
    accepts: valid(z.union([z.literal(''), z.url({ protocol: /^https$/ })]), 'must be an address, https://…'),
    meaning: 'address of the token issuer, `https://…`',
  },
  jwtAudience: {
    default: '',
    accepts: valid(z.string(), 'must be text'),
    meaning: 'audience that a token must have',
  },
  apiRate: {
    default: 100,
    accepts: integer(1, 10_000),
    meaning: 'requests per second to each route',
    costs: 'limits what callers can start',
  },
  apiBurst: {
    default: 200,
    accepts: integer(1, 5000),
    meaning: 'requests at the same time',
  },
  waiters: {
    default: 5,
    accepts: integer(0, 500),
    meaning: 'requests that may wait (`?wait=`) at the same time',
    costs: 'each waits in a Lambda',
  },
  getJobConcurrency: {
    default: 0,
    accepts: integer(0, 1000),
    meaning: 'reserved concurrency of `getJob`; `0`: none',
    stack: {
      name: 'GetJobConcurrency',
      description: 'The reserved concurrency of the function that reads a job; 0 for none.',
    },
  },

  alarmTopic: {
    default: '',
    accepts: textOrEmpty(
      /^arn:[a-z-]+:sns:[a-z0-9-]+:[0-9]{12}:[A-Za-z0-9_-]{1,256}$/,
      'must be the ARN of an SNS topic',
    ),
    meaning: 'ARN of the SNS topic that receives alarms',
    costs: "the topic's own costs",
    stack: { name: 'AlarmTopic', description: 'The SNS topic that alarms are sent to; empty for none.' },
  },
  failedJobsAlarm: {
    default: 1,
    accepts: integer(1, 1_000_000),
    meaning: 'failed executions that raise the alarm',
    stack: {
      name: 'FailedJobsAlarm',
      description: 'How many executions must fail within five minutes to raise the alarm.',
      rule: { MaxValue: undefined },
    },
  },
  tableDeletionPolicy: {
    default: 'Delete',
    stages: { prod: 'Retain' },
    accepts: oneOf(['Delete', 'Retain']),
    meaning: 'whether `sls remove` deletes the table',
    costs: 'if kept: $0.25 a GB and month',
  },
  logRetentionInDays: {
    default: 30,
    accepts: {
      schema: z.coerce.number().refine((days) => retentions.includes(days), {
        message: `must be one of ${retentions.join(', ')}`,
      }),
      rule: { Type: 'Number' },
    },
    meaning: 'retention of every log group',
    costs: '$0.03 a GB and month',
  },
  deploymentRole: {
    accepts: optional(text(/^arn:[a-z-]+:iam::[0-9]{12}:role\/.+$/, 'must be the ARN of an IAM role')),
    meaning: 'ARN of the role that CloudFormation assumes',
  },
} satisfies Record<string, Parameter>;

import * as z from 'zod';
import { Cpu, Memory, outsideLimits } from '../jobs/resources.ts';
import { Authorization } from '../jobs/settings.ts';
import type { Configuration, Hooks } from './framework.ts';

const name = /^[0-9A-Za-z][A-Za-z0-9_-]{0,99}$/;
const dnsLabel = /^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$/;
const text = (pattern: RegExp, message: string) => z.string().regex(pattern, message);
/** Another schema's rule, in the words of these. */
const as = (schema: z.ZodType<string>, message: string) =>
  z.string().refine((given) => schema.safeParse(given).success, message);
const whole = (least: number, most: number) => z.coerce.number().int().min(least).max(most);
/** Empty stands for "not given". */
const optional = (schema: z.ZodType<string>) => z.union([z.literal(''), schema]);
const bucket = '[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]';

/** CloudWatch Logs keeps entries for so many days and no others. */
const retentions = [
  1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653,
];

/** What may be given by --param, all of it: docs/deploying.md has the same names in its table, serverless.yml the defaults. */
export const Parameters = z
  .strictObject({
    cluster: text(name, "must be an EKS cluster's name").optional(),
    kubernetesVersion: text(/^1\.[0-9]{2}$/, 'must be a version such as 1.36'),
    zones: optional(text(/^[a-z0-9-]+,[a-z0-9-]+$/, 'must be two availability zones with a comma between')),
    clusterAdmin: optional(
      text(/^arn:[a-z-]+:iam::[0-9]{12}:(role|user)\/.+$/, 'must be the ARN of an IAM role or user'),
    ),
    containerLogs: z.enum(['true', 'false']),
    jobLogGroup: optional(text(/^[\w./#-]{1,512}$/, "must be a CloudWatch log group's name")),
    nodeClass: z.enum(['auto-mode', 'bottlerocket', 'none']),
    nodeRole: optional(text(/^[\w+=,.@-]{1,64}$/, "must be an IAM role's name")),
    subnetTag: optional(text(/^[^=]{1,127}=.{1,255}$/, 'must be KEY=VALUE')),
    securityGroupTag: optional(text(/^[^=]{1,127}=.{1,255}$/, 'must be KEY=VALUE')),
    bottlerocketVersion: optional(
      text(/^v\d{1,3}\.\d{1,3}\.\d{1,3}$/, 'must be one release, such as v1.50.0'),
    ),
    cpuLimit: whole(1, 999_999),
    arch: z.enum(['amd64', 'arm64']),
    namespace: text(dnsLabel, 'must be a DNS label'),
    serviceAccount: text(dnsLabel, 'must be a DNS label'),
    image: optional(
      text(/^[a-zA-Z0-9][a-zA-Z0-9._:/@-]{0,511}$/, "must be an image's name with its tag or digest"),
    ),
    builder: z.enum(['', 'docker', 'podman', 'buildah']).optional(),
    prebuilt: z.union([z.boolean(), z.enum(['true', 'false'])]).optional(),
    jobCpu: text(
      /^([1-9]\d{0,5}m|[1-9]\d{0,2}(\.\d{1,3})?|0\.\d{0,2}[1-9])$/,
      'must be a quantity such as 250m or 2',
    ),
    jobMemory: text(/^[1-9]\d{0,5}(Mi|Gi|M|G)$/, 'must be a quantity such as 256Mi'),
    maxJobCpu: as(Cpu, 'must be a quantity such as 500m or 4'),
    maxJobMemory: as(Memory, 'must be a quantity such as 512Mi or 8Gi'),
    queueSeconds: whole(60, 21_600),
    nodeSelector: text(/^\{.*\}$/, "must be {} or labels such as {'key': 'value'}"),
    kueueQueue: optional(text(dnsLabel, 'must be a DNS label')),
    buckets: optional(
      text(new RegExp(`^${bucket}(,${bucket})*$`), 'must be names of buckets with commas between'),
    ),
    jobEndpointUrl: optional(z.url({ protocol: /^https?$/ })),
    auth: Authorization,
    jwtIssuer: optional(z.url({ protocol: /^https$/ })),
    jwtAudience: z.string(),
    apiRate: whole(1, 10_000),
    apiBurst: whole(1, 5000),
    alarmTopic: optional(
      text(/^arn:[a-z-]+:sns:[a-z0-9-]+:[0-9]{12}:[\w-]{1,256}$/, 'must be the ARN of an SNS topic'),
    ),
    failedJobsAlarm: whole(1, 1_000_000),
    tableDeletionPolicy: z.enum(['Delete', 'Retain']),
    logRetentionInDays: z.coerce.number().refine((days) => retentions.includes(days), {
      message: `must be one of ${retentions.join(', ')}`,
    }),
    deploymentRole: text(
      /^arn:[a-z-]+:iam::[0-9]{12}:role\/.+$/,
      'must be the ARN of an IAM role',
    ).optional(),
  })
  .superRefine((given, context) => {
    const refuse = (path: keyof typeof given, message: string): void => {
      context.addIssue({ code: 'custom', path: [path], message });
    };
    if (given.namespace === 'default' || given.namespace.startsWith('kube-'))
      refuse('namespace', "must be the jobs' own");
    const { jobCpu: cpu, jobMemory: memory, maxJobCpu, maxJobMemory } = given;
    for (const { field, message } of outsideLimits(
      { cpu, memory },
      { cpu: maxJobCpu, memory: maxJobMemory },
    )) {
      const path = field === 'resources.cpu' ? 'jobCpu' : 'jobMemory';
      refuse(path, `is beyond what a job may have. ${message}`);
    }
    if (given.auth === 'jwt') {
      if (given.jwtIssuer === '') refuse('jwtIssuer', 'is needed with auth=jwt');
      if (given.jwtAudience === '') refuse('jwtAudience', 'is needed with auth=jwt');
    }
    if (given.cluster === undefined && given.nodeClass !== 'auto-mode') {
      refuse('nodeClass', 'of a cluster that the stack creates is auto-mode');
    }
    if (given.cluster === undefined && given.jobLogGroup !== '') {
      refuse('jobLogGroup', 'of a cluster that the stack creates is made with it');
    }
    if (given.nodeClass === 'bottlerocket') {
      if (given.nodeRole === '')
        refuse('nodeRole', 'is needed with nodeClass=bottlerocket: the one that your Karpenter may pass on');
      if (given.bottlerocketVersion === '')
        refuse('bottlerocketVersion', 'is needed with nodeClass=bottlerocket');
    } else if (given.bottlerocketVersion !== '') {
      refuse('bottlerocketVersion', `means nothing with nodeClass=${given.nodeClass}`);
    }
    if (given.nodeClass === 'none') {
      for (const setting of ['nodeRole', 'subnetTag', 'securityGroupTag'] as const) {
        if (given[setting] !== '') refuse(setting, 'means nothing with nodeClass=none');
      }
      if (given.nodeSelector !== '{}')
        refuse('nodeSelector', 'must name labels of your nodes, or be {}, with nodeClass=none');
    }
  });

/**
 * The parameters as the framework resolves them: the command line first, then the stage's, then the defaults.
 * A default is taken as it is, the variables in it too: only what somebody gave can be wrong.
 */
export function givenParameters({
  configurationInput,
  processedInput,
  service,
}: Configuration): Record<string, unknown> {
  const { params = {} } = configurationInput;
  const fromCommandLine = (processedInput.options.param ?? []).map((item) => {
    const at = item.indexOf('=');
    return [item.slice(0, at), item.slice(at + 1).trimEnd()];
  });
  return {
    ...params['default'],
    ...params[service.provider.stage],
    ...(Object.fromEntries(fromCommandLine) as Record<string, string>),
  };
}

/** @returns what is wrong with parameters, one line each; nothing when all is well. */
export function problemsWith(given: Readonly<Record<string, unknown>>): string[] {
  const { error } = Parameters.safeParse(given);
  return (error?.issues ?? []).flatMap((issue) =>
    issue.code === 'unrecognized_keys'
      ? issue.keys.map((key) => `${key} is no parameter`)
      : [`${issue.path.join('.')} ${messageOf(issue)}`],
  );
}

/** A union says only that nothing fits; its last choice is what one would give. */
function messageOf(issue: z.core.$ZodIssue): string {
  if (issue.code === 'invalid_union') {
    const [inner] = issue.errors.at(-1) ?? [];
    return inner ? messageOf(inner) : issue.message;
  }
  if (issue.code === 'invalid_value') return `must be one of ${issue.values.join(', ')}`;
  return issue.message;
}

/** Refuses before anything is built or sent: a typing error in a name would otherwise be a cluster created, not used. */
export default class ParametersPlugin {
  readonly hooks: Hooks;

  constructor(serverless: Configuration) {
    this.hooks = {
      initialize: () => {
        const problems = problemsWith(givenParameters(serverless));
        if (problems.length === 0) return;
        const message = `Wrong --param:\n${problems.map((line) => `  ${line}`).join('\n')}\ndocs/deploying.md lists them all.`;
        throw new serverless.classes.Error(message, 'WRONG_PARAMETERS');
      },
    };
  }
}

import * as z from 'zod';
import {
  dnsLabel,
  isReservedNamespace,
  logsNamespaceOf,
  logsNamespaceRule,
  namespaceRule,
} from '../../lib/patterns.ts';
import { outsideLimits } from '../../lib/quantities.ts';
import { parameters } from './table.ts';

type Schemas = { [Name in keyof typeof parameters]: (typeof parameters)[Name]['accepts']['schema'] };

const schemas = Object.fromEntries(
  Object.entries(parameters).map(([name, { accepts }]) => [name, accepts.schema]),
) as Schemas;

const Parameters = z.strictObject(schemas).superRefine((given, context) => {
  const reject = (name: keyof typeof given, message: string): void => {
    context.addIssue({ code: 'custom', path: [name], message });
  };
  if (isReservedNamespace(given.namespace)) reject('namespace', namespaceRule);
  const { jobCpu: cpu, jobMemory: memory, maxJobCpu, maxJobMemory } = given;
  for (const { name, message } of outsideLimits({ cpu, memory }, { cpu: maxJobCpu, memory: maxJobMemory })) {
    reject(name === 'cpu' ? 'jobCpu' : 'jobMemory', `is outside the limits of one job. ${message}`);
  }
  if (given.auth === 'jwt') {
    if (given.jwtIssuer === '') reject('jwtIssuer', 'is required with auth=jwt');
    if (given.jwtAudience === '') reject('jwtAudience', 'is required with auth=jwt');
  }
  if (given.cluster === undefined && given.nodeClass !== 'auto-mode') {
    reject('nodeClass', 'must be auto-mode when the stack creates the cluster');
  }
  if (given.cluster === undefined && given.jobLogGroup !== '') {
    reject('jobLogGroup', 'cannot be set when the stack creates the cluster: it creates the log group too');
  }
  if (
    given.cluster === undefined &&
    given.containerLogs === 'true' &&
    !dnsLabel.test(logsNamespaceOf(given.namespace))
  ) {
    reject('namespace', logsNamespaceRule);
  }
  if (given.getJobConcurrency > 0 && given.getJobConcurrency <= given.waiters) {
    reject(
      'getJobConcurrency',
      `must be more than waiters, ${given.waiters}, or be 0: a request that waits occupies one`,
    );
  }
  if (given.nodeClass === 'bottlerocket') {
    if (given.nodeRole === '') {
      reject('nodeRole', 'is required with nodeClass=bottlerocket: the role that your Karpenter may pass on');
    }
    if (given.bottlerocketVersion === '') {
      reject('bottlerocketVersion', 'is required with nodeClass=bottlerocket');
    }
  } else if (given.bottlerocketVersion !== '') {
    reject('bottlerocketVersion', `has no effect with nodeClass=${given.nodeClass}`);
  }
  if (given.nodeClass === 'none') {
    for (const name of ['nodeRole', 'subnetTag', 'securityGroupTag'] as const) {
      if (given[name] !== '') reject(name, 'has no effect with nodeClass=none');
    }
    // The default names the NodePool of k8s/manifests, which does not exist then: no node would fit.
    if (
      given.nodeSelector === parameters.nodeSelector.default.replace('${param:namespace}', given.namespace)
    ) {
      reject('nodeSelector', 'must name labels of your nodes, or be {}, with nodeClass=none');
    }
  }
});

/** Checks the parameters of a deploy. @returns one line for each problem; nothing when all are correct. */
export function problemsWith(given: Readonly<Record<string, unknown>>): string[] {
  const { error } = Parameters.safeParse(given);
  return (error?.issues ?? []).flatMap((issue) =>
    issue.code === 'unrecognized_keys'
      ? issue.keys.map((name) => `${name} is not a parameter`)
      : [`${issue.path.join('.')} ${messageOf(issue)}`],
  );
}

/** Describes an issue. A union reports only that nothing fits; its last choice is the value that a user would set. */
function messageOf(issue: z.core.$ZodIssue): string {
  if (issue.code === 'invalid_union') {
    const [inner] = issue.errors.at(-1) ?? [];
    return inner ? messageOf(inner) : issue.message;
  }
  if (issue.code === 'invalid_value') return `must be one of ${issue.values.filter(Boolean).join(', ')}`;
  return issue.message;
}

import { type Parameter, parameters } from './table.ts';

/** The template's own parameters, which are not set by `--param` alone. */
const derived = {
  ServiceName: {
    Type: 'String',
    Description: 'The value of app.kubernetes.io/managed-by on every Job and pod of this stack.',
    AllowedPattern: '^[a-zA-Z0-9]([-a-zA-Z0-9_.]{0,61}[a-zA-Z0-9])?$',
    Default: '${self:service}-${sls:stage}',
  },
  ClusterName: {
    Type: 'String',
    Description: 'The EKS cluster that runs the jobs, the existing one or the one to create.',
    AllowedPattern: parameters.cluster.accepts.rule.AllowedPattern,
    Default: "${param:cluster, '${self:service}-${sls:stage}'}",
  },
  // plugins/kept-log-groups.ts sets these two when it deploys.
  KeptClusterLogGroup: {
    Type: 'String',
    Description:
      'Whether the deployed stack contains the log group of the control plane, as earlier versions did.',
    AllowedValues: ['true', 'false'],
    Default: 'false',
  },
  KeptAgentLogGroups: {
    Type: 'String',
    Description: 'Whether the deployed stack contains the log groups of nodes, as earlier versions did.',
    AllowedValues: ['true', 'false'],
    Default: 'false',
  },
};

/**
 * Builds the section Parameters of the template. Some are #{Name} in statemachines/run-job.asl.yml. The patterns exclude quotes,
 * because each value is inserted into JSON text, and some into a JSONata expression. The values are defaults, not
 * provider.stackParameters: the framework would also send those with its first, empty stack.
 */
export function templateParameters(): Record<string, object> {
  const rows = Object.entries<Parameter>(parameters).flatMap(([name, parameter]) => {
    const { stack, accepts } = parameter;
    if (stack === undefined) return [];
    const variable = 'default' in parameter ? `\${param:${name}}` : `\${param:${name}, ''}`;
    const rule = { ...accepts.rule, ...stack.rule };
    return [[stack.name, { ...rule, Description: stack.description, Default: variable }] as const];
  });
  // The framework takes plain JSON: a rule that a row takes back is absent, not undefined.
  return JSON.parse(JSON.stringify({ ...derived, ...Object.fromEntries(rows) })) as Record<string, object>;
}

/** Lists the ARNs of all objects in some buckets (`a,b`), each as CloudFormation fills in the partition. */
export const bucketObjects = (buckets: string): object[] =>
  buckets.split(',').map((bucket) => ({ 'Fn::Sub': `arn:\${AWS::Partition}:s3:::${bucket}/*` }));

/** Lists the defaults, by stage as the framework's `params` are. */
export function defaultParameters(): Record<string, Record<string, unknown>> {
  const defaults: Record<string, Record<string, unknown>> = { default: {} };
  for (const [name, { default: value, stages = {} }] of Object.entries<Parameter>(parameters)) {
    if (value !== undefined) (defaults['default'] ??= {})[name] = value;
    for (const [stage, ofStage] of Object.entries(stages)) (defaults[stage] ??= {})[name] = ofStage;
  }
  return defaults;
}

/** Lists the defaults by the name of the CloudFormation parameter, for a state machine that runs on one machine. */
export const stackDefaults = (): Record<string, string> =>
  Object.fromEntries(
    Object.values<Parameter>(parameters).flatMap(({ default: value, stack }) =>
      stack === undefined || value === undefined ? [] : [[stack.name, String(value)]],
    ),
  );

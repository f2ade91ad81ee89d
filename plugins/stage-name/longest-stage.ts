import type { Template } from '../framework.ts';

/** One name in AWS or Kubernetes that contains the stage. */
export interface NameWithStage {
  /** What has the name: "a Lambda function". */
  of: string;
  name: string;
  maximum: number;
}

/** The property with the name, and how many characters AWS accepts, by the type of resource (each service's API reference). */
export const nameLimits: Readonly<Record<string, { property: string; of: string; maximum: number }>> = {
  'AWS::ApiGatewayV2::Api': { property: 'Name', of: 'an API', maximum: 128 },
  'AWS::CloudWatch::Alarm': { property: 'AlarmName', of: 'an alarm', maximum: 255 },
  'AWS::CloudWatch::Dashboard': { property: 'DashboardName', of: 'a dashboard', maximum: 255 },
  'AWS::DynamoDB::Table': { property: 'TableName', of: 'a table', maximum: 255 },
  'AWS::EKS::Cluster': { property: 'Name', of: 'an EKS cluster', maximum: 100 },
  'AWS::Events::Rule': { property: 'Name', of: 'a rule of EventBridge', maximum: 64 },
  'AWS::IAM::Role': { property: 'RoleName', of: 'an IAM role', maximum: 64 },
  'AWS::Lambda::Function': { property: 'FunctionName', of: 'a Lambda function', maximum: 64 },
  'AWS::Logs::LogGroup': { property: 'LogGroupName', of: 'a log group', maximum: 512 },
  'AWS::S3::Bucket': { property: 'BucketName', of: 'an S3 bucket', maximum: 63 },
  'AWS::Scheduler::ScheduleGroup': { property: 'Name', of: 'a schedule group', maximum: 64 },
  'AWS::SQS::Queue': { property: 'QueueName', of: 'a queue', maximum: 80 },
  'AWS::StepFunctions::StateMachine': { property: 'StateMachineName', of: 'a state machine', maximum: 80 },
};

/** Parameters of the template that become names in Kubernetes. */
const parameterLimits: Readonly<Record<string, { of: string; maximum: number }>> = {
  JobNamespace: { of: 'a Kubernetes namespace', maximum: 63 },
  ServiceName: { of: 'the value of a Kubernetes label', maximum: 63 },
};

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null;

/** Lists the names of a template that contain the stage. Names that CloudFormation generates are cut to fit and are not listed. */
export function namesWithStage(
  { Parameters = {}, Resources }: Pick<Template, 'Parameters' | 'Resources'>,
  service: string,
  stage: string,
): NameWithStage[] {
  const valueOf = (parameter: string): string => {
    const definition = Parameters[parameter];
    return isObject(definition) && typeof definition['Default'] === 'string' ? definition['Default'] : '';
  };
  const resolve = (value: unknown): string => {
    if (typeof value === 'string') return value;
    if (!isObject(value)) return '';
    if (typeof value['Ref'] === 'string') return valueOf(value['Ref']);
    if (typeof value['Fn::Sub'] !== 'string') return '';
    return value['Fn::Sub'].replaceAll(/\$\{([^}]+)\}/g, (_token, name: string) => valueOf(name));
  };
  const resources = Object.values(Resources).flatMap((resource) => {
    if (!isObject(resource) || !isObject(resource['Properties'])) return [];
    const limit = nameLimits[String(resource['Type'])];
    if (limit === undefined) return [];
    return [{ of: limit.of, name: resolve(resource['Properties'][limit.property]), maximum: limit.maximum }];
  });
  const parameters = Object.entries(parameterLimits).map(([name, limit]) => ({
    ...limit,
    name: valueOf(name),
  }));
  return [...resources, ...parameters].filter(
    ({ name }) => name.includes(`${service}-${stage}`) || name.includes(`${stage}-${service}`),
  );
}

/** Finds the longest stage that fits into all names, and the name that leaves the fewest characters. */
export function longestStage(
  names: readonly NameWithStage[],
  stage: string,
): { length: number; limit: NameWithStage } | undefined {
  const lengths = names.map((limit) => ({ length: limit.maximum - limit.name.length + stage.length, limit }));
  return lengths.sort((one, other) => one.length - other.length)[0];
}

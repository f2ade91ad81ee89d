import type { Names } from './environment.ts';
import type { Options } from './options.ts';
import { readStateMachine } from './service-definition.ts';

/** run-job as this repository has it now, with what the stack's parameters and resources are on one machine. */
export function readDefinition(root: string, names: Names, { queueSeconds, cluster }: Options): string {
  const { region, account, service, table } = names;
  return readStateMachine(root, {
    'AWS::Region': region,
    JobsTable: table,
    'SettleJobLambdaFunction.Arn': `arn:aws:lambda:${region}:${account}:function:${service}-settleJob`,
    ServiceName: service,
    ClusterName: cluster?.context.replaceAll(/[^0-9A-Za-z_-]/g, '-') ?? 'local',
    'ClusterSetup.Endpoint': 'https://127.0.0.1',
    'ClusterSetup.CertificateAuthority': '',
    JobNamespace: cluster?.namespace ?? 'eks-jobs',
    JobServiceAccount: 'data-processor',
    JobImage: cluster?.image ?? 'data-processor:local',
    JobCpu: cluster?.jobCpu ?? '250m',
    JobMemory: cluster?.jobMemory ?? '256Mi',
    JobNodeSelector: nodeSelector(cluster?.nodeSelector ?? {}),
    KueueQueue: '',
    JobEndpointUrl: '',
    QueueSeconds: String(queueSeconds),
  });
}

/** As the stack's parameter is written: a JSONata object in single quotes. */
const nodeSelector = (labels: Readonly<Record<string, string>>): string =>
  JSON.stringify(labels).replaceAll('"', "'");

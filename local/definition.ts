import { localImage } from '../image/build.ts';
import { stackDefaults } from '../plugins/parameters/template.ts';
import type { Names } from './environment.ts';
import type { Options } from './options.ts';
import { readStateMachine } from './service-definition.ts';

/** Reads the state machine run-job and fills in the stack's parameters and resources as they are on one machine. */
export function readDefinition(root: string, names: Names, { queueSeconds, cluster }: Options): string {
  const { region, account, service, table } = names;
  return readStateMachine(root, {
    ...stackDefaults(),
    'AWS::Region': region,
    JobsTable: table,
    'SettleJobLambdaFunction.Arn': `arn:aws:lambda:${region}:${account}:function:${service}-settleJob`,
    ServiceName: service,
    ClusterName: cluster?.context.replaceAll(/[^0-9A-Za-z_-]/g, '-') ?? 'local',
    'ClusterSetup.Endpoint': 'https://127.0.0.1',
    'ClusterSetup.CertificateAuthority': '',
    JobNamespace: cluster?.namespace ?? 'eks-jobs',
    JobImage: cluster?.image ?? localImage,
    ...(cluster && { JobCpu: cluster.jobCpu, JobMemory: cluster.jobMemory }),
    JobNodeSelector: nodeSelector(cluster?.nodeSelector ?? {}),
    QueueSeconds: String(queueSeconds),
  });
}

/** As the stack's parameter is written: a JSONata object in single quotes. */
const nodeSelector = (labels: Readonly<Record<string, string>>): string =>
  JSON.stringify(labels).replaceAll('"', "'");

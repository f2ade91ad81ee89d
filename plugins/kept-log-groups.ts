import {
  CloudFormationClient,
  CloudFormationServiceException,
  DescribeStackResourceCommand,
} from '@aws-sdk/client-cloudformation';
import type { Hooks, Serverless } from './framework.ts';

/** The template's parameters that keep log groups of earlier versions, each with one of its resources (resources/cluster.yml). */
const keptBy = { KeptClusterLogGroup: 'ClusterLogGroup', KeptAgentLogGroups: 'HostLogGroup' };

/** A resource in one of these states is not in the stack any more. */
const absent = ['DELETE_COMPLETE', 'DELETE_SKIPPED'];

/**
 * Keeps the logs of a stage that an earlier version deployed: before a deploy it asks CloudFormation which log groups the stack
 * contains, and sets the parameters of their conditions. Without it, the update would delete them. A new stage has none of them,
 * and `sls package` asks nothing.
 */
export default class KeptLogGroups {
  readonly hooks: Hooks;
  readonly #serverless: Serverless;

  constructor(serverless: Serverless) {
    this.#serverless = serverless;
    this.hooks = { 'before:deploy:deploy': () => this.#keep() };
  }

  async #keep(): Promise<void> {
    const provider = this.#serverless.getProvider('aws');
    const client = new CloudFormationClient(await provider.getAwsSdkV3Config());
    const stack = `${this.#serverless.service.service}-${provider.getStage()}`;
    const { Parameters = {} } = this.#serverless.service.provider.compiledCloudFormationTemplate;
    for (const [parameter, resource] of Object.entries(keptBy)) {
      const contained = await isInStack(client, stack, resource);
      Parameters[parameter] = { ...(Parameters[parameter] as object), Default: String(contained) };
    }
  }
}

/** Tells whether a deployed stack contains a resource; a stack that does not exist contains none. */
async function isInStack(
  client: CloudFormationClient,
  StackName: string,
  LogicalResourceId: string,
): Promise<boolean> {
  try {
    const { StackResourceDetail } = await client.send(
      new DescribeStackResourceCommand({ StackName, LogicalResourceId }),
    );
    return !absent.includes(StackResourceDetail?.ResourceStatus ?? '');
  } catch (error) {
    // "Stack 'NAME' does not exist", "Resource NAME does not exist for stack NAME".
    const missing = error instanceof CloudFormationServiceException && error.name === 'ValidationError';
    if (missing && error.message.includes('does not exist')) return false;
    throw error;
  }
}

import { CloudFormationClient, DescribeStacksCommand } from '@aws-sdk/client-cloudformation';
import type { FrameworkCommand, Hooks, Writers } from './framework.ts';
import { longestStage, namesWithStage, type NameWithStage } from './stage-name/longest-stage.ts';

/** The statuses of a stack that has been created completely, whatever happened later. */
const created = /^(CREATE_COMPLETE|UPDATE_.*|IMPORT_.*)$/;

/** Lists the names of the configuration as the template will have them, before it exists. */
export function configuredNames(
  { configurationInput, service }: Pick<FrameworkCommand, 'configurationInput' | 'service'>,
  stage: string,
): NameWithStage[] {
  const { Parameters = {}, Resources = {} } = service.resources ?? {};
  const functions = Object.values(service.functions).map(({ name }) => ({
    Type: 'AWS::Lambda::Function',
    Properties: { FunctionName: name },
  }));
  const stateMachines = Object.values(configurationInput.stepFunctions?.stateMachines ?? {}).map(
    ({ name }) => ({ Type: 'AWS::StepFunctions::StateMachine', Properties: { StateMachineName: name } }),
  );
  const all = [...Object.values(Resources), ...functions, ...stateMachines];
  return namesWithStage({ Parameters, Resources: Object.fromEntries(all.entries()) }, service.service, stage);
}

/**
 * Rejects a stage whose name makes another name too long, before anything is built: CloudFormation would report it minutes later
 * and roll back. A stage that is deployed already, and every other command, gets a warning only.
 */
export default class StageNamePlugin {
  readonly hooks: Hooks;

  constructor(serverless: FrameworkCommand, _options: unknown, { log }: Pick<Writers, 'log'>) {
    this.hooks = {
      initialize: async () => {
        const command = serverless.processedInput.commands.join(' ');
        if (!['deploy', 'package', 'remove'].includes(command)) return;
        const stage = serverless.getProvider('aws').getStage();
        const longest = longestStage(configuredNames(serverless, stage), stage);
        if (longest === undefined || stage.length <= longest.length) return;
        const { length, limit } = longest;
        const problem =
          `The name of the stage ${stage} is too long: it has ${stage.length} characters, and at most ${length} fit. ` +
          `The name of ${limit.of} may have ${limit.maximum} characters; ${limit.name} has ${limit.name.length}.`;
        if (command === 'deploy' && !(await isDeployed(serverless, stage))) {
          throw new serverless.classes.Error(`${problem} Choose a shorter stage.`, 'STAGE_NAME_TOO_LONG');
        }
        log.warning(`${problem} Only a stage that is deployed already can have this name.`);
      },
    };
  }
}

/** Checks whether the stage's stack exists. Without an answer from CloudFormation it does not count as deployed. */
async function isDeployed(serverless: FrameworkCommand, stage: string): Promise<boolean> {
  const client = new CloudFormationClient(await serverless.getProvider('aws').getAwsSdkV3Config());
  const StackName = `${serverless.service.service}-${stage}`;
  try {
    const { Stacks = [] } = await client.send(new DescribeStacksCommand({ StackName }));
    return Stacks.some(({ StackStatus = '' }) => created.test(StackStatus));
  } catch {
    return false;
  } finally {
    client.destroy();
  }
}

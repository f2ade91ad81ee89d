import { once } from 'node:events';
import type { Server } from 'node:http';
import { fileURLToPath } from 'node:url';
import { createGateway } from '../../local/aws/api-gateway/gateway.ts';
import { Functions } from '../../local/aws/lambda/functions.ts';
import { routesOf } from '../../local/http-api.ts';
import { type DeployedFunction, readFunctions } from '../../local/service-definition.ts';
import { Client, type RunningService } from './running-service.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));

/** The functions behind the routes of the API. */
export const routedFunctions: readonly DeployedFunction[] = readFunctions(root).filter(
  ({ routes }) => routes.length > 0,
);

export const localStateMachineArn =
  'arn:aws:states:us-east-1:000000000000:stateMachine:eks-jobs-local-run-job';

/**
 * A second API before the AWS emulators and the jobs of a running service. Its handlers run in this process, with an environment
 * that the test chooses. The handlers read it when they are loaded, so a test file has one such API.
 */
export class InProcessApi extends Client {
  readonly #gateway: Server;

  private constructor(gateway: Server, port: number) {
    super(port);
    this.#gateway = gateway;
  }

  /** @param environment replaces settings, for example the address of an AWS service. */
  static async start(
    service: RunningService,
    environment: Readonly<Record<string, string>> = {},
  ): Promise<InProcessApi> {
    Object.assign(process.env, {
      ...{ AWS_REGION: 'us-east-1', AWS_ACCESS_KEY_ID: 'local', AWS_SECRET_ACCESS_KEY: 'local' },
      AWS_ENDPOINT_URL_SFN: service.stepFunctionsUrl,
      AWS_ENDPOINT_URL_DYNAMODB: service.dynamodbUrl,
      AWS_ENDPOINT_URL_SCHEDULER: service.schedulerUrl,
      TABLE_NAME: 'eks-jobs-local',
      STATE_MACHINE_ARN: localStateMachineArn,
      SCHEDULE_GROUP: 'eks-jobs-local',
      SCHEDULE_ROLE_ARN: 'arn:aws:iam::000000000000:role/eks-jobs-local-scheduler',
      SCHEDULE_DEAD_LETTERS_ARN: 'arn:aws:sqs:us-east-1:000000000000:eks-jobs-local-undelivered',
      OWNER_WITHOUT_AUTHORIZER: 'local',
      ...{ MAX_JOB_CPU: '4', MAX_JOB_MEMORY: '8Gi', MAX_WAITERS: '1000' },
      POWERTOOLS_LOG_LEVEL: 'SILENT',
      ...environment,
    });
    const functions = await Functions.load(routedFunctions);
    const routes = routesOf(routedFunctions, (name, event) => functions.invoke(name, event));
    const gateway = createGateway(routes, () => Promise.resolve());
    gateway.listen(0, '127.0.0.1');
    await once(gateway, 'listening');
    const address = gateway.address();
    return new InProcessApi(gateway, typeof address === 'object' && address ? address.port : 0);
  }

  async stop(): Promise<void> {
    this.#gateway.closeAllConnections();
    await new Promise((resolve) => this.#gateway.close(resolve));
  }
}

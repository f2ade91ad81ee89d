import { createServer, type Server } from 'node:http';
import { fileURLToPath } from 'node:url';
import { openAuthorizer } from './aws/api-gateway/authorizer.ts';
import { installDynoxide } from './build.ts';
import { readDefinition } from './definition.ts';
import { ensureTable, startDynamoDB } from './aws/dynamodb/dynamodb.ts';
import { setFunctionEnvironment } from './environment.ts';
import { Events } from './aws/eventbridge/events.ts';
import { Functions } from './aws/lambda/functions.ts';
import { createGateway } from './aws/api-gateway/gateway.ts';
import type { Options } from './options.ts';
import { ensureFree, listen } from './ports.ts';
import { prepareRunner } from './runner.ts';
import { readFunctions, readTable } from './service-definition.ts';
import { createScheduler } from './schedules.ts';
import { serveScheduler } from './aws/scheduler/index.ts';
import { openStateDirectory } from './state-directory.ts';
import { type Clock, systemClock } from './aws/clock.ts';
import { serveStepFunctions } from './aws/step-functions/index.ts';
import { createWorkflow } from './workflow.ts';

const root = fileURLToPath(new URL('..', import.meta.url));

/** A killed service's DynamoDB outlives it by a second, so that its jobs can say goodbye: milliseconds. */
const goodbye = 5000;

/**
 * Starts the whole service.
 * @param onFailure called when a part of it ends by itself; the service is to be stopped then.
 * @param schedulerClock what schedules go by; tests drive it.
 * @returns a function that ends everything that was started, jobs first; they go on with the next start.
 * @throws LocalFailure or ClusterFailure when something is in the way that the user can change; nothing is left running.
 */
export async function startService(
  options: Options,
  signal: AbortSignal,
  onFailure: (reason: string) => void,
  schedulerClock: Clock = systemClock,
): Promise<() => Promise<void>> {
  const { port, stateDir, fresh } = options;
  const undo: (() => Promise<void> | void)[] = [];
  const stop = async (): Promise<void> => {
    for (let step = undo.pop(); step; step = undo.pop()) await step();
  };
  try {
    const state = openStateDirectory(stateDir, fresh);
    undo.push(() => {
      state.release();
    });
    await Promise.all([port, port + 1, port + 3].map((each) => ensureFree(each)));
    await ensureFree(port + 2, goodbye);
    const authorizer =
      options.authorization && (await openAuthorizer(options.authorization, state.signingKey, signal));
    const dynoxide = await installDynoxide(signal);
    const endpoints = {
      stepFunctions: `http://127.0.0.1:${port + 1}`,
      dynamodb: `http://127.0.0.1:${port + 2}`,
      scheduler: `http://127.0.0.1:${port + 3}`,
    };
    const openRunner = await prepareRunner(options, endpoints, signal);
    const names = setFunctionEnvironment(endpoints, options);
    const definition = readDefinition(root, names, options);
    const dynamodb = await startDynamoDB(dynoxide, port + 2, state.database, onFailure);
    undo.push(() => dynamodb.stop());
    const { table, timeToLive } = readTable(root, names.table);
    await ensureTable(dynamodb.endpoint, table, timeToLive);
    const runner = await openRunner(names.service, definition);
    undo.push(() => runner.stop());

    const functionDefinitions = readFunctions(root);
    const functions = await Functions.load(functionDefinitions);
    const events = new Events(functions, () => runner.waitingTurn());
    const workflow = createWorkflow(state.journal, names, definition, functions, runner, events);
    undo.push(() => {
      events.stop();
      workflow.close();
    });

    const scheduler = createScheduler(state.schedules, names, workflow, schedulerClock);
    // Before the workflow is closed: a tick that is being delivered is waited for.
    undo.push(() => scheduler.close());

    const schedules = createServer(serveScheduler(scheduler));
    await listen(schedules, port + 3);
    undo.push(() => close(schedules));
    const stepFunctions = createServer(serveStepFunctions(workflow));
    const gateway = createGateway(functionDefinitions, functions, () => dynamodb.check(), authorizer);
    await listen(stepFunctions, port + 1);
    undo.push(() => close(stepFunctions));
    await listen(gateway, port);
    undo.push(() => close(gateway));
    workflow.resume();
    scheduler.start();
    events.sweepNow();
    return stop;
  } catch (error) {
    await stop();
    throw error;
  }
}

/** Takes no new requests; those under way have five seconds to end. */
async function close(server: Server): Promise<void> {
  const closed = new Promise((resolve) => server.close(resolve));
  server.closeIdleConnections();
  const timer = setTimeout(() => {
    server.closeAllConnections();
  }, 5000);
  await closed;
  clearTimeout(timer);
}

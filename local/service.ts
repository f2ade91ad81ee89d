import { createServer, type Server } from 'node:http';
import { fileURLToPath } from 'node:url';
import { createGateway } from './aws/api-gateway/gateway.ts';
import { type Clock, systemClock } from './aws/clock.ts';
import { ensureTable, startDynamoDB } from './aws/dynamodb/dynamodb.ts';
import { installDynoxide } from './aws/dynamodb/install.ts';
import { Events } from './aws/eventbridge/events.ts';
import type { InvokeLambda } from './aws/invocation.ts';
import { Functions } from './aws/lambda/functions.ts';
import { serveScheduler } from './aws/scheduler/index.ts';
import { serveStepFunctions } from './aws/step-functions/index.ts';
import { setFunctionEnvironment } from './environment.ts';
import { openAuthorizer, routesOf } from './http-api.ts';
import type { ServiceOptions } from './options.ts';
import { ensureFree, listen } from './ports.ts';
import { prepareRunner } from './runner.ts';
import { readFunctions, readTable } from './service-definition.ts';
import { openStateDirectory } from './state-directory.ts';
import { createScheduler, createWorkflow, readDefinition } from './workflow.ts';

const root = fileURLToPath(new URL('..', import.meta.url));

/** How long to wait for the table's port: DynamoDB outlives a killed service by a second, for its jobs. Milliseconds. */
const tablePortTimeout = 5000;

/**
 * Starts the whole service.
 * @param onFailure called when a part ends unexpectedly; the caller must then stop the service.
 * @param schedulerClock the clock of the schedules; tests set it.
 * @returns a function that stops everything that was started, jobs first. The jobs resume at the next start.
 * @throws UserError or ClusterFailure when the user must change something first; nothing is left running then.
 */
export async function startService(
  options: ServiceOptions,
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
    await ensureFree(port + 2, tablePortTimeout);
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

    const deployedFunctions = readFunctions(root);
    const functions = await Functions.load(deployedFunctions);
    const invoke: InvokeLambda = (name, event) => functions.invoke(name, event);
    const events = new Events(invoke, () => runner.waitingTurn());
    const workflow = createWorkflow(state.journal, names, definition, invoke, runner, events);
    undo.push(() => {
      events.stop();
      workflow.close();
    });

    const scheduler = createScheduler(state.schedules, names, workflow, schedulerClock);
    // Closed before the workflow: a firing that is being delivered must still reach it.
    undo.push(() => scheduler.close());

    const gateway = createGateway(routesOf(deployedFunctions, invoke), () => dynamodb.check(), authorizer);
    for (const [server, serverPort] of [
      [createServer(serveScheduler(scheduler)), port + 3],
      [createServer(serveStepFunctions(workflow)), port + 1],
      [gateway, port],
    ] as const) {
      await listen(server, serverPort);
      undo.push(() => close(server));
    }
    workflow.resume();
    scheduler.start();
    events.sweepNow();
    return stop;
  } catch (error) {
    await stop();
    throw error;
  }
}

/** Closes a server: it accepts no new requests, and those under way have five seconds to end. */
async function close(server: Server): Promise<void> {
  const closed = new Promise((resolve) => server.close(resolve));
  server.closeIdleConnections();
  const timer = setTimeout(() => {
    server.closeAllConnections();
  }, 5000);
  await closed;
  clearTimeout(timer);
}

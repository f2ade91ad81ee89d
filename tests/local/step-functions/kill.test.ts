import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { setTimeout } from 'node:timers/promises';
import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { StepFunctions } from '../../../local/aws/step-functions/index.ts';
import {
  computing,
  definitionOf,
  failing,
  machineSteps,
  working,
} from '../../harness/states/random-machine.ts';
import {
  eventsOf,
  execute,
  startStepFunctions,
  untilEnded,
} from '../../harness/states/in-memory-step-functions.ts';
import { VirtualClock } from '../../harness/virtual-clock.ts';
import { performTask } from './worker.ts';

// A process may be killed by kill -9. Its executions must end as without it. For longer runs: KILL_EXECUTIONS,
// KILL_ROUNDS, KILL_SEED.

const setting = (name: string, fallback: number) => Number(process.env[name] ?? fallback);
const executions = setting('KILL_EXECUTIONS', 200);
const rounds = setting('KILL_ROUNDS', 25);
const seed = setting('KILL_SEED', 7);
/** The longest duration of a machine without a kill (milliseconds), so that the test ends. */
const longestDuration = 8000;
/** The latest kill after the process began its work (milliseconds). */
const latestKill = 600;

const steps = machineSteps(
  fc.oneof(
    { weight: 5, arbitrary: computing },
    { weight: 6, arbitrary: working },
    { weight: 1, arbitrary: failing },
  ),
);

interface End {
  status: string;
  output: string | null;
  error: string | null;
  cause: string | null;
}

/** Runs a machine without a kill, on a virtual clock. @returns undefined if it takes too long */
async function runWithoutKill(
  machine: object,
): Promise<{ definition: string; end: End; types: string[] } | undefined> {
  const clock = new VirtualClock();
  const { service } = startStepFunctions({ clock, run: (task) => performTask(task, clock) });
  const executionArn = execute(service, machine, 1);
  const { status, output, error, cause, started, stopped } = await untilEnded(service, executionArn);
  const types = eventsOf(service, executionArn).map(({ type }) => type);
  service.close();
  if ((stopped ?? Infinity) - started > longestDuration) return undefined;
  return { definition: JSON.stringify(machine), end: { status, output, error, cause }, types: types.sort() };
}

async function sampleMachines() {
  const machines = [];
  for (const machine of fc.sample(steps, { seed, numRuns: executions * 2 }).map(definitionOf)) {
    const expected = await runWithoutKill(machine);
    if (expected !== undefined) machines.push(expected);
    if (machines.length === executions) return machines;
  }
  throw new Error(`only ${machines.length} machines are quick enough`);
}

/** Runs a process and kills it after `killAfter` milliseconds of work. @returns whether it was done before. */
async function runProcess(files: string[], killAfter: number): Promise<boolean> {
  const child = spawn(
    process.execPath,
    [
      '--disable-warning=ExperimentalWarning',
      fileURLToPath(new URL('killed-process.ts', import.meta.url)),
      ...files,
    ],
    { stdio: ['ignore', 'pipe', 'inherit'] },
  );
  const exited = once(child, 'exit');
  let output = '';
  await Promise.race([
    exited,
    new Promise<void>((resolve) => {
      child.stdout.on('data', (chunk: Buffer) => {
        output += chunk.toString();
        if (output.startsWith('running')) resolve();
      });
    }),
  ]);
  if (killAfter !== Infinity) {
    await Promise.race([exited, setTimeout(killAfter)]);
    child.kill('SIGKILL');
  }
  await exited;
  const done = output.includes('done');
  // Any other end is a defect. The kill may also come after all is done.
  expect(done ? [0, 'SIGKILL'] : ['SIGKILL']).toContain(child.signalCode ?? child.exitCode);
  return done;
}

const branchesFailed = /^(Parallel|Map)StateFailed$|Aborted$|^MapIterationFailed$/;

test(
  `${executions} executions killed up to ${rounds} times end as without a kill`,
  async () => {
    const directory = mkdtempSync(join(tmpdir(), 'kill-'));
    const [machines, journal, begun] = ['machines', 'journal', 'begun'].map((name) =>
      join(directory, name),
    ) as [string, string, string];
    const expected = await sampleMachines();
    writeFileSync(machines, JSON.stringify(expected.map(({ definition }) => definition)));
    const moments = fc.sample(fc.integer({ min: 0, max: latestKill }), { seed, numRuns: rounds });
    let kills = 0;
    for (const killAfter of [...moments, Infinity]) {
      if (await runProcess([machines, journal, begun], killAfter)) break;
      kills++;
    }
    // With fewer kills the test would not show anything.
    expect(kills).toBeGreaterThan(5);

    const service = new StepFunctions({
      journal,
      region: 'us-east-1',
      accountId: '123456789012',
      integrations: [],
    });
    for (const [index, { definition, end, types }] of expected.entries()) {
      const executionArn = `arn:aws:states:us-east-1:123456789012:execution:machine-${index}:one`;
      const { status, output, error, cause } = service.describeExecution(executionArn);
      expect({ definition, status, output, error, cause }).toEqual({ definition, ...end });
      const events = eventsOf(service, executionArn);
      expect(events.map(({ id }) => id)).toEqual(events.map((_, position) => position + 1));
      // If a branch failed, the progress of the others depends on the time.
      const got = events.map(({ type }) => type).sort();
      if (![...types, ...got].some((type) => branchesFailed.test(type))) expect(got).toEqual(types);
    }
    service.close();
    const tokens = readFileSync(begun, 'utf8').trim().split('\n');
    expect(tokens.length - new Set(tokens).size).toBe(0);
    rmSync(directory, { recursive: true });
  },
  120_000 + rounds * 5000,
);

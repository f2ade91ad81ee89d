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

// kill -9 is what happens to a process on one machine: no execution may notice. For longer runs: KILL_EXECUTIONS, KILL_ROUNDS, KILL_SEED.

const setting = (name: string, usual: number) => Number(process.env[name] ?? usual);
const executions = setting('KILL_EXECUTIONS', 200);
const rounds = setting('KILL_ROUNDS', 25);
const seed = setting('KILL_SEED', 7);
/** Each machine takes at most so long when nobody disturbs it (milliseconds), so that the test ends. */
const longest = 8000;
/** Kills come within this time after the process began its work (milliseconds). */
const grace = 600;

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

/** A machine's definition and how it ends on a clock of its own; undefined if it takes too long. */
async function undisturbed(
  machine: object,
): Promise<{ definition: string; end: End; types: string[] } | undefined> {
  const clock = new VirtualClock();
  const { service } = startStepFunctions({ clock, run: (task) => performTask(task, clock) });
  const executionArn = execute(service, machine, 1);
  const { status, output, error, cause, started, stopped } = await untilEnded(service, executionArn);
  const types = eventsOf(service, executionArn).map(({ type }) => type);
  service.close();
  if ((stopped ?? Infinity) - started > longest) return undefined;
  return { definition: JSON.stringify(machine), end: { status, output, error, cause }, types: types.sort() };
}

async function sampled() {
  const found = [];
  for (const machine of fc.sample(steps, { seed, numRuns: executions * 2 }).map(definitionOf)) {
    const expected = await undisturbed(machine);
    if (expected !== undefined) found.push(expected);
    if (found.length === executions) return found;
  }
  throw new Error(`only ${found.length} machines are quick enough`);
}

/** A life of the process, `patience` milliseconds long once it is at work, or until it is done. */
async function live(files: string[], patience: number): Promise<boolean> {
  const victim = spawn(
    process.execPath,
    [
      '--disable-warning=ExperimentalWarning',
      fileURLToPath(new URL('killed-process.ts', import.meta.url)),
      ...files,
    ],
    { stdio: ['ignore', 'pipe', 'inherit'] },
  );
  const exited = once(victim, 'exit');
  let said = '';
  await Promise.race([
    exited,
    new Promise<void>((resolve) => {
      victim.stdout.on('data', (chunk: Buffer) => {
        said += chunk.toString();
        if (said.startsWith('running')) resolve();
      });
    }),
  ]);
  if (patience !== Infinity) {
    await Promise.race([exited, setTimeout(patience)]);
    victim.kill('SIGKILL');
  }
  await exited;
  const done = said.includes('done');
  // Anything but the kill is a defect; it may also come when all is done.
  expect(done ? [0, 'SIGKILL'] : ['SIGKILL']).toContain(victim.signalCode ?? victim.exitCode);
  return done;
}

const branchesFailed = /^(Parallel|Map)StateFailed$|Aborted$|^MapIterationFailed$/;

test(
  `${executions} executions killed up to ${rounds} times end as if nobody had disturbed them`,
  async () => {
    const directory = mkdtempSync(join(tmpdir(), 'kill-'));
    const [machines, journal, begun] = ['machines', 'journal', 'begun'].map((name) =>
      join(directory, name),
    ) as [string, string, string];
    const expected = await sampled();
    writeFileSync(machines, JSON.stringify(expected.map(({ definition }) => definition)));
    const moments = fc.sample(fc.integer({ min: 0, max: grace }), { seed, numRuns: rounds });
    let kills = 0;
    for (const patience of [...moments, Infinity]) {
      if (await live([machines, journal, begun], patience)) break;
      kills++;
    }
    // Otherwise nothing was shown.
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
      // Where a branch failed, how far the others had come is a matter of the moment.
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

/** `npm run bench:states`: what docs/step-functions.md states about speed. The local Step Functions beside ministack, in turn. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import * as sfn from '@aws-sdk/client-sfn';
import { startMinistack } from '../tests/harness/states/ministack.ts';
import { describeMachine, range } from './measure.ts';

const rounds = 5;
/** Executions of a machine at once: with more of its threads at work ministack's limit of a second an expression ends them. */
const atOnce = 4;
const askEvery = 100;
/** A sample lasts at least so long. */
const sampleMilliseconds = 1500;

const chain = (length: number) => ({
  StartAt: 'P1',
  States: Object.fromEntries(
    Array.from({ length }, (_, index) => [
      `P${index + 1}`,
      {
        Type: 'Pass',
        Output: '{% $states.input + 1 %}',
        ...(index === length - 1 ? { End: true } : { Next: `P${index + 2}` }),
      },
    ]),
  ),
});

/** Each makes some 4,000 transitions, well below the limit of its history: a Map or Parallel state, and every state of a branch or iteration, is one. */
const machines: Record<string, { transitions: number; definition: object }> = {
  'Pass states in a row': { transitions: 4000, definition: chain(4000) },
  'Choice state in a loop': {
    transitions: 4002,
    definition: {
      StartAt: 'Set',
      States: {
        Set: { Type: 'Pass', Assign: { left: 4000 }, Next: 'Again' },
        Again: {
          Type: 'Choice',
          Choices: [{ Condition: '{% $left > 0 %}', Assign: { left: '{% $left - 1 %}' }, Next: 'Again' }],
          Default: 'Done',
        },
        Done: { Type: 'Pass', End: true },
      },
    },
  },
  'Map state': {
    transitions: 4001,
    definition: {
      StartAt: 'Each',
      States: {
        Each: {
          Type: 'Map',
          Items: '{% [1..400] %}',
          MaxConcurrency: 10,
          ItemProcessor: chain(10),
          End: true,
        },
      },
    },
  },
  'Parallel state': {
    transitions: 4001,
    definition: {
      StartAt: 'Both',
      States: {
        Both: { Type: 'Parallel', Branches: Array.from({ length: 4 }, () => chain(1000)), End: true },
      },
    },
  },
};

/** Something to measure: an endpoint of the API. */
interface Subject {
  name: string;
  endpoint: string;
  pid: number;
  stop(): Promise<void>;
}

async function startOurs(name: string, journal: string): Promise<Subject> {
  const script = fileURLToPath(new URL('states-server.ts', import.meta.url));
  const child = spawn(process.execPath, ['--disable-warning=ExperimentalWarning', script, journal], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const [port] = (await once(child.stdout, 'data')) as [Buffer];
  return {
    name,
    endpoint: `http://127.0.0.1:${port.toString().trim()}`,
    pid: child.pid ?? 0,
    stop: async () => {
      child.kill();
      await once(child, 'exit');
    },
  };
}

/** Seconds of processor time that a process has taken, all its threads together (Linux: proc(5), in hundredths). */
function processorSeconds(pid: number): number {
  // The name of the program may hold spaces; behind its bracket come the numbers, utime and stime the 12th and 13th.
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]?.split(' ') ?? [];
  return (Number(fields[11]) + Number(fields[12])) / 100;
}

/** How often a machine's states were passed, by the clock and by the server's processor time. */
interface Speed {
  perSecond: number;
  perProcessorSecond: number;
}

/**
 * Runs a machine, several executions at once, again and again for a while. The time is that from the first start to the last end
 * of those at once, as the server states them; ministack's contains the 150 ms it waits before each.
 */
async function measure({ endpoint, pid }: Subject, name: string): Promise<Speed> {
  const client = new sfn.SFNClient({
    endpoint,
    region: 'us-east-1',
    credentials: { accessKeyId: 'test', secretAccessKey: 'test' },
  });
  const { transitions, definition } = machines[name] ?? { transitions: 0, definition: {} };
  const { stateMachineArn } = await client.send(
    new sfn.CreateStateMachineCommand({
      name: name.replaceAll(' ', '-'),
      definition: JSON.stringify({ QueryLanguage: 'JSONata', ...definition }),
      roleArn: 'arn:aws:iam::000000000000:role/bench',
    }),
  );
  const run = async (): Promise<[number, number]> => {
    const { executionArn } = await client.send(
      new sfn.StartExecutionCommand({ stateMachineArn, input: '1' }),
    );
    for (let asked = 0; asked < 6000; asked++) {
      await setTimeout(askEvery);
      const { status, cause, startDate, stopDate } = await client.send(
        new sfn.DescribeExecutionCommand({ executionArn }),
      );
      if (status === 'SUCCEEDED') return [startDate?.getTime() ?? NaN, stopDate?.getTime() ?? NaN];
      if (status !== 'RUNNING') throw new Error(`${name} ended ${status ?? ''}: ${cause ?? ''}`);
    }
    throw new Error(`${name} did not end within ten minutes`);
  };
  const before = processorSeconds(pid);
  let [passed, milliseconds] = [0, 0];
  while (milliseconds < sampleMilliseconds) {
    const times = await Promise.all(Array.from({ length: atOnce }, run));
    milliseconds += Math.max(...times.map(([, stop]) => stop)) - Math.min(...times.map(([start]) => start));
    passed += atOnce * transitions;
  }
  client.destroy();
  return {
    perSecond: (passed * 1000) / milliseconds,
    perProcessorSecond: passed / (processorSeconds(pid) - before),
  };
}

const directory = mkdtempSync(join(tmpdir(), 'bench-states-'));
const subjects: Subject[] = [];
try {
  subjects.push(await startOurs('in memory', ':memory:'));
  subjects.push(await startOurs('journalled', join(directory, 'journal.sqlite')));
  subjects.push({ name: 'ministack 1.5.33', ...(await startMinistack()) });
  console.log(
    `${describeMachine()}\n${atOnce} executions at once of some 4,000 transitions each, ${rounds} rounds in turn`,
  );
  for (const name of Object.keys(machines)) {
    const speeds = subjects.map(() => [] as Speed[]);
    for (let round = 0; round <= rounds; round++) {
      for (const [index, subject] of subjects.entries()) {
        const speed = await measure(subject, name);
        // The first round warms up.
        if (round > 0) speeds[index]?.push(speed);
      }
    }
    console.log(`\n${name}`);
    const theirs = speeds.at(-1) ?? [];
    for (const [index, subject] of subjects.entries()) {
      const own = speeds[index] ?? [];
      console.log(`  ${subject.name}`);
      for (const [measured, unit] of [
        ['perSecond', '/s'],
        ['perProcessorSecond', '/s of processor time'],
      ] as const) {
        const ratios = own.map((speed, round) => speed[measured] / (theirs[round]?.[measured] ?? NaN));
        const beside = subject.name.startsWith('ministack') ? '' : `; ministack's ${range(ratios, 'times')}`;
        console.log(
          `    ${range(
            own.map((speed) => speed[measured]),
            unit,
          )}${beside}`,
        );
      }
    }
  }
} finally {
  for (const subject of subjects) await subject.stop();
  rmSync(directory, { recursive: true });
}

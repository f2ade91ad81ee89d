/**
 * `npm run bench:states`: measures the speed in docs/step-functions.md, of the local Step Functions and of ministack in
 * turn.
 */
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
/** Executions at the same time. With more of them, ministack's limit of one second for an expression would end some. */
const concurrency = 4;
/** How often the status is read (milliseconds). */
const pollInterval = 100;
/** The minimum duration of a sample. */
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

/**
 * Each makes some 4,000 transitions, well below the limit of the history. A Map or Parallel state is one, and so is
 * every state of a branch or iteration.
 */
const machines: Record<string, { transitions: number; definition: object }> = {
  'Pass states in a row': { transitions: 4000, definition: chain(4000) },
  'Choice state in a loop': {
    transitions: 4002,
    definition: {
      StartAt: 'Set',
      States: {
        Set: { Type: 'Pass', Assign: { left: 4000 }, Next: 'Loop' },
        Loop: {
          Type: 'Choice',
          Choices: [{ Condition: '{% $left > 0 %}', Assign: { left: '{% $left - 1 %}' }, Next: 'Loop' }],
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

/** An endpoint of the API that is measured. */
interface Subject {
  name: string;
  endpoint: string;
  pid: number;
  stop(): Promise<void>;
}

async function startLocal(name: string, journal: string): Promise<Subject> {
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

/** Reads the processor time of a process in seconds, all its threads together (Linux: proc(5), in hundredths). */
function processorSeconds(pid: number): number {
  // The name of the program may hold spaces. After its bracket, utime and stime are the 12th and 13th number.
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]?.split(' ') ?? [];
  return (Number(fields[11]) + Number(fields[12])) / 100;
}

/** The transitions per second, by the clock and by the server's processor time. */
interface Speed {
  perSecond: number;
  perProcessorSecond: number;
}

/**
 * Runs a machine repeatedly, several executions at the same time. The duration is from the first start to the last end
 * of these, by the dates of the server. For ministack it includes the 150 ms that it waits before each.
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
    for (let polls = 0; polls < 6000; polls++) {
      await setTimeout(pollInterval);
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
    const times = await Promise.all(Array.from({ length: concurrency }, run));
    milliseconds += Math.max(...times.map(([, stop]) => stop)) - Math.min(...times.map(([start]) => start));
    passed += concurrency * transitions;
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
  subjects.push(await startLocal('in memory', ':memory:'));
  subjects.push(await startLocal('journalled', join(directory, 'journal.sqlite')));
  subjects.push({ name: 'ministack 1.5.33', ...(await startMinistack()) });
  console.log(
    `${describeMachine()}\n${concurrency} executions at once of some 4,000 transitions each, ${rounds} rounds in turn`,
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
    const ministackSamples = speeds.at(-1) ?? [];
    for (const [index, subject] of subjects.entries()) {
      const samples = speeds[index] ?? [];
      console.log(`  ${subject.name}`);
      for (const [measured, unit] of [
        ['perSecond', '/s'],
        ['perProcessorSecond', '/s of processor time'],
      ] as const) {
        const ratios = samples.map(
          (speed, round) => speed[measured] / (ministackSamples[round]?.[measured] ?? NaN),
        );
        const comparison = subject.name.startsWith('ministack')
          ? ''
          : `; ministack's ${range(ratios, 'times')}`;
        console.log(
          `    ${range(
            samples.map((speed) => speed[measured]),
            unit,
          )}${comparison}`,
        );
      }
    }
  }
} finally {
  for (const subject of subjects) await subject.stop();
  rmSync(directory, { recursive: true });
}

import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import { stripVTControlCharacters } from 'node:util';
import { RunningService } from '../../harness/running-service.ts';
import { bin, type ProcessResult, environment, runInPipes } from './bin.ts';
import { columns, PseudoTerminal } from './pseudo-terminal.ts';

/** The command at a terminal: bars, colours, Ctrl-C. */
let service: RunningService;

beforeAll(async () => {
  service = await RunningService.start();
});

afterAll(() => service.stop());

const inPipe = (...line: string[]): Promise<ProcessResult> =>
  runInPipes([bin, '--api', service.url, ...line]);

const quick = '{"source": "synthetic", "records": 3}';
const endless = '{"source": "synthetic", "records": 1000000, "recordsPerSecond": 100}';

describe('at a terminal', () => {
  const open: PseudoTerminal[] = [];

  afterEach(async () => {
    for (const terminal of open.splice(0)) await terminal.close();
  });

  const atTerminal = (line: string[], more: NodeJS.ProcessEnv = {}): PseudoTerminal => {
    const terminal = new PseudoTerminal([bin, '--api', service.url, ...line], { ...environment, ...more });
    open.push(terminal);
    return terminal;
  };

  /** The lines of the terminal, without escape sequences. */
  const linesOf = ({ output }: PseudoTerminal): string[] => stripVTControlCharacters(output).split(/[\r\n]+/);

  test('--wait shows a bar that moves, then the job in colours; the exit code is its outcome', async () => {
    const input = '{"source": "synthetic", "records": 400, "recordsPerSecond": 100}';
    const terminal = atTerminal(['submit', '--input', input, '--wait']);
    await terminal.waitFor(/RUNNING, attempt 1 of 3 \[#+\.+\] \d+ of 400 records/);
    expect(await terminal.exit()).toBe(0);
    expect(terminal.output).toContain('\u001b[32mSUCCEEDED\u001b[39m');
    expect(linesOf(terminal)).toContainEqual(expect.stringMatching(/^Ran for +\d/));
    // The terminal wraps lines again.
    expect(terminal.output.lastIndexOf('\u001b[?7h')).toBeGreaterThan(
      terminal.output.lastIndexOf('\u001b[?7l'),
    );
  });

  test('Ctrl-C leaves the job running, and prints how to follow or cancel it', async () => {
    const terminal = atTerminal(['submit', '--input', endless, '--wait']);
    await terminal.waitFor(/RUNNING, attempt 1 of 3/);
    terminal.type('\u0003');
    expect(await terminal.exit()).toBe(130);
    const [, jobId = ''] = /eks-jobs get (\S+) --wait/.exec(terminal.output) ?? [];
    expect(terminal.output).toContain(`To cancel it: eks-jobs cancel ${jobId}`);
    expect(terminal.output.lastIndexOf('\u001b[?7h')).toBeGreaterThan(
      terminal.output.lastIndexOf('\u001b[?7l'),
    );
    expect((await service.job(jobId)).status).toBe('RUNNING');
    expect((await inPipe('cancel', jobId)).code).toBe(0);
  });

  test('logs --follow prints lines as they arrive; Ctrl-C ends it too', async () => {
    const jobId = await service.post({ input: JSON.parse(endless) as object });
    const terminal = atTerminal(['logs', jobId, '--follow']);
    await terminal.waitFor(/attempt started/);
    terminal.type('\u0003');
    expect(await terminal.exit()).toBe(130);
    expect(terminal.output).toContain(`Job ${jobId} continues`);
    await inPipe('cancel', jobId);
  });

  test('submit prints the next command; lists fit the screen', async () => {
    const submitted = atTerminal(['submit', '--input', quick, '--label', `long=${'x'.repeat(60)}`]);
    expect(await submitted.exit()).toBe(0);
    expect(submitted.output).toMatch(/to wait for its end: eks-jobs get [a-z0-9]+ --wait/);
    const listed = atTerminal(['list', '--limit', '1']);
    expect(await listed.exit()).toBe(0);
    expect(stripVTControlCharacters(listed.output)).toContain('…');
  });

  test.each([
    ['NO_COLOR', [], { NO_COLOR: '1' }],
    ['--no-color', ['--no-color'], {}],
  ])('%s turns the colours off', async (_what, line, more) => {
    const terminal = atTerminal(['list', '--limit', '5', ...line], more);
    expect(await terminal.exit()).toBe(0);
    expect(terminal.output).toContain('SUCCEEDED');
    expect(stripVTControlCharacters(terminal.output)).toBe(terminal.output);
  });

  test('the help fits the screen', async () => {
    const terminal = atTerminal(['submit', '--help']);
    expect(await terminal.exit()).toBe(0);
    const [options = ''] = terminal.output.split('\r\nExamples:');
    for (const line of options.split('\r\n')) expect(line.length).toBeLessThanOrEqual(columns);
  });
});

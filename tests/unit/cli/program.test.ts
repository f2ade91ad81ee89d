import { describe, expect, test } from '@jest/globals';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { makeProgram } from '../../../cli/program.ts';
import { eksJobs } from './run-command.ts';
import { everyCommand, unusedContext } from '../../harness/every-command.ts';

/** These tests find the commands in the program, so that a new one must have help. */

test('the commands are complete', () => {
  expect(everyCommand().map(({ line }) => line.join(' '))).toEqual([
    ...['', 'submit', 'get', 'list', 'cancel', 'retry', 'logs', 'history', 'stats', 'schedule'],
    ...['create', 'list', 'get', 'update', 'pause', 'resume', 'run', 'delete'].map(
      (name) => `schedule ${name}`,
    ),
    'doctor',
  ]);
});

describe.each(everyCommand())('eks-jobs $line --help', ({ line, command }) => {
  test('goes to standard output, with exit code 0', async () => {
    const { code, out, err } = await eksJobs([...line, '--help']);
    expect({ code, err }).toEqual({ code: 0, err: '' });
    expect(out).toMatch(new RegExp(`^Usage: ${['eks-jobs', ...line].join(' ')}\\b`));
    expect(out).toContain('--api <url>');
    expect(await eksJobs(['help', ...line.slice(0, 1)])).toMatchObject({ code: 0 });
  });

  test('describes the command, its arguments and each option', () => {
    expect(command.description()).toMatch(/^[A-Z].*\.$/);
    for (const { name, description } of [
      ...command.options.map(({ long, description: text }) => ({ name: long, description: text })),
      ...command.registeredArguments.map((argument) => ({
        name: argument.name(),
        description: argument.description,
      })),
    ]) {
      expect({ name, described: /\S/.test(description) }).toEqual({ name, described: true });
    }
  });

  test('has examples that the command accepts', async () => {
    // A group has no examples; its commands have.
    if (command.commands.length > 0 && line.length > 0) return;
    const { out } = await eksJobs([...line, '--help']);
    const [, after = ''] = out.split('\nExamples:\n');
    const examples = after.split('\n').filter((text) => text.startsWith('  $ '));
    expect(examples.length).toBeGreaterThan(0);
    for (const example of examples) {
      const words = argumentsOf(example.slice(4));
      expect(words.slice(0, line.length)).toEqual(line);
      await expect(parse(words)).rejects.toThrow(accepted);
    }
  });
});

const accepted = 'accepted';

/** Parses a command line, and stops before its action. */
const parse = (line: string[]): Promise<unknown> =>
  makeProgram(unusedContext())
    .hook('preAction', () => {
      throw new Error(accepted);
    })
    .parseAsync(line, { from: 'user' });

/** Lets a shell split an example into the arguments of `eks-jobs`; the short ids of examples become valid ones. */
function argumentsOf(example: string): string[] {
  const directory = mkdtempSync(join(tmpdir(), 'eks-jobs-example-'));
  for (const name of ['eks-jobs', 'jq', 'generate']) {
    const body = name === 'eks-jobs' ? `printf '%s\\0' "$@" >'${directory}/arguments'` : ':';
    writeFileSync(join(directory, name), `#!/bin/sh\n${body}\n`, { mode: 0o755 });
  }
  try {
    const script = example.replaceAll('01k…', '01jdd0000000000000000000aa');
    execFileSync('/bin/sh', ['-c', script], { env: { PATH: directory }, stdio: 'ignore' });
    return readFileSync(join(directory, 'arguments'), 'utf8').split('\0').slice(0, -1);
  } finally {
    rmSync(directory, { recursive: true });
  }
}

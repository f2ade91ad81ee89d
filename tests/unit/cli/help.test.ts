import { describe, expect, test } from '@jest/globals';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { makeProgram } from '../../../cli/program.ts';
import { eksJobs } from './command-line.ts';
import { everyCommand, unattended } from '../../harness/every-command.ts';

/** The commands are found by walking: a new one cannot be without help. */

test('all that the issue asks for are there', () => {
  expect(everyCommand().map(({ line }) => line.join(' '))).toEqual([
    ...['', 'submit', 'get', 'list', 'cancel', 'retry', 'logs', 'history', 'stats', 'schedule'],
    ...['create', 'list', 'get', 'update', 'pause', 'resume', 'run', 'delete'].map(
      (name) => `schedule ${name}`,
    ),
    'doctor',
  ]);
});

describe.each(everyCommand())('eks-jobs $line --help', ({ line, command }) => {
  test('goes to standard output, and is no error', async () => {
    const { code, out, err } = await eksJobs([...line, '--help']);
    expect({ code, err }).toEqual({ code: 0, err: '' });
    expect(out).toMatch(new RegExp(`^Usage: ${['eks-jobs', ...line].join(' ')}\\b`));
    expect(out).toContain('--api <url>');
    expect(await eksJobs(['help', ...line.slice(0, 1)])).toMatchObject({ code: 0 });
  });

  test('says what the command, its arguments and each option are for', () => {
    expect(command.description()).toMatch(/^[A-Z].*\.$/);
    for (const { name, description } of [
      ...command.options.map(({ long, description: text }) => ({ name: long, description: text })),
      ...command.registeredArguments.map((argument) => ({
        name: argument.name(),
        description: argument.description,
      })),
    ]) {
      expect({ name, said: /\S/.test(description) }).toEqual({ name, said: true });
    }
  });

  test('has examples that the command line takes', async () => {
    // A group shows its commands, which show theirs.
    if (command.commands.length > 0 && line.length > 0) return;
    const { out } = await eksJobs([...line, '--help']);
    const [, after = ''] = out.split('\nExamples:\n');
    const examples = after.split('\n').filter((text) => text.startsWith('  $ '));
    expect(examples.length).toBeGreaterThan(0);
    for (const example of examples) {
      const given = argumentsOf(example.slice(4));
      expect(given.slice(0, line.length)).toEqual(line);
      await expect(parse(given)).rejects.toThrow(understood);
    }
  });
});

const understood = 'understood';

/** Parses a command line, and stops before anything is done. */
const parse = (line: string[]): Promise<unknown> =>
  makeProgram(unattended())
    .hook('preAction', () => {
      throw new Error(understood);
    })
    .parseAsync(line, { from: 'user' });

/** What a shell gives `eks-jobs` for that line; ids are cut short in examples. */
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

import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { root } from '../harness/package/packaged.ts';
import { CheckFailure } from '../harness/python/environment.ts';

function run(program: string, ...options: string[]): void {
  const { status, stdout, stderr, error } = spawnSync(program, options, { cwd: root, encoding: 'utf8' });
  if (error) throw new CheckFailure(error.message);
  if (status !== 0) throw new CheckFailure(`${stdout}${stderr}`);
}

/**
 * Holds the container's Dockerfile against hadolint, its advice too.
 * @throws CheckFailure with what it says.
 */
export function lintDockerfile(programs: string): string {
  run(join(programs, 'hadolint'), '--failure-threshold', 'style', 'data_processor/Dockerfile');
  return 'data_processor/Dockerfile, nothing ignored';
}

/**
 * Holds the workflows of .github against zizmor: actions that are not pinned, rights that nothing needs, text of strangers in scripts.
 * @throws CheckFailure with what it says.
 */
export function lintWorkflows(programs: string): string {
  run(join(programs, 'zizmor'), '--offline', '--persona', 'pedantic', '--no-progress', '.github');
  return '.github, as a pedant, nothing ignored';
}

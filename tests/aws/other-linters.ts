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
 * Checks the container's Dockerfile with hadolint, also for style.
 * @throws CheckFailure with its findings.
 */
export function lintDockerfile(programs: string): string {
  run(join(programs, 'hadolint'), '--failure-threshold', 'style', 'data_processor/Dockerfile');
  return 'data_processor/Dockerfile, nothing ignored';
}

/**
 * Checks the workflows of .github with zizmor: unpinned actions, unneeded permissions, untrusted text in scripts.
 * @throws CheckFailure with its findings.
 */
export function lintWorkflows(programs: string): string {
  run(join(programs, 'zizmor'), '--offline', '--persona', 'pedantic', '--no-progress', '.github');
  return '.github with the pedantic persona, nothing ignored';
}

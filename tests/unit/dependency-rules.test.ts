import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { execFileSync, spawnSync } from 'node:child_process';
import { appendFileSync, cpSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, relative } from 'node:path';
import { stripVTControlCharacters } from 'node:util';

/**
 * `npm run check` passes only while every import follows .dependency-cruiser.mjs. A rule that matches nothing would pass
 * too: here each kind of forbidden import is added to a copy of the tree, and the check must name it.
 */
const forbidden: { rule: string; from: string; to: string }[] = [
  { rule: 'imports-of-lib', from: 'lib/exact-json.ts', to: 'jobs/protocol.ts' },
  { rule: 'imports-of-jobs', from: 'jobs/labels.ts', to: 'api/scopes.ts' },
  { rule: 'imports-of-jobs', from: 'jobs/closing.ts', to: 'jobs/aws/job-store.ts' },
  { rule: 'imports-of-jobs-aws', from: 'jobs/aws/job-store.ts', to: 'handlers/get-job.ts' },
  { rule: 'imports-of-jobs-cluster', from: 'jobs/cluster/delete-jobs.ts', to: 'jobs/aws/job-store.ts' },
  { rule: 'imports-of-k8s', from: 'k8s/apply.ts', to: 'jobs/protocol.ts' },
  { rule: 'imports-of-api', from: 'api/scopes.ts', to: 'handlers/get-job.ts' },
  { rule: 'imports-of-handlers', from: 'handlers/get-job.ts', to: 'local/service.ts' },
  {
    rule: 'imports-of-local-aws-scheduler',
    from: 'local/aws/scheduler/store.ts',
    to: 'local/aws/lambda/functions.ts',
  },
  { rule: 'imports-of-local-runners', from: 'local/runners/process.ts', to: 'local/service.ts' },
  { rule: 'imports-of-image', from: 'image/build.ts', to: 'local/service.ts' },
  { rule: 'imports-of-cli', from: 'cli/main.ts', to: 'plugins/image.ts' },
  { rule: 'tests-are-not-imported', from: 'bench/measure.ts', to: 'tests/compliance/job-runner.ts' },
  { rule: 'harness-is-for-tests-and-benchmarks', from: 'local/start.ts', to: 'tests/harness/issuer.ts' },
  {
    rule: 'response-schemas-are-types-in-handlers',
    from: 'handlers/get-job.ts',
    to: 'api/responses/job.ts',
  },
  { rule: 'no-cycles', from: 'lib/exact-json.ts', to: 'lib/importer.ts' },
];

const root = join(import.meta.dirname, '..', '..');
let copy: string;
let printed: string;

beforeAll(() => {
  copy = mkdtempSync(join(tmpdir(), 'eks-jobs-rules-'));
  const tracked = execFileSync('git', ['ls-files', '*.ts', '*.mjs', '*.json'], {
    cwd: root,
    encoding: 'utf8',
  });
  for (const file of tracked.trim().split('\n')) cpSync(join(root, file), join(copy, file));
  symlinkSync(join(root, 'node_modules'), join(copy, 'node_modules'));
  writeFileSync(join(copy, 'lib', 'importer.ts'), "import './exact-json.ts';\n");
  for (const { from, to } of forbidden) {
    const path = relative(dirname(from), to);
    appendFileSync(join(copy, from), `\nimport '${path.startsWith('.') ? path : `./${path}`}';\n`);
  }
  const program = join(root, 'node_modules', 'dependency-cruiser', 'bin', 'dependency-cruiser.mjs');
  const { status, stdout } = spawnSync(process.execPath, [program, '.'], { cwd: copy, encoding: 'utf8' });
  expect(status).not.toBe(0);
  printed = stripVTControlCharacters(stdout).replaceAll(/\s+/g, ' ');
});
afterAll(() => {
  rmSync(copy, { recursive: true });
});

test.each(forbidden)('$rule: $from may not import $to', ({ rule, from, to }) => {
  expect(printed).toContain(`error ${rule}: ${from} → ${to} `);
});

import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { execFile } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import * as z from 'zod';
import { RunningService } from '../harness/running-service.ts';
import { operationsOf } from '../harness/operations.ts';

/**
 * Schemathesis generates requests from the OpenAPI document, valid and invalid ones, and follows its links. Every
 * response must be as the document describes.
 */
const program = fileURLToPath(new URL('../../.venv-schemathesis/bin/st', import.meta.url));
const folder = fileURLToPath(new URL('schemathesis/', import.meta.url));

const Report = z.object({
  complete: z.boolean(),
  operations: z.object({ tested: z.number(), errored: z.number() }),
  phases: z.record(z.string(), z.object({ status: z.string() })),
  test_cases: z.object({ generated: z.number(), unique_failures: z.number() }),
});

let service: RunningService;
let directory: string;

beforeAll(async () => {
  directory = mkdtempSync(join(tmpdir(), 'eks-jobs-schemathesis-'));
  service = await RunningService.start({ arguments: ['--auth', 'jwt'] });
});

afterAll(async () => {
  await service.stop();
  rmSync(directory, { recursive: true });
});

/** Runs Schemathesis against the service. @returns its exit code and its output. */
async function run(document: string, report: string): Promise<{ code: number; output: string }> {
  const callers = join(directory, 'callers.json');
  const auth = ['alice', 'bob'].map(async (name) => ({
    name,
    fixedHeaders: [{ name: 'Authorization', value: `Bearer ${await service.token({ sub: name })}` }],
  }));
  writeFileSync(callers, JSON.stringify({ auth: await Promise.all(auth) }), { mode: 0o600 });
  const options = [
    ...['--no-color', '--config-file', join(folder, 'schemathesis.toml'), 'run', document],
    ...['--url', service.url, '--checks', 'all', '--report', 'json', '--report-json-path', report],
  ];
  const environment = {
    ...process.env,
    PYTHONPATH: folder,
    PYTHONDONTWRITEBYTECODE: '1',
    SCHEMATHESIS_HOOKS: 'hooks',
    SCHEMATHESIS_CALLERS: callers,
  };
  return new Promise((resolve) => {
    // It writes files into its working directory.
    execFile(program, options, { cwd: directory, env: environment }, (error, stdout, stderr) => {
      resolve({ code: error ? Number(error.code ?? 1) : 0, output: stdout + stderr });
    });
  });
}

test('Schemathesis finds neither an undocumented response nor a failure', async () => {
  const [document, report] = [join(directory, 'openapi.json'), join(directory, 'report.json')];
  const served = await (await service.as('alice')).request('GET', '/openapi.json');
  writeFileSync(document, JSON.stringify(served.body));
  const { code, output } = await run(document, report);
  if (code !== 0) throw new Error(output);
  const {
    complete,
    operations,
    phases,
    test_cases: cases,
  } = Report.parse(JSON.parse(readFileSync(report, 'utf8')));
  // It ran every phase and tested every operation.
  expect({ complete, ...operations }).toEqual({
    complete: true,
    tested: operationsOf(served.body).length,
    errored: 0,
  });
  expect(Object.entries(phases).map(([name, { status }]) => `${name}: ${status}`)).toEqual([
    'examples: success',
    'coverage: success',
    'fuzzing: success',
    'stateful: success',
  ]);
  expect(cases.unique_failures).toBe(0);
  expect(cases.generated).toBeGreaterThan(1000);
  expect(service.output).not.toContain('failed:');
}, 600_000);

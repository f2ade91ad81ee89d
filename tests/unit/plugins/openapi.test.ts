import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { openApiDocument } from '../../../api/openapi/document.ts';
import { Authorization } from '../../../jobs/settings.ts';
import esbuildPlugins from '../../../plugins/openapi.ts';

// tests/package tests the packages of two kinds of authorization; this tests the bundle of each kind.

const root = fileURLToPath(new URL('../../..', import.meta.url));
const event = { version: '2.0', headers: {}, requestContext: { requestId: 'request-1' } };
const script = `import(process.argv[1]).then(async ({ handler }) =>
  console.log((await handler(${JSON.stringify(event)}, { functionName: 'f' })).body));`;

let directory: string;

beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), 'eks-jobs-openapi-'));
});

afterAll(() => {
  rmSync(directory, { recursive: true });
});

describe.each(Authorization.options)('the bundle of get-openapi with auth=%s', (type) => {
  const outfile = (): string => join(directory, `${type}.mjs`);
  let inputs: string[];

  beforeAll(async () => {
    const { metafile } = await build({
      entryPoints: [join(root, 'handlers', 'get-openapi.ts')],
      outfile: outfile(),
      ...{ bundle: true, metafile: true, platform: 'node', format: 'esm', mainFields: ['module', 'main'] },
      plugins: esbuildPlugins({
        service: { custom: { authorization: { type } }, provider: { stage: 'dev' }, functions: {} },
      }),
    });
    inputs = Object.values(metafile.outputs).flatMap((output) => Object.keys(output.inputs));
  });

  test('serves the document that is computed for it', () => {
    // Without settings, and at a log level at which nothing else is printed.
    const env = { POWERTOOLS_LOG_LEVEL: 'SILENT' };
    const served = execFileSync(process.execPath, ['--eval', script, outfile()], { encoding: 'utf8', env });
    expect(JSON.parse(served)).toEqual(JSON.parse(JSON.stringify(openApiDocument(type))));
  });

  test('has no schema library', () => {
    expect(inputs.some((path) => path.includes('api/openapi/service-document.ts'))).toBe(true);
    expect(
      inputs.filter((path) => /node_modules\/zod|api\/responses|api\/openapi\/document/.test(path)),
    ).toEqual([]);
  });
});

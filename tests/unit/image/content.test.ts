import { appendFileSync, cpSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { contentKey } from '../../../image/content.ts';

// The image's tag follows from the files that the Dockerfile reads: a file that is missing from it would leave an old
// image in use after a change.

const sources = fileURLToPath(new URL('../../../data_processor', import.meta.url));
let root: string;

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'eks-jobs-content-'));
  const filter = (path: string): boolean => !path.startsWith(join(sources, 'target'));
  cpSync(sources, join(root, 'data_processor'), { recursive: true, filter });
});
afterEach(() => {
  rmSync(root, { recursive: true });
});

/** Changes a file and returns whether the key is another one afterwards. */
function changesKey(file: string): boolean {
  const before = contentKey(root);
  appendFileSync(join(root, 'data_processor', file), '\n');
  return contentKey(root) !== before;
}

test.each([
  'Cargo.toml',
  'Cargo.lock',
  'Dockerfile',
  '.dockerignore',
  'src/main.rs',
  'src/process/csv.rs',
  'runtime/Cargo.toml',
  'runtime/src/lib.rs',
  'runtime/src/protocol/start.rs',
])('a change of %s gives the image another tag', (file) => {
  expect(changesKey(file)).toBe(true);
});

test.each(['tests/summary.rs', 'runtime/tests/check.rs', 'deny.toml'])(
  'a change of %s, which the build does not read, does not',
  (file) => {
    expect(changesKey(file)).toBe(false);
  },
);

test('the Dockerfile copies nothing that .dockerignore excludes', () => {
  const lines = (file: string): string[] => readFileSync(join(sources, file), 'utf8').split('\n');
  const copied = lines('Dockerfile')
    .filter((line) => line.startsWith('COPY ') && !line.includes('--from='))
    .flatMap((line) => line.split(' ').slice(1, -1));
  const included = lines('.dockerignore').flatMap((line) => (line.startsWith('!') ? [line.slice(1)] : []));
  expect(copied.length).toBeGreaterThan(0);
  expect(copied.filter((path) => !included.includes(path))).toEqual([]);
});

import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { expect, test } from '@jest/globals';

/**
 * The tests are found by path: the test of a source file or folder X is tests/unit/X.test.ts, or X.<aspect>.test.ts for one
 * aspect of it. Which folder may import which, tests included, is checked by dependency-rules.test.ts.
 */
const root = join(import.meta.dirname, '..', '..');

/** Tests and folders of tests/unit that do not belong to one source file or folder, with the reason. */
const exceptions: Readonly<Record<string, string>> = {
  'tree.test.ts': 'this test: the tests of the whole tree',
  'dependency-rules.test.ts': 'the rules of .dependency-cruiser.mjs for the whole tree',
  protocol: 'the model of the accounting protocol, which TypeScript and Rust implement',
};

/** Paths relative to tests/unit. */
const entries = readdirSync(import.meta.dirname, { recursive: true, withFileTypes: true })
  .map((entry) => ({
    path: relative(import.meta.dirname, join(entry.parentPath, entry.name)),
    isFolder: entry.isDirectory(),
  }))
  .filter(({ path }) => !((path.split('/')[0] ?? '') in exceptions));

/** Lists the names in a source folder, each with and without its extensions; empty if the folder does not exist. */
function namesIn(folder: string): Set<string> {
  try {
    const names = readdirSync(join(root, folder));
    return new Set(names.flatMap((name) => [name, name.replace(/\..*$/, '')]));
  } catch {
    return new Set();
  }
}

test('every folder of tests/unit is a source folder', () => {
  const folders = entries.filter(({ isFolder }) => isFolder).map(({ path }) => path);
  expect(folders.length).toBeGreaterThan(20);
  expect(folders.filter((folder) => namesIn(folder).size === 0)).toEqual([]);
});

test('every test of tests/unit is named after a source file or folder', () => {
  const tests = entries.filter(({ path }) => path.endsWith('.test.ts')).map(({ path }) => path);
  expect(tests.length).toBeGreaterThan(70);
  const sourceName = (path: string): string => path.slice(dirname(path).length + 1).replace(/\..*$/, '');
  expect(tests.filter((path) => !namesIn(dirname(path)).has(sourceName(path)))).toEqual([]);
});

test('every exception exists', () => {
  const names = new Set(readdirSync(import.meta.dirname));
  expect(Object.keys(exceptions).filter((name) => !names.has(name))).toEqual([]);
});

test('an exported name has one meaning: no two files export it', () => {
  const exported = /^export (?:abstract |async )*(?:class|const|function\*?|interface|type) (\w+)/gm;
  const files = execFileSync('git', ['ls-files', '*.ts', ':!tests', ':!bench'], {
    cwd: root,
    encoding: 'utf8',
  });
  const places = new Map<string, Set<string>>();
  for (const file of files.trim().split('\n')) {
    for (const [, name = ''] of readFileSync(join(root, file), 'utf8').matchAll(exported)) {
      places.set(name, (places.get(name) ?? new Set()).add(file));
    }
  }
  expect(places.size).toBeGreaterThan(300);
  // Each Lambda exports its function under this name.
  places.delete('handler');
  expect([...places].filter(([, where]) => where.size > 1)).toEqual([]);
});

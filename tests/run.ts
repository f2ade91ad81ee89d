import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as z from 'zod';
import { buildDataProcessor } from '../image/cargo.ts';
import { runProgram } from '../lib/program.ts';
import { installDynoxide } from '../local/aws/dynamodb/install.ts';
import { prepareVirtualEnvironment } from './harness/python/environment.ts';

/**
 * `npm test`: runs the checks and tests that need only Node, cargo and a C compiler, and prints how many there were.
 * `npm test -- static unit` runs only the named steps.
 */
interface Count {
  passed: number;
  failed: number;
  skipped: number;
}

const root = new URL('..', import.meta.url).pathname;
const manifest = join(root, 'data_processor', 'Cargo.toml');
// The profile of `npm start`, so that the dependencies are built once for both.
const workspace = ['--manifest-path', manifest, '--workspace', '--locked', '--profile', 'local'];

/** Runs a command in the repository's root and shows its output. @returns its exit code and its standard output. */
async function run(command: string, parameters: string[]): Promise<{ code: number; output: string }> {
  const { code, problem, output } = await runProgram(command, parameters, {
    directory: root,
    show: process.stdout,
  });
  if (problem !== undefined) console.error(problem);
  return { code: code ?? 1, output };
}

/** Makes a step of a command that counts as one test: it passes or fails. */
const check =
  (command: string, ...arguments_: string[]) =>
  async (): Promise<Count> => {
    const { code } = await run(command, arguments_);
    return code === 0 ? { passed: 1, failed: 0, skipped: 0 } : { passed: 0, failed: 1, skipped: 0 };
  };

const JestResult = z.object({
  numPassedTests: z.number(),
  numFailedTests: z.number(),
  numPendingTests: z.number(),
  numRuntimeErrorTestSuites: z.number(),
});

/** The folders of tests that jest runs, its options, and the command in which it runs, if any. */
interface JestRun {
  folders: string[];
  options?: string[];
  wrapper?: string[];
}

/** Runs test files one after another, because servers that they start would disturb each other. */
const inOneProcess = ['--runInBand'];

const jest =
  ({ folders, options = [], wrapper = [] }: JestRun) =>
  async (): Promise<Count> => {
    const directory = mkdtempSync(join(tmpdir(), 'eks-jobs-test-'));
    const report = join(directory, 'jest.json');
    const [command = '', ...arguments_] = [
      ...wrapper,
      process.execPath,
      '--experimental-vm-modules',
      '--disable-warning=ExperimentalWarning',
      join(root, 'node_modules', 'jest', 'bin', 'jest.js'),
      ...folders.map((folder) => `tests/${folder}/`),
      '--json',
      `--outputFile=${report}`,
      ...options,
    ];
    const { code } = await run(command, arguments_);
    try {
      const result = JestResult.parse(JSON.parse(readFileSync(report, 'utf8')));
      const failed = result.numFailedTests + result.numRuntimeErrorTestSuites;
      return {
        passed: result.numPassedTests,
        // jest can also fail as a whole, for example when a test leaves an error behind after its end.
        failed: code !== 0 && failed === 0 ? 1 : failed,
        skipped: result.numPendingTests,
      };
    } catch {
      return { passed: 0, failed: 1, skipped: 0 };
    } finally {
      rmSync(directory, { recursive: true });
    }
  };

async function cargoTest(): Promise<Count> {
  const { code, output } = await run('cargo', ['test', ...workspace]);
  const count = { passed: 0, failed: 0, skipped: 0 };
  for (const [, passed, failed, ignored] of output.matchAll(/(\d+) passed; (\d+) failed; (\d+) ignored/g)) {
    count.passed += Number(passed);
    count.failed += Number(failed);
    count.skipped += Number(ignored);
  }
  if (code !== 0 && count.failed === 0) count.failed = 1;
  return count;
}

/** Makes a step that prepares something for the next one. It counts as a failed test if that fails. */
const prepare = (make: () => unknown) => async (): Promise<Count> => {
  try {
    await make();
    return { passed: 0, failed: 0, skipped: 0 };
  } catch (error) {
    console.error(error instanceof Error ? error.message : error);
    return { passed: 0, failed: 1, skipped: 0 };
  }
};

/** Builds what the first `npm start` builds, so that tests do not wait for it. */
const programs = prepare(async () => {
  await installDynoxide();
  await buildDataProcessor(root);
});
const pythonPackages = prepare(() => prepareVirtualEnvironment(root));
const schemathesisPackages = prepare(() => prepareVirtualEnvironment(root, 'schemathesis'));
const emulatorPackages = prepare(() => prepareVirtualEnvironment(root, 'ministack'));

/** Runs the command that follows inside a fresh, real Kubernetes. */
const cluster = [
  process.execPath,
  '--disable-warning=ExperimentalWarning',
  join(root, 'tests', 'harness', 'cluster', 'run.ts'),
];

const steps: Record<string, (() => Promise<Count>)[]> = {
  static: [
    check('tsc'),
    check('eslint', '.'),
    check('depcruise', '.'),
    check('prettier', '--check', '--log-level=warn', '.'),
    check('cargo', 'fmt', '--all', '--check', '--manifest-path', manifest),
    check('cargo', 'clippy', ...workspace, '--all-targets', '--quiet', '--', '-D', 'warnings'),
  ],
  crate: [cargoTest],
  unit: [jest({ folders: ['unit'] })],
  local: [programs, jest({ folders: ['local', 'compliance'], options: inOneProcess })],
  clients: [
    programs,
    pythonPackages,
    schemathesisPackages,
    jest({ folders: ['clients'], options: inOneProcess }),
  ],
  deploy: [
    pythonPackages,
    emulatorPackages,
    jest({ folders: ['deploy'], options: inOneProcess, wrapper: cluster }),
  ],
  image: [jest({ folders: ['image'], options: inOneProcess })],
  cluster: [
    programs,
    pythonPackages,
    jest({ folders: ['compliance', 'cluster'], options: inOneProcess, wrapper: cluster }),
  ],
};
/** The steps of `npm test`. Besides, `clients` needs Python; `image` Linux, Go and buildah; `cluster` and `deploy` also root. */
const defaultSteps = ['static', 'crate', 'unit', 'local'];

const namedSteps = process.argv.slice(2);
const selectedSteps = namedSteps.length > 0 ? namedSteps : defaultSteps;
const unknownSteps = selectedSteps.filter((name) => !(name in steps));
if (unknownSteps.length > 0) {
  console.error(`unknown step ${unknownSteps.join(', ')}; the steps are ${Object.keys(steps).join(', ')}`);
  process.exit(2);
}
const total: Count = { passed: 0, failed: 0, skipped: 0 };
for (const [name, parts] of Object.entries(steps)) {
  if (!selectedSteps.includes(name)) continue;
  for (const part of parts) {
    const count = await part();
    total.passed += count.passed;
    total.failed += count.failed;
    total.skipped += count.skipped;
  }
}
console.log(`${total.passed} passed, ${total.failed} failed, ${total.skipped} skipped`);
process.exitCode = total.failed === 0 ? 0 : 1;

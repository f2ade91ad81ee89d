// node lib/launch.mjs [--needs-rust] SCRIPT [ARGUMENT...]
//
// Runs a script of package.json on any Node from version 20. It first checks that the machine has what the script needs, and installs
// the packages that package-lock.json pins if they are missing or of another version. Only core modules.
import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { fail, nodeVersion, root, runScript } from './run-script.mjs';

const runs = (command) => spawnSync(command, ['--version'], { stdio: 'ignore' }).status === 0;

/** Checks for cargo and the C compiler that it links with. */
function checkRust() {
  if (!runs('cargo')) {
    fail(
      'cargo is missing: the function is written in Rust. Install it from https://rustup.rs, then run this again.',
    );
  }
  if (!runs('cc')) {
    fail(
      'a C compiler (cc) is missing: install one, for example with `apt-get install gcc` or `xcode-select --install`.',
    );
  }
}

/** Reads the packages of a lock file; an absent file has none. */
function readLock(path) {
  const file = new URL(path, root);
  return existsSync(file) ? JSON.parse(readFileSync(file, 'utf8')).packages : {};
}

/** Whether each pinned package is installed in its version. Npm leaves out optional packages of other platforms. */
function isInstalled() {
  const installed = readLock('node_modules/.package-lock.json');
  return Object.entries(readLock('package-lock.json')).every(
    ([path, { version, optional, devOptional }]) =>
      path === '' ||
      (installed[path] ? installed[path].version === version : Boolean(optional ?? devOptional)),
  );
}

function installPackages() {
  if (isInstalled()) return;
  console.error('eks-jobs: installing the packages that package-lock.json pins');
  const npm = process.env.npm_execpath;
  const arguments_ = ['ci', '--no-audit', '--no-fund', '--loglevel=error'];
  const { status } = npm
    ? spawnSync(process.execPath, [npm, ...arguments_], { cwd: root, stdio: ['ignore', 2, 2] })
    : spawnSync('npm', arguments_, { cwd: root, stdio: ['ignore', 2, 2] });
  if (status !== 0) fail('npm ci failed, see above.');
}

const [option, ...rest] = process.argv.slice(2);
const needsRust = option === '--needs-rust';
const [script, ...arguments_] = needsRust ? rest : [option, ...rest];

if (nodeVersion < 20) {
  fail(`Node ${process.versions.node} is too old: version 20 or newer is required (https://nodejs.org).`);
}
if (script === undefined) fail('usage: node lib/launch.mjs [--needs-rust] SCRIPT [ARGUMENT...]');
if (needsRust) checkRust();
installPackages();
await runScript(script, arguments_);

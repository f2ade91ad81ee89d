// Runs before `npm start` and `npm test`, on whatever Node the machine has, before anything is installed: core modules
// only. It installs what package-lock.json pins (Node 24 too, which npm scripts then find first).
import { spawnSync } from 'node:child_process';
import { statSync } from 'node:fs';

const root = new URL('..', import.meta.url);

const fail = (message) => {
  console.error(`eks-jobs: ${message}`);
  process.exit(1);
};

const runs = (command) => spawnSync(command, ['--version'], { stdio: 'ignore' }).status === 0;

const modifiedAt = (path) => statSync(new URL(path, root), { throwIfNoEntry: false })?.mtimeMs ?? -1;

if (Number(process.versions.node.split('.')[0]) < 20) {
  fail(`Node ${process.versions.node} is too old: version 20 or newer is needed (https://nodejs.org).`);
}
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
if (modifiedAt('node_modules/.package-lock.json') < modifiedAt('package-lock.json')) {
  console.error('eks-jobs: installing the packages that package-lock.json pins');
  const npm = process.env.npm_execpath;
  const arguments_ = ['ci', '--no-audit', '--no-fund', '--loglevel=error'];
  const { status } = npm
    ? spawnSync(process.execPath, [npm, ...arguments_], { cwd: root, stdio: ['ignore', 2, 2] })
    : spawnSync('npm', arguments_, { cwd: root, stdio: ['ignore', 2, 2] });
  if (status !== 0) fail('npm ci failed, see above.');
}

#!/usr/bin/env node
// The bin of package.json: runs on whatever Node the machine has, with core modules only, and hands over to a Node that runs
// TypeScript: this one, or the one that `npm ci` brings and npm scripts use.
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const main = new URL('main.ts', import.meta.url);
const packages = new URL('../node_modules/', import.meta.url);

const fail = (message) => {
  console.error(`eks-jobs: ${message}`);
  process.exit(1);
};

const installedNode = () =>
  ['x64', 'arm64']
    .filter((architecture) => process.platform === 'linux' && architecture === process.arch)
    .map((architecture) => fileURLToPath(new URL(`node-linux-${architecture}/bin/node`, packages)))
    .find((path) => existsSync(path));

if (!existsSync(new URL('commander/package.json', packages))) {
  const root = fileURLToPath(new URL('..', import.meta.url));
  fail(`its packages are not installed: run \`npm ci\` in ${root}, then this again.`);
}

if (Number(process.versions.node.split('.')[0]) >= 24) {
  await import(main.href);
} else {
  const node =
    installedNode() ??
    fail(
      `Node ${process.versions.node} is too old: version 24 or newer is needed (https://nodejs.org). On Linux \`npm ci\` brings one.`,
    );
  const child = spawn(node, [fileURLToPath(main), ...process.argv.slice(2)], { stdio: 'inherit' });
  // The child decides what they mean; a terminal's Ctrl-C reaches it twice, and the second changes nothing.
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => child.kill(signal));
  child.once('error', (error) => fail(`${node} cannot be run: ${error.message}`));
  child.once('exit', (code, signal) => {
    if (signal !== null) {
      process.removeAllListeners(signal);
      process.kill(process.pid, signal);
    } else process.exitCode = code ?? 1;
  });
}

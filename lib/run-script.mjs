// Starts TypeScript on any Node from version 20. Only core modules: the packages may not be installed yet.
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

export const root = new URL('..', import.meta.url);

export const nodeVersion = Number(process.versions.node.split('.')[0]);

/** Prints a reason and ends the process with exit code 1. */
export const fail = (message) => {
  console.error(`eks-jobs: ${message}`);
  process.exit(1);
};

/** Finds the Node 24 that package-lock.json pins for Linux; undefined if it is not installed. */
const findPinnedNode = () => {
  if (process.platform !== 'linux') return undefined;
  const path = fileURLToPath(new URL(`node_modules/node-linux-${process.arch}/bin/node`, root));
  return existsSync(path) ? path : undefined;
};

/**
 * Runs a TypeScript file with arguments: in this process if its Node runs TypeScript, else in the pinned Node, which gets the signals
 * of this process and gives it its exit code. Npm scripts find the pinned Node in PATH once it is installed: then they are one process.
 * @param script its path from the repository's root.
 */
export async function runScript(script, arguments_) {
  const url = new URL(script, root);
  const path = fileURLToPath(url);
  if (nodeVersion >= 24) {
    process.argv = [process.execPath, path, ...arguments_];
    await import(url.href);
    return;
  }
  const node =
    findPinnedNode() ??
    fail(
      `Node ${process.versions.node} is too old: version 24 or newer is required (https://nodejs.org). On Linux, \`npm ci\` installs one.`,
    );
  const child = spawn(node, [path, ...arguments_], { stdio: 'inherit' });
  // A terminal sends Ctrl-C to both processes, so the script may get it twice. A signal from elsewhere reaches this one only.
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => child.kill(signal));
  child.once('error', (error) => fail(`${node} cannot be run: ${error.message}`));
  child.once('exit', (code, signal) => {
    if (signal === null) process.exitCode = code ?? 1;
    else {
      process.removeAllListeners(signal);
      process.kill(process.pid, signal);
    }
  });
}

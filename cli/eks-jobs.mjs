#!/usr/bin/env node
// The bin of package.json. It runs on any Node from version 20, and installs nothing.
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { fail, root, runScript } from '../lib/run-script.mjs';

if (!existsSync(new URL('node_modules/commander/package.json', root))) {
  fail(`the packages are not installed: run \`npm ci\` in ${fileURLToPath(root)}, then run this again.`);
}
await runScript('cli/main.ts', process.argv.slice(2));

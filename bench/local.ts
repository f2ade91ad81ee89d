import { fileURLToPath } from 'node:url';
import { buildRelease } from '../local/build.ts';
import { benchContainer } from './container.ts';
import { benchFunction } from './function.ts';
import { machine } from './measure.ts';
import { benchService } from './service.ts';

/** `npm run bench:local`: what docs/measurements.md states. With names (service, container, function) only those parts. */
const root = fileURLToPath(new URL('..', import.meta.url));
const wanted = process.argv.slice(2);
const chosen = (part: string): boolean => wanted.length === 0 || wanted.includes(part);

const show = (title: string, lines: string[]): void => {
  console.log(`\n${title}\n${lines.map((line) => `  ${line}`).join('\n')}`);
};

console.log(machine());
if (chosen('service')) show('The whole local service', await benchService());
if (chosen('container') || chosen('function')) {
  const binary = await buildRelease(root);
  if (chosen('container')) show('The container', await benchContainer(binary));
  if (chosen('function')) show('The function', benchFunction(root, binary));
}

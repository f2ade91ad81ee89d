import { fileURLToPath } from 'node:url';
import { buildRelease } from '../image/cargo.ts';
import { benchContainer } from './container.ts';
import { benchFunction } from './function.ts';
import { describeMachine } from './measure.ts';
import { benchService } from './service.ts';

/** `npm run bench:local`: the measurements of docs/measurements.md. Arguments (service, container, function) select parts. */
const root = fileURLToPath(new URL('..', import.meta.url));
const selectedParts = process.argv.slice(2);
const isSelected = (part: string): boolean => selectedParts.length === 0 || selectedParts.includes(part);

const printSection = (title: string, lines: string[]): void => {
  console.log(`\n${title}\n${lines.map((line) => `  ${line}`).join('\n')}`);
};

console.log(describeMachine());
if (isSelected('service')) printSection('The whole local service', await benchService());
if (isSelected('container') || isSelected('function')) {
  const binary = await buildRelease(root);
  if (isSelected('container')) printSection('The container', await benchContainer(binary));
  if (isSelected('function')) printSection('The function', benchFunction(root, binary));
}

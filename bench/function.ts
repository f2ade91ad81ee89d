import { execFileSync } from 'node:child_process';
import { closeSync, mkdtempSync, openSync, rmSync, statSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { performance } from 'node:perf_hooks';
import { fileURLToPath } from 'node:url';
import { prepareVirtualEnvironment } from '../tests/harness/python/environment.ts';
import { range } from './measure.ts';

const rounds = 5;
const dataBytes = 1e9;

/** Compares the function on a CSV of 1 GB with DuckDB's SUMMARIZE on one thread, alternately in one run. */
export function benchFunction(root: string, binary: string): string[] {
  const python = join(prepareVirtualEnvironment(root), 'python');
  const directory = mkdtempSync(join(tmpdir(), 'eks-jobs-bench-'));
  try {
    const file = join(directory, 'data.csv');
    writeData(file);
    const megabytes = statSync(file).size / 1e6;
    const functionSpeeds: number[] = [];
    const duckdbSpeeds: number[] = [];
    for (let round = 0; round < rounds; round += 1) {
      const started = performance.now();
      const input = JSON.stringify({ source: 'file', path: 'data.csv', format: 'csv' });
      execFileSync(binary, ['--input', input, '--data-dir', directory], {
        stdio: ['ignore', 'pipe', 'ignore'],
      });
      functionSpeeds.push(megabytes / ((performance.now() - started) / 1000));
      const script = fileURLToPath(new URL('summarise.py', import.meta.url));
      duckdbSpeeds.push(megabytes / Number(execFileSync(python, [script, file], { encoding: 'utf8' })));
    }
    const ratios = functionSpeeds.map((speed, round) => speed / (duckdbSpeeds[round] ?? Number.NaN));
    return [
      `${megabytes.toFixed(0)} MB of CSV: integers, decimals, text, dates, booleans, some of them missing`,
      `data-processor       ${range(functionSpeeds, 'MB/s')}`,
      `DuckDB SUMMARIZE     ${range(duckdbSpeeds, 'MB/s')}, one thread`,
      `ratio                ${range(ratios, 'times')}`,
    ];
  } finally {
    rmSync(directory, { recursive: true });
  }
}

/** Writes rows that look like measurements. They are the same in every run. */
function writeData(path: string): void {
  const file = openSync(path, 'w');
  let state = 7;
  const next = (): number => (state = (state * 1_103_515_245 + 12_345) % 2_147_483_648);
  const cities = ['Bonn', 'Kiel', 'New York', 'São Paulo', 'Łódź'];
  let written = writeSync(file, 'id,city,day,rain,temperature,valid\n');
  for (let row = 0; written < dataBytes;) {
    let block = '';
    for (let line = 0; line < 20_000; line += 1, row += 1) {
      const city = cities[next() % cities.length] ?? '';
      const day = `20${String(10 + (next() % 15))}-0${String(1 + (next() % 9))}-1${String(next() % 10)}`;
      const rain = next() % 20 === 0 ? '' : (next() / 1e8).toFixed(3);
      block += `${row},${city},${day},${rain},${(next() / 1e7 - 100).toFixed(2)},${next() % 2 === 0}\n`;
    }
    written += writeSync(file, block);
  }
  closeSync(file);
}

import { execFileSync } from 'node:child_process';
import { availableParallelism, cpus, totalmem } from 'node:os';

/** Returns the value below which this share of the samples is. */
export function percentile(samples: readonly number[], share: number): number {
  const sorted = [...samples].sort((left, right) => left - right);
  return sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? Number.NaN;
}

/** Prints median and 99th percentile of samples in milliseconds. */
export const spread = (samples: readonly number[]): string =>
  `p50 ${percentile(samples, 0.5).toFixed(1)} ms, p99 ${percentile(samples, 0.99).toFixed(1)} ms`;

/** Prints median, minimum and maximum of samples, with a unit. */
export const range = (samples: readonly number[], unit: string, digits = 1): string =>
  `median ${percentile(samples, 0.5).toFixed(digits)} ${unit} (${Math.min(...samples).toFixed(digits)} to ${Math.max(...samples).toFixed(digits)}, ${samples.length} runs)`;

/** Reads the resident memory of a process. */
export const residentMegabytes = (pid: number): number =>
  Number(execFileSync('ps', ['-o', 'rss=', '-p', String(pid)], { encoding: 'utf8' })) / 1024;

/** Describes this machine. Figures are meaningless without it. */
export const describeMachine = (): string =>
  `${availableParallelism()} cores of ${cpus()[0]?.model ?? 'an unknown processor'}, ${(totalmem() / 2 ** 30).toFixed(0)} GiB, ${process.platform} ${process.arch}, Node ${process.versions.node}`;

import { performance } from 'node:perf_hooks';
import { percentile } from '../measure.ts';

/** The same request to two services that differ in one thing. */
export interface Pair {
  name: string;
  few: (round: number) => Promise<unknown>;
  many: (round: number) => Promise<unknown>;
}

/** The result for one pair. */
export interface Comparison {
  name: string;
  /** Medians, milliseconds. */
  few: number;
  many: number;
  /** The ratio of the medians of each round. */
  ratios: number[];
}

const rounds = 20;
const requestsPerRound = 50;

/**
 * Measures both sides of every pair alternately, so that other load on the machine affects both. The first round is a
 * warm-up and is not counted.
 */
export async function compareAlternately(pairs: readonly Pair[]): Promise<Comparison[]> {
  const samples = pairs.map(({ name }) => ({ name, few: [] as number[][], many: [] as number[][] }));
  for (let round = 0; round <= rounds; round += 1) {
    for (const [index, { few, many }] of pairs.entries()) {
      const took: { few: number[]; many: number[] } = { few: [], many: [] };
      for (let request = 0; request < requestsPerRound; request += 1) {
        const number = round * requestsPerRound + request;
        // The second side finds the processor awake, so the sides change their order.
        const sides = request % 2 === 0 ? (['few', 'many'] as const) : (['many', 'few'] as const);
        for (const side of sides)
          took[side].push(await measureTime(() => (side === 'few' ? few : many)(number)));
      }
      if (round === 0) continue;
      samples[index]?.few.push(took.few);
      samples[index]?.many.push(took.many);
    }
  }
  return samples.map(({ name, few, many }) => ({
    name,
    few: percentile(few.flat(), 0.5),
    many: percentile(many.flat(), 0.5),
    ratios: few.map((round, index) => percentile(many[index] ?? [], 0.5) / percentile(round, 0.5)),
  }));
}

/** Runs a function. @returns the milliseconds that it took. */
async function measureTime(work: () => Promise<unknown>): Promise<number> {
  const started = performance.now();
  await work();
  return performance.now() - started;
}

import { performance } from 'node:perf_hooks';
import { percentile } from '../measure.ts';

/** What is compared: the same question to two that differ in one thing. */
export interface Pair {
  name: string;
  few: (round: number) => Promise<unknown>;
  many: (round: number) => Promise<unknown>;
}

export interface Compared {
  name: string;
  /** Medians, milliseconds. */
  few: number;
  many: number;
  /** The ratio of the medians of each round. */
  ratios: number[];
}

const rounds = 20;
const asksARound = 50;

/** Asks both sides of every pair in turn, so that whatever else the machine does falls on both. The first round warms up. */
export async function compareInTurn(pairs: readonly Pair[]): Promise<Compared[]> {
  const samples = pairs.map(({ name }) => ({ name, few: [] as number[][], many: [] as number[][] }));
  for (let round = 0; round <= rounds; round += 1) {
    for (const [index, { few, many }] of pairs.entries()) {
      const took: { few: number[]; many: number[] } = { few: [], many: [] };
      for (let ask = 0; ask < asksARound; ask += 1) {
        const number = round * asksARound + ask;
        // Who comes second finds the processor awake: each does, every other time.
        const sides = ask % 2 === 0 ? (['few', 'many'] as const) : (['many', 'few'] as const);
        for (const side of sides) took[side].push(await timeOf(() => (side === 'few' ? few : many)(number)));
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

async function timeOf(ask: () => Promise<unknown>): Promise<number> {
  const started = performance.now();
  await ask();
  return performance.now() - started;
}

import { readFileSync } from 'node:fs';
import * as z from 'zod';
import { openPartition, shardOf } from '../../jobs/protocol.ts';
import type { Write } from '../../jobs/write.ts';

/** jobs/protocol.golden.json, as the tests of this language read it. */
const Golden = z.object({
  shards: z.record(z.string(), z.string()),
  transactions: z.array(
    z.object({
      name: z.string(),
      by: z.enum(['machine', 'container', 'settle', 'cancel']),
      why: z.string(),
      record: z.array(z.record(z.string(), z.unknown())),
      arguments: z.record(z.string(), z.unknown()),
      writes: z.custom<Write[]>(Array.isArray),
      exitCode: z.number().optional(),
    }),
  ),
});

export type GoldenTransaction = z.infer<typeof Golden>['transactions'][number];

export const golden = Golden.parse(
  JSON.parse(readFileSync(new URL('../../jobs/protocol.golden.json', import.meta.url), 'utf8')),
);

/** A golden transaction about another job. */
export function goldenAbout(name: string, jobId: string): GoldenTransaction {
  const found = golden.transactions.find((each) => each.name === name);
  if (!found) throw new Error(`the golden transaction ${name} does not exist`);
  const shard = shardOf(jobId);
  const text = JSON.stringify(found)
    .replaceAll('01jdd0000000000000000000aa', jobId)
    .replaceAll('STATS#a', `STATS#${shard}`)
    .replaceAll(openPartition('a'), openPartition(shard));
  return JSON.parse(text) as GoldenTransaction;
}

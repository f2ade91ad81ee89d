import { readFileSync } from 'node:fs';
import * as z from 'zod';
import type { Write } from '../../../jobs/write.ts';

/** jobs/protocol.golden.json, as the tests of this language read it. */
const Golden = z.object({
  shards: z.record(z.string(), z.string()),
  transactions: z.array(
    z.object({
      name: z.string(),
      by: z.enum(['machine', 'container', 'settle']),
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
  JSON.parse(readFileSync(new URL('../../../jobs/protocol.golden.json', import.meta.url), 'utf8')),
);

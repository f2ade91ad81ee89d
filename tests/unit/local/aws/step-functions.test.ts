import { expect, test } from '@jest/globals';
import { recordedCases } from '../../../harness/states/recorded-case.ts';
import { replay } from '../../../harness/states/replay.ts';

// Histories that AWS recorded decide whether the local interpreter is right.
test.each(recordedCases().map((recorded) => [recorded.id, recorded] as const))('%s', async (_, recorded) => {
  const result = await replay(recorded);
  expect(result.kind === 'failed' ? result.difference : undefined).toBeUndefined();
});

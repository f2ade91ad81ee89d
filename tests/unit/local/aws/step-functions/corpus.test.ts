import { expect, test } from '@jest/globals';
import { recordedCases } from '../../../../harness/states/recorded-case.ts';
import { replay } from '../../../../harness/states/replay.ts';

// AWS's own histories decide whether the local interpreter is right: nothing else runs eks:runJob.sync on one machine.
test.each(recordedCases().map((recorded) => [recorded.id, recorded] as const))('%s', async (_, recorded) => {
  const verdict = await replay(recorded);
  expect(verdict.kind === 'failed' ? verdict.difference : undefined).toBeUndefined();
});

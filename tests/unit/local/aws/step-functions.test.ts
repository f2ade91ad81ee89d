import { expect, test } from '@jest/globals';
import { recordedCases } from '../../../harness/states/recorded-case.ts';
import { replay } from '../../../harness/states/replay.ts';

// Histories that AWS recorded decide whether the local interpreter is right.
const cases = recordedCases();
const unsupported = new Set<string>();

test.each(cases.map((recorded) => [recorded.id, recorded] as const))('%s', async (_, recorded) => {
  const result = await replay(recorded);
  expect(result.kind === 'failed' ? result.difference : undefined).toBeUndefined();
  if (result.kind === 'unsupported') unsupported.add(recorded.id);
});

// docs/step-functions.md states this number: an interpreter that rejects more would otherwise pass.
test('16 of the 110 cases use what the interpreter does not support', () => {
  expect([cases.length, unsupported.size]).toEqual([110, 16]);
});

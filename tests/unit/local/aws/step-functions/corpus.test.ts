import { expect, test } from '@jest/globals';
import { corpusPath, recordedCases } from '../../../../harness/states/recorded-case.ts';
import { replay } from '../../../../harness/states/replay.ts';

// The interpreter is ours only because nothing else runs eks:runJob.sync on one machine: AWS's own histories are its judge.

const cases = recordedCases();
if (cases === undefined) {
  test('there are no recorded histories here', () => {
    console.warn(`not compared with AWS: there is no ${corpusPath}; set AWS_RECORDED_HISTORIES`);
  });
} else {
  test.each(cases.map((recorded) => [recorded.id, recorded] as const))('%s', async (_, recorded) => {
    const verdict = await replay(recorded);
    expect(verdict.kind === 'failed' ? verdict.difference : undefined).toBeUndefined();
  });
}

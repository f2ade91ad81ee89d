import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { LabelQuery, Labels } from '../../../jobs/labels.ts';

/** Kubernetes' own rules (docs: "Labels and Selectors, Syntax and character set"), so that a label can go anywhere later. */
const asKubernetes = /^([A-Za-z0-9]([-A-Za-z0-9_.]*[A-Za-z0-9])?)?$/;

const oneOf = (characters: string) => fc.constantFrom(...characters.split(''));
const edge = oneOf('abcxyz019');
const key = fc.oneof(
  edge,
  fc
    .tuple(edge, fc.array(oneOf('abcxyz019-_./'), { maxLength: 61 }), edge)
    .map(([first, middle, last]) => [first, ...middle, last].join('')),
);
const value = fc.oneof(
  fc.constant(''),
  fc
    .tuple(edge, fc.array(oneOf('abcXYZ019-_.'), { maxLength: 61 }), edge)
    .map(([first, middle, last]) => [first, ...middle, last].join('')),
);

const rejectedFields = (labels: unknown) =>
  Labels.safeParse(labels).error?.issues.map(({ path }) => path.join('.')) ?? [];

describe('labels', () => {
  test('are kept as they are, up to sixteen', () => {
    fc.assert(
      fc.property(fc.dictionary(key, value, { maxKeys: 16 }), (labels) => {
        expect(Labels.parse(labels)).toEqual(labels);
        for (const each of Object.values(labels)) expect(each).toMatch(asKubernetes);
      }),
    );
    const seventeen = Object.fromEntries(Array.from({ length: 17 }, (_, index) => [`k${index}`, '']));
    expect(rejectedFields(seventeen)).toEqual(['']);
  });

  test.each(['Team', '-a', 'a-', '', 'a b', 'a=b', 'a,b', 'é', 'a'.repeat(64), '$each'])(
    '%j is not a key',
    (bad) => {
      expect(rejectedFields({ [bad]: 'x' })).toEqual([bad]);
    },
  );

  test.each(['-a', 'a.', 'a b', 'a,b', 'a=b', 'é', 'a/b', 'a'.repeat(64), 7, null])(
    '%j is not a value',
    (bad) => {
      expect(rejectedFields({ key: bad })).toEqual(['key']);
    },
  );

  // zod drops it silently: the caller would search for a label that does not exist.
  test('named as a prototype are rejected, not dropped', () => {
    expect(rejectedFields(JSON.parse('{"__proto__":"x"}'))).toEqual(['__proto__']);
    expect(rejectedFields(JSON.parse('{"constructor":"x"}'))).toEqual([]);
  });

  test('of a query are separated by commas', () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(key, value), { minLength: 1, maxLength: 16 }), (pairs) => {
        expect(LabelQuery.parse(pairs.map((pair) => pair.join('=')).join(','))).toEqual(pairs);
      }),
    );
  });

  test.each(['', 'team', '=x', 'a=b,', ',a=b', 'a=b,c', 'Team=x', 'a=b=c', Array(17).fill('a=b').join(',')])(
    '%.20j is not a query',
    (text) => {
      expect(LabelQuery.safeParse(text).success).toBe(false);
    },
  );
});

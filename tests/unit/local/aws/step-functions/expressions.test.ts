import { expect, test } from '@jest/globals';
import type { Json } from '../../../../../local/aws/step-functions/json.ts';
import { evaluateTemplate } from '../../../../../local/aws/step-functions/templates.ts';

// An expression must give the same value when it is evaluated a second time after a restart.

const evaluate = (template: Json, seed = 'a') =>
  evaluateTemplate(template, 'Output', {
    variables: { name: 'x' },
    states: { input: { n: 1 } },
    now: 1_000_000,
    seed,
  });

test.each<[Json, Json]>([
  ['{% $name & $string($states.input.n) %}', 'x1'],
  [' {% 1 %}', ' {% 1 %}'],
  [{ a: ['{% 1 %}', { b: '{% 2 %}' }] }, { a: [1, { b: 2 }] }],
])('%j gives %j', async (template, expected) => {
  expect(await evaluate(template)).toEqual(expected);
});

test.each<[string, string]>([
  ['{% $states.result %}', 'returned nothing (undefined).'],
  ['{% {"f": $sum} %}', 'returned an unsupported result type.'],
  // AWS limits the time and depth of an expression; without a limit these two would end the process.
  [
    '{% ($f := function($n) { $f($n + 1) }; $f(1)) %}',
    'threw an error during evaluation. Expression evaluation timeout',
  ],
  [
    '{% ($f := function($n) { 1 + $f($n) }; $f(1)) %}',
    'threw an error during evaluation. Stack overflow error',
  ],
  ['{% $error("no") %}', 'threw an error during evaluation. D3137: no'],
])('%s %s', async (template, problem) => {
  const source = template.slice(3, -3);
  await expect(evaluate(template)).rejects.toThrow(
    `The JSONata expression '${source}' specified for the field 'Output' ${problem}`,
  );
});

test('a filtered list of one item is a single value', async () => {
  expect(await evaluate("{% [{'v': 1}, {'v': 2}][v = 1] %}")).toEqual({ v: 1 });
});

test('a variable hides the function of its name', async () => {
  const scope = { variables: { range: 5, count: 6 }, states: {}, now: 0, seed: 'a' };
  expect(await evaluateTemplate('{% $range + $count %}', 'Output', scope)).toBe(11);
});

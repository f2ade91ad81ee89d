import { expect, test } from '@jest/globals';
import type { Json } from '../../../../../local/aws/step-functions/json.ts';
import { evaluateTemplate } from '../../../../../local/aws/step-functions/templates.ts';

// AWS adds functions to JSONata and removes $eval.

const evaluate = (template: Json, seed = 'a') =>
  evaluateTemplate(template, 'Output', {
    variables: {},
    states: {},
    now: 1_000_000,
    seed,
  });

test.each<[Json, Json]>([
  ["{% $hash('a', 'MD5') %}", '0cc175b9c0f1b6a831c399e269772661'],
  ["{% $hash('a', 'SHA-1') %}", '86f7e437faa5a7fce15d1ddcb9eaeaea377667b8'],
  ['{% $range(10, 1, -4) %}', [10, 6, 2]],
  ['{% $range(1.9, 3.9, 1.9) %}', [1, 2, 3]],
  ['{% $partition([1..3], 2.5) %}', [[1, 2], [3]]],
  ['{% $partition([1..5], 2) %}', [[1, 2], [3, 4], [5]]],
  ['{% $parse(\'{"a":[null]}\') %}', { a: [null] }],
  ['{% $millis() %}', 1_000_000],
  ['{% $now() %}', '1970-01-01T00:16:40.000Z'],
  ["{% $now('[Y]', '+0100') %}", '1970'],
  ['{% $random(7) = $random(7) %}', true],
  ['{% $random() = $random() %}', false],
])('%j gives %j', async (template, expected) => {
  expect(await evaluate(template)).toEqual(expected);
});

test.each<[string, string]>([
  ["{% $eval('1') %}", 'threw an error during evaluation. T1006: Attempted to invoke a non-function'],
  ['{% $parse("{") %}', 'threw an error during evaluation.'],
  ['{% $range(0, 1, 0) %}', 'threw an error during evaluation.'],
  ['{% $partition([1], 0) %}', 'threw an error during evaluation.'],
  ["{% $hash('a', 'MD4') %}", 'threw an error during evaluation.'],
])('%s %s', async (template, problem) => {
  const source = template.slice(3, -3);
  await expect(evaluate(template)).rejects.toThrow(
    `The JSONata expression '${source}' specified for the field 'Output' ${problem}`,
  );
});

test('random values depend on the seed only', async () => {
  const template = '{% [$uuid(), $uuid(), $random()] %}';
  expect(await evaluate(template)).toEqual(await evaluate(template));
  expect(await evaluate(template)).not.toEqual(await evaluate(template, 'b'));
  expect(await evaluate('{% $uuid() %}')).toMatch(
    /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/,
  );
});

test('two expressions of one field have different random values', async () => {
  const value = await evaluate({ a: '{% $uuid() %}', b: ['{% $uuid() %}'] });
  expect(new Set(JSON.stringify(value).match(/[0-9a-f-]{36}/g)).size).toBe(2);
});

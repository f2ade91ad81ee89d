import fc from 'fast-check';

/** Random time specifications of crontab(5). All are well-formed; some cannot be translated or never fire. */

interface FieldShape {
  least: number;
  most: number;
  names?: readonly string[];
}

const months = ['jan', 'feb', 'mar', 'apr', 'may', 'jun', 'jul', 'aug', 'sep', 'oct', 'nov', 'dec'];
const days = ['sun', 'mon', 'tue', 'wed', 'thu', 'fri', 'sat'];

const inAnyCase = (word: string): fc.Arbitrary<string> =>
  fc.constantFrom(word, word.toUpperCase(), `${word.charAt(0).toUpperCase()}${word.slice(1)}`);

function valueText(value: number, { least, names }: FieldShape): fc.Arbitrary<string> {
  const word = names?.[value - least];
  const digits = [String(value), String(value).padStart(2, '0')].map((text) => fc.constant(text));
  return word === undefined ? fc.oneof(...digits) : fc.oneof(...digits, inAnyCase(word));
}

const single = (shape: FieldShape): fc.Arbitrary<string> =>
  fc.integer({ min: shape.least, max: shape.most }).chain((value) => valueText(value, shape));

const range = (shape: FieldShape): fc.Arbitrary<string> =>
  fc
    .tuple(
      fc.integer({ min: shape.least, max: shape.most }),
      fc.integer({ min: shape.least, max: shape.most }),
    )
    .map(([one, other]) => [Math.min(one, other), Math.max(one, other)] as const)
    .chain(([from, to]) => fc.tuple(valueText(from, shape), valueText(to, shape)))
    .map(([from, to]) => `${from}-${to}`);

// croner rejects a step larger than the field. A separate test checks that such a step allows only the first value.
const step = ({ most }: FieldShape): fc.Arbitrary<string> =>
  fc.integer({ min: 1, max: Math.min(most, 30) }).map((by) => `/${by}`);

const part = (shape: FieldShape): fc.Arbitrary<string> =>
  fc.oneof(
    { weight: 4, arbitrary: single(shape) },
    { weight: 2, arbitrary: range(shape) },
    { weight: 1, arbitrary: fc.tuple(range(shape), step(shape)).map(([span, by]) => span + by) },
    { weight: 1, arbitrary: step(shape).map((by) => `*${by}`) },
  );

/** Values and ranges that do not overlap, in any order: cron-parser rejects a list that contains a value twice. */
const apart = (shape: FieldShape): fc.Arbitrary<string> =>
  fc
    .uniqueArray(fc.integer({ min: shape.least, max: Math.min(shape.most, 59) }), {
      minLength: 2,
      maxLength: 8,
    })
    .map((values) => values.sort((left, right) => left - right))
    .chain((values) => {
      const pairs = values.length % 2 === 0 ? values.length / 2 : (values.length - 1) / 2;
      const parts = Array.from({ length: pairs }, (_, index) => [
        values[2 * index] ?? 0,
        values[2 * index + 1] ?? 0,
      ]).map(([from = 0, to = 0]) =>
        fc.tuple(valueText(from, shape), valueText(to, shape)).map((both) => both.join('-')),
      );
      return fc.tuple(...parts, ...values.slice(2 * pairs).map((value) => valueText(value, shape)));
    })
    .chain((parts) => fc.shuffledSubarray(parts, { minLength: parts.length }))
    .map((parts) => parts.join(','));

const field = (shape: FieldShape, open: number): fc.Arbitrary<string> =>
  fc.oneof(
    { weight: open, arbitrary: fc.constant('*') },
    { weight: 4, arbitrary: part(shape) },
    { weight: 3, arbitrary: apart(shape) },
    {
      weight: 1,
      arbitrary: fc.array(part(shape), { minLength: 2, maxLength: 5 }).map((parts) => parts.join(',')),
    },
  );

const fields = fc.tuple(
  field({ least: 0, most: 59 }, 1),
  field({ least: 0, most: 23 }, 2),
  field({ least: 1, most: 31 }, 5),
  field({ least: 1, most: 12, names: months }, 5),
  field({ least: 0, most: 7, names: days }, 5),
);

const nickname = fc
  .constantFrom('@hourly', '@daily', '@midnight', '@weekly', '@monthly', '@yearly', '@annually')
  .chain((name) => fc.constantFrom(name, name.toUpperCase()));

export const cronText: fc.Arbitrary<string> = fc.oneof(
  { weight: 100, arbitrary: fields.map((texts) => texts.join(' ')) },
  { weight: 1, arbitrary: nickname },
);

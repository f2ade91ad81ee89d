import fc from 'fast-check';
import { lambdaTask } from './in-memory-step-functions.ts';

/** A step of a random machine: it makes a number from its input, a number. */
export type Step =
  | { kind: 'pass'; add: number }
  | { kind: 'remember'; add: number }
  | { kind: 'compute'; expression: string }
  | { kind: 'wait'; seconds: number }
  | {
      kind: 'task';
      failures: number;
      retries: number;
      caught: boolean;
      jitter: boolean;
      milliseconds: number;
    }
  | { kind: 'late' }
  | { kind: 'loop'; rounds: number }
  | { kind: 'fail' }
  | { kind: 'parallel'; branches: Step[][]; caught: boolean }
  | { kind: 'map'; items: number; concurrency: number; inside: Step[]; caught: boolean };

const small = fc.integer({ min: 0, max: 9 });

/** Expressions that make a number below a thousand from a number, by JSONata's functions and by those that AWS adds. */
const computations = [
  '$sum([1..5].($ * $states.input)) % 1000',
  '$sum($map([1..4], function($v, $i) { $v * $i + $states.input })) % 1000',
  '$reduce([1, 2, 3], function($a, $b) { $a * $b }, $states.input % 100) % 1000',
  '$length($string($states.input) & "äöü") % 1000',
  '$number($substring($string($states.input), 0, 2)) % 1000',
  '$count([3, 1, 2][$ > $states.input % 3]) + $count($keys({"a": 1, "b": 2}))',
  '$sort([5, $states.input, 3])[1] % 1000',
  '$reverse([1, 2, $states.input])[0] % 1000',
  '$lookup($merge([{"a": 1}, {"b": $states.input}]), "b") % 1000',
  '($f := function($n) { $n <= 1 ? 1 : $n + $f($n - 1) }; $f($states.input % 20)) % 1000',
  '$states.input % 2 = 0 ? $floor($states.input / 2) % 1000 : $abs(-$states.input) % 1000',
  '$count($split("a,b,c", ",")) + $length($uppercase($join(["x", "y"], "-")))',
  '$count($partition([1..7], $states.input % 3 + 1))',
  '$sum($range(0, 10, $states.input % 4 + 1))',
  "$length($hash($string($states.input), 'SHA-256'))",
  `$parse('{"a": [1, 2, ' & $string($states.input) & ']}').a[2] % 1000`,
  '$length($uuid()) + $floor($random())',
  '$states.context.State.RetryCount + $length($states.context.Execution.Name)',
];

/** Steps that only compute; every interpreter of the language supports them. */
export const computing: fc.Arbitrary<Step> = fc.oneof(
  fc.record({ kind: fc.constant('pass' as const), add: small }),
  fc.record({ kind: fc.constant('remember' as const), add: small }),
  fc.record({ kind: fc.constant('compute' as const), expression: fc.constantFrom(...computations) }),
  fc.record({ kind: fc.constant('loop' as const), rounds: fc.integer({ min: 1, max: 3 }) }),
);

/** Steps that take time and fail: up to two seconds each. */
export const working: fc.Arbitrary<Step> = fc.oneof(
  fc.record({ kind: fc.constant('wait' as const), seconds: fc.integer({ min: 0, max: 2 }) }),
  fc.record({
    kind: fc.constant('task' as const),
    failures: fc.integer({ min: 0, max: 2 }),
    retries: fc.integer({ min: 0, max: 2 }),
    caught: fc.boolean(),
    jitter: fc.boolean(),
    milliseconds: fc.integer({ min: 0, max: 300 }),
  }),
  fc.record({ kind: fc.constant('late' as const) }),
);

export const failing: fc.Arbitrary<Step> = fc.constant({ kind: 'fail' });

/** Lists of such steps, mixed with branches and iterations of them, two levels deep. */
export function machineSteps(plain: fc.Arbitrary<Step>, depth = 2): fc.Arbitrary<Step[]> {
  if (depth === 0) return fc.array(plain, { minLength: 1, maxLength: 3 });
  const inside = machineSteps(plain, depth - 1);
  const branching: fc.Arbitrary<Step> = fc.oneof(
    fc.record({
      kind: fc.constant('parallel' as const),
      branches: fc.array(inside, { minLength: 1, maxLength: 3 }),
      caught: fc.boolean(),
    }),
    fc.record({
      kind: fc.constant('map' as const),
      items: fc.integer({ min: 0, max: 4 }),
      concurrency: fc.integer({ min: 0, max: 2 }),
      inside,
      caught: fc.boolean(),
    }),
  );
  const step = fc.oneof({ weight: 3, arbitrary: plain }, { weight: 1, arbitrary: branching });
  return fc.array(step, { minLength: 1, maxLength: 4 });
}

const expression = (source: string) => `{% ${source} %}`;
const input = '$states.input';

/**
 * Makes the machine in the Amazon States Language. Its input is a number. All failures have one name, because their
 * order is random.
 */
export function definitionOf(steps: Step[]): object {
  let count = 0;
  const group = (list: Step[]): { StartAt: string; States: Record<string, object> } => {
    const named = list.map((step) => ({ step, name: `${step.kind}${count++}` }));
    const States: Record<string, object> = {};
    for (const [index, { step, name }] of named.entries()) {
      Object.assign(States, statesOf(step, name, named[index + 1]?.name, group));
    }
    return { StartAt: named[0]?.name ?? '', States };
  };
  return { QueryLanguage: 'JSONata', ...group(steps) };
}

function statesOf(
  step: Step,
  name: string,
  next: string | undefined,
  group: (steps: Step[]) => object,
): Record<string, object> {
  const onwards = next === undefined ? { End: true } : { Next: next };
  // A catcher cannot end a machine.
  const last = `${name}-caught`;
  const rescue = {
    Catch: [{ ErrorEquals: ['States.ALL'], Output: expression(`${input} - 1`), Next: next ?? last }],
  };
  const rescued = next === undefined ? { [last]: { Type: 'Succeed' } } : {};
  const recovering = (state: object, caught: boolean) =>
    caught ? { [name]: { ...state, ...rescue }, ...rescued } : { [name]: state };
  switch (step.kind) {
    case 'pass':
      return { [name]: { Type: 'Pass', Output: expression(`${input} + ${step.add}`), ...onwards } };
    case 'compute':
      return { [name]: { Type: 'Pass', Output: expression(step.expression), ...onwards } };
    case 'remember':
      return {
        [name]: { Type: 'Pass', Assign: { [name]: expression(`${input} * 2`) }, Next: `${name}-recall` },
        [`${name}-recall`]: { Type: 'Pass', Output: expression(`$${name} + ${step.add}`), ...onwards },
      };
    case 'wait':
      return { [name]: { Type: 'Wait', Seconds: step.seconds, ...onwards } };
    case 'fail':
      return { [name]: { Type: 'Fail', Error: 'Flaky', Cause: 'not yet' } };
    case 'loop': {
      const { rounds } = step;
      const loop = `${name}-loop`;
      return {
        [name]: { Type: 'Pass', Assign: { [name]: 0 }, Next: loop },
        [loop]: {
          Type: 'Choice',
          Choices: [
            {
              Condition: expression(`$${name} < ${rounds}`),
              Assign: { [name]: expression(`$${name} + 1`) },
              Output: expression(`${input} + $${name}`),
              Next: loop,
            },
          ],
          Default: `${name}-done`,
        },
        [`${name}-done`]: { Type: 'Pass', ...onwards },
      };
    }
    case 'task': {
      const { failures, retries, caught, jitter, milliseconds } = step;
      const wish = { failures, milliseconds, try: expression('$states.context.State.RetryCount') };
      const Retry = [
        {
          ErrorEquals: ['Flaky'],
          IntervalSeconds: 1,
          BackoffRate: 1,
          MaxAttempts: retries,
          JitterStrategy: jitter ? 'FULL' : 'NONE',
        },
      ];
      const Arguments = { ...wish, value: expression(input) };
      return recovering({ Type: 'Task', Resource: lambdaTask, Arguments, Retry, ...onwards }, caught);
    }
    case 'late': {
      const task = { Type: 'Task', Resource: lambdaTask, Arguments: { never: true }, TimeoutSeconds: 1 };
      // Always caught: with a second failure at the same time the error would be random.
      return recovering({ ...task, ...onwards }, true);
    }
    case 'parallel': {
      const Branches = step.branches.map(group);
      const sum = `${name}-sum`;
      return {
        ...recovering({ Type: 'Parallel', Branches, Next: sum }, step.caught),
        [sum]: { Type: 'Pass', Output: expression(`$sum(${input})`), ...onwards },
      };
    }
    case 'map':
      return recovering(
        {
          Type: 'Map',
          Items: expression(`[1..${step.items}]`),
          MaxConcurrency: step.concurrency,
          ItemSelector: expression(`${input} + $states.context.Map.Item.Value`),
          ItemProcessor: group(step.inside),
          Output: expression('$sum($states.result)'),
          ...onwards,
        },
        step.caught,
      );
  }
}

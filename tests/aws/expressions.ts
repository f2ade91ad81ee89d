import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import fc from 'fast-check';
import * as z from 'zod';
import {
  evaluateExpression,
  ExpressionProblem,
  type ExpressionScope,
  expressionSource,
} from '../../local/aws/step-functions/expressions.ts';
import type { Json } from '../../local/aws/step-functions/json.ts';
import { stringsIn } from '../../local/aws/step-functions/templates.ts';
import { CheckFailure } from '../harness/python/environment.ts';
import { assigned, executionArn, machineWith } from '../harness/run-job-definition.ts';

/** Functions whose result no second evaluation repeats, and why. An expression that calls one is not compared. */
const leftOut: Record<string, string> = {
  now: 'it reads the clock',
  millis: 'it reads the clock',
};

/** The parameters of a stack for which the definition differs. */
const stacks: Record<string, string>[] = [
  {},
  { KueueQueue: '', JobEndpointUrl: 'http://10.0.0.1:4566', JobNodeSelector: '{}', QueueSeconds: '60' },
];

const name = fc.stringMatching(/^[a-z][a-z0-9.-]{0,20}$/);
const text = fc.oneof(fc.string({ unit: 'grapheme', maxLength: 40 }), fc.constant(''));
const time = fc
  .integer({ min: Date.UTC(2026, 0), max: Date.UTC(2036, 0) })
  .map((milliseconds) => new Date(milliseconds).toISOString().replace('.000Z', 'Z'));

/** What an execution may have been started with, and what a state may see of it later. */
const moments = fc.record({
  input: fc.record(
    {
      jobId: fc.oneof(
        fc.stringMatching(/^[0-9a-hjkmnp-tv-z]{26}$/),
        // The id of a schedule with the minute of a firing.
        fc.stringMatching(/^[0-9a-z]{10}-2026-1[0-2]-[0-2][0-9]T[0-2][0-9]:[0-5][0-9]:00Z$/),
      ),
      owner: text,
      origin: fc.constantFrom('api', 'schedule', 'schedule:nightly'),
      input: fc.json(),
      maxAttempts: fc.integer({ min: 1, max: 3 }),
      timeoutSeconds: fc.integer({ min: 1, max: 21_600 }),
      retryOf: name,
      labels: fc.dictionary(name, text, { maxKeys: 3 }),
      resources: fc.record(
        { cpu: fc.constantFrom('1', '250m'), memory: fc.constant('1Gi') },
        { requiredKeys: [] },
      ),
      // What the states after Register see instead: what a Catch wrote.
      reasons: fc.constantFrom(
        '',
        'Transaction cancelled [ConditionalCheckFailed, None]',
        '[ThrottlingError]',
      ),
      Cause: fc.constantFrom('D3137: FAILED: exit code 1', 'D3137: TIMED_OUT: D3137: x', 'other'),
    },
    {
      requiredKeys: [
        'jobId',
        'owner',
        'origin',
        'input',
        'maxAttempts',
        'timeoutSeconds',
        'reasons',
        'Cause',
      ],
    },
  ),
  verdict: fc.constantFrom('SUCCEEDED', 'DUPLICATE', 'FAILED', 'CANCELLED'),
  message: text,
  startedAt: time,
  enteredAt: time,
  redriveCount: fc.nat({ max: 3 }),
  retryCount: fc.nat({ max: 2 }),
  // Variables that Register sets to a constant and later states change.
  counter: fc.nat({ max: 60 }),
});
type Moment = z.infer<typeof Generated>;
const Generated = z.object({
  input: z.record(z.string(), z.json()),
  verdict: z.string(),
  message: z.string(),
  startedAt: z.string(),
  enteredAt: z.string(),
  redriveCount: z.number(),
  retryCount: z.number(),
  counter: z.number(),
});

/** Makes what the expressions of a state may see. */
async function scopeOf(
  machine: ReturnType<typeof machineWith>,
  moment: Moment,
  seed: string,
): Promise<ExpressionScope> {
  const { input, verdict, message, counter } = moment;
  const first = machine.States[machine.StartAt];
  const constants = first?.Type === 'Task' ? (first.Assign ?? {}) : {};
  const variables = await assigned(machine, input);
  for (const [variable, value] of Object.entries(constants)) {
    if (typeof value === 'number') variables[variable] = counter;
  }
  return {
    variables,
    states: {
      input,
      result: { Payload: { verdict, message } },
      errorOutput: { Error: 'EKS.409', Cause: message },
      context: {
        Execution: {
          Id: executionArn,
          StartTime: moment.startedAt,
          RedriveCount: moment.redriveCount,
        },
        State: { EnteredTime: moment.enteredAt, RetryCount: moment.retryCount },
      },
    },
    now: 0,
    seed,
  };
}

const Outcome = z.union([
  z.strictObject({ json: z.string() }),
  z.strictObject({ nothing: z.literal(true) }),
  z.strictObject({ error: z.string() }),
]);
type Outcome = z.infer<typeof Outcome>;

/** Evaluates with our own engine. */
async function evaluateHere(source: string, field: string, scope: ExpressionScope): Promise<Outcome> {
  try {
    const value = await evaluateExpression(source, field, scope);
    return value === null ? { nothing: true } : { json: JSON.stringify(value) };
  } catch (error) {
    if (!(error instanceof ExpressionProblem)) throw error;
    if (error.message.endsWith('returned nothing (undefined).')) return { nothing: true };
    return { error: /evaluation\. ([A-Z]\d{4}):/.exec(error.message)?.[1] ?? error.message };
  }
}

interface Request {
  source: string;
  field: string;
  scope: ExpressionScope;
}

/** Evaluates all with jsonata-python. */
function evaluateElsewhere(programs: string, requests: Request[]): Outcome[] {
  const { status, stdout, stderr } = spawnSync(
    join(programs, 'python'),
    [new URL('evaluate.py', import.meta.url).pathname],
    {
      encoding: 'utf8',
      maxBuffer: 256 * 1024 * 1024,
      input: JSON.stringify(
        requests.map(({ source, field, scope: { variables, states, seed } }) => ({
          source,
          variables: { ...variables, states } satisfies Json,
          seed: `${seed}/${field}`,
        })),
      ),
    },
  );
  if (status !== 0) throw new CheckFailure(`tests/aws/evaluate.py failed:\n${stderr}`);
  return z.array(Outcome).parse(JSON.parse(stdout));
}

/**
 * Evaluates every expression of the state machine with a second JSONata engine, for generated inputs and contexts, and compares
 * the results as JSON text: 7200 is not 7200.0, which Kubernetes would reject.
 * @throws CheckFailure with the first differences.
 */
export async function compareExpressions(programs: string): Promise<string> {
  const requests: Request[] = [];
  const expressions = new Set<string>();
  const excluded = new Map<string, string>();
  for (const tokens of stacks) {
    const machine = machineWith(tokens);
    const samples = fc.sample(moments, { numRuns: 25, seed: 1 });
    const scopes = await Promise.all(
      samples.map((moment, index) => scopeOf(machine, Generated.parse(moment), String(index))),
    );
    for (const [state, definition] of Object.entries(machine.States)) {
      for (const { text, field } of stringsIn(z.json().parse(definition), state)) {
        const source = expressionSource(text);
        if (source === undefined) continue;
        const called = Object.keys(leftOut).find((name) => new RegExp(`\\$${name}\\b`).test(source));
        if (called !== undefined) {
          excluded.set(field, `${field} calls $${called}: ${leftOut[called] ?? ''}`);
          continue;
        }
        expressions.add(field);
        requests.push(...scopes.map((scope) => ({ source, field, scope })));
      }
    }
  }
  const theirs = evaluateElsewhere(programs, requests);
  const differences: string[] = [];
  const kinds = { json: 0, nothing: 0, error: 0 };
  for (const [index, { source, field, scope }] of requests.entries()) {
    const ours = await evaluateHere(source, field, scope);
    const other = theirs[index];
    for (const kind of ['json', 'nothing', 'error'] as const) if (kind in ours) kinds[kind] += 1;
    if (JSON.stringify(ours) === JSON.stringify(other)) continue;
    differences.push(`${field}: ${JSON.stringify(ours)} here, ${JSON.stringify(other)} there, of ${source}`);
  }
  if (differences.length > 0) {
    throw new CheckFailure([`${differences.length} results differ`, ...differences.slice(0, 10)].join('\n'));
  }
  return (
    `${expressions.size} expressions, ${requests.length} evaluations ` +
    `(${kinds.error} errors, ${kinds.nothing} without a value)` +
    [...excluded.values()].map((line) => `\n          not compared: ${line}`).join('')
  );
}

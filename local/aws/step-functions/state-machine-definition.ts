import * as z from 'zod';
import { expressionSource } from './expressions.ts';
import type { Json } from './json.ts';
import { parseTimestamp } from './timestamp.ts';

/**
 * The schema of a state machine in the Amazon States Language, JSONata form only
 * (https://states-language.net and the developer guide's pages on each state). Unknown fields are rejected, as on AWS.
 */
export interface StateGroup {
  StartAt: string;
  States: Record<string, State>;
}
export interface StateMachine extends StateGroup {
  TimeoutSeconds?: number | undefined;
}

const json: z.ZodType<Json> = z.json();
const expression = z.string().regex(/^\{%[^]*%\}$/, 'must be a JSONata expression, "{% … %}"');
const timestamp = z
  .string()
  .refine(
    (text) => parseTimestamp(text) !== undefined || expressionSource(text) !== undefined,
    'must be an RFC 3339 timestamp or a JSONata expression',
  );
const assign = z.record(z.string().regex(/^(?!states$)[\p{ID_Start}_]\p{ID_Continue}{0,79}$/u), json);
const errorNames = z.array(z.string()).min(1);
// A task without a limit has AWS's: 99,999,999 seconds.
const seconds = z.int().min(1).max(99_999_999);

const described = { Comment: z.string().optional(), QueryLanguage: z.literal('JSONata').optional() };
const leaving = { Output: json.optional(), Assign: assign.optional() };
const moving = { Next: z.string().optional(), End: z.boolean().optional() };

const retrier = z.strictObject({
  Comment: z.string().optional(),
  ErrorEquals: errorNames,
  IntervalSeconds: seconds.default(1),
  MaxAttempts: z.int().min(0).max(99_999_999).default(3),
  BackoffRate: z.number().min(1).default(2),
  MaxDelaySeconds: z.int().min(1).max(31_622_400).optional(),
  JitterStrategy: z.enum(['FULL', 'NONE']).default('NONE'),
});
export type Retrier = z.infer<typeof retrier>;

const catcher = z.strictObject({
  Comment: z.string().optional(),
  ErrorEquals: errorNames,
  Next: z.string(),
  ...leaving,
});
export type Catcher = z.infer<typeof catcher>;

const recovering = { Retry: z.array(retrier).optional(), Catch: z.array(catcher).optional() };

const group: z.ZodType<StateGroup> = z.lazy(() =>
  z.strictObject({
    Comment: z.string().optional(),
    QueryLanguage: z.literal('JSONata').optional(),
    ProcessorConfig: z.strictObject({ Mode: z.literal('INLINE').default('INLINE') }).optional(),
    StartAt: z.string(),
    States: z.record(z.string().min(1).max(80), state),
  }),
);

const pass = z.strictObject({ Type: z.literal('Pass'), ...described, ...leaving, ...moving });
const task = z.strictObject({
  Type: z.literal('Task'),
  ...described,
  ...leaving,
  ...moving,
  ...recovering,
  Resource: z.string(),
  Arguments: json.optional(),
  Credentials: z.strictObject({ RoleArn: z.string() }).optional(),
  TimeoutSeconds: z.union([seconds, expression]).optional(),
  HeartbeatSeconds: z.union([seconds, expression]).optional(),
});
const choice = z.strictObject({
  Type: z.literal('Choice'),
  ...described,
  ...leaving,
  Choices: z
    .array(
      z.strictObject({
        Comment: z.string().optional(),
        Condition: z.union([z.boolean(), expression]),
        Next: z.string(),
        ...leaving,
      }),
    )
    .min(1),
  Default: z.string().optional(),
});
const wait = z.strictObject({
  Type: z.literal('Wait'),
  ...described,
  ...leaving,
  ...moving,
  Seconds: z.union([z.int().min(0).max(99_999_999), expression]).optional(),
  Timestamp: timestamp.optional(),
});
const succeed = z.strictObject({ Type: z.literal('Succeed'), ...described, Output: json.optional() });
const fail = z.strictObject({
  Type: z.literal('Fail'),
  ...described,
  Error: z.string().optional(),
  Cause: z.string().optional(),
});
const parallel = z.strictObject({
  Type: z.literal('Parallel'),
  ...described,
  ...leaving,
  ...moving,
  ...recovering,
  Arguments: json.optional(),
  Branches: z.array(group).min(1),
});
const map = z.strictObject({
  Type: z.literal('Map'),
  ...described,
  ...leaving,
  ...moving,
  ...recovering,
  Items: z.union([z.array(json), expression]).optional(),
  ItemSelector: json.optional(),
  ItemProcessor: group,
  MaxConcurrency: z.union([z.int().min(0), expression]).optional(),
  ToleratedFailureCount: z.union([z.int().min(0), expression]).optional(),
  ToleratedFailurePercentage: z.union([z.number().min(0).max(100), expression]).optional(),
});

const state = z.discriminatedUnion('Type', [pass, task, choice, wait, succeed, fail, parallel, map]);
export type State = z.infer<typeof state>;
/** Selects one type of state: StateOf<'Task'>. */
export type StateOf<Type extends State['Type']> = Extract<State, { Type: Type }>;

export const stateMachine: z.ZodType<StateMachine> = z.strictObject({
  Comment: z.string().optional(),
  Version: z.literal('1.0').optional(),
  // The machine's language may be JSONPath if every state declares JSONata.
  QueryLanguage: z.enum(['JSONata', 'JSONPath']).optional(),
  TimeoutSeconds: seconds.optional(),
  StartAt: z.string(),
  States: z.record(z.string().min(1).max(80), state),
});

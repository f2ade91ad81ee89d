import * as z from 'zod';
import { readStateMachine } from '../../local/service-definition.ts';
import { stateMachine, type StateOf } from '../../local/aws/step-functions/state-machine-definition.ts';
import type { ExpressionScope } from '../../local/aws/step-functions/expressions.ts';
import type { Json } from '../../local/aws/step-functions/json.ts';
import { evaluateTemplate } from '../../local/aws/step-functions/templates.ts';

/** run-job as it is deployed: its tokens filled in, its states evaluated with AWS's functions, but nothing executed. */

const root = new URL('../..', import.meta.url).pathname;

export const table = 'eks-jobs-test';

/** As long as each may be: what fits with these fits always. */
const largestTokens: Record<string, string> = {
  'AWS::Partition': 'aws',
  'AWS::Region': 'ap-southeast-1',
  JobsTable: table,
  'SettleJobLambdaFunction.Arn': `arn:aws:lambda:ap-southeast-1:123456789012:function:${'s'.repeat(64)}`,
  ServiceName: 'e'.repeat(63),
  ClusterName: 'c'.repeat(100),
  'ClusterSetup.Endpoint': `https://${'k'.repeat(100)}.gr7.ap-southeast-1.eks.amazonaws.com`,
  'ClusterSetup.CertificateAuthority': 'A'.repeat(4096),
  JobNamespace: 'n'.repeat(63),
  JobServiceAccount: 'a'.repeat(253),
  JobImage: 'i'.repeat(512),
  JobCpu: '250m',
  JobMemory: '256Mi',
  QueueSeconds: '3600',
  JobNodeSelector: `{'${'d'.repeat(253)}/${'l'.repeat(63)}': '${'v'.repeat(63)}'}`,
  KueueQueue: 'q'.repeat(63),
  JobEndpointUrl: '',
};

/** The text of the state machine with these tokens replaced. */
export const definitionWith = (tokens: Record<string, string> = {}): string =>
  readStateMachine(root, { ...largestTokens, ...tokens });

/** The state machine with these tokens replaced. */
export const machineWith = (tokens: Record<string, string> = {}) =>
  stateMachine.parse(JSON.parse(definitionWith(tokens)));

/** The task of that name. */
export function taskOf(machine: ReturnType<typeof machineWith>, name: string): StateOf<'Task'> {
  const state = machine.States[name];
  if (state?.Type !== 'Task') throw new Error(`${name} is not a task`);
  return state;
}

/** What one evaluation may see; only what a test is about differs. */
export interface Moment {
  input?: Json;
  variables?: Record<string, Json>;
  arn?: string;
  startedAt?: string;
  redriveCount?: number;
  /** null: the context object does not have it. */
  retryCount?: number | null;
  errorOutput?: Json;
  /** Makes $random() differ. */
  seed?: number;
  /** How old the execution is when the state is entered. */
  ageSeconds?: number;
}

export const executionArn =
  'arn:aws:states:eu-central-1:123456789012:execution:run-job:01jdd0000000000000000000aa';

function scopeOf(moment: Moment): ExpressionScope {
  const { startedAt = '2026-11-23T10:00:00Z' } = moment;
  return {
    variables: moment.variables ?? {},
    states: {
      input: moment.input ?? {},
      ...(moment.errorOutput !== undefined && { errorOutput: moment.errorOutput }),
      context: {
        Execution: {
          Id: moment.arn ?? executionArn,
          // Java leaves zero milliseconds out.
          StartTime: startedAt,
          RedriveCount: moment.redriveCount ?? 0,
        },
        State: {
          EnteredTime: new Date(Date.parse(startedAt) + (moment.ageSeconds ?? 0) * 1000).toISOString(),
          ...(moment.retryCount !== null && { RetryCount: moment.retryCount ?? 0 }),
        },
      },
    },
    now: 0,
    seed: String(moment.seed ?? ''),
  };
}

/** A field of a state, evaluated as Step Functions would. */
export const evaluate = (template: Json | undefined, moment: Moment): Promise<Json> =>
  evaluateTemplate(template ?? {}, 'Arguments', scopeOf(moment));

/** The variables that Register leaves to the states after it. */
export async function assigned(
  machine: ReturnType<typeof machineWith>,
  input: Json,
): Promise<Record<string, Json>> {
  const variables = await evaluate(taskOf(machine, 'Register').Assign, { input });
  return z.record(z.string(), z.json()).parse(variables);
}

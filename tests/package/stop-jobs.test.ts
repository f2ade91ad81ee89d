import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { CloudFormation } from '../harness/cluster-setup/cloudformation.ts';
import { functionsOf } from '../harness/package/functions.ts';
import { invoke, type Responses } from './invocation.ts';
import { packaged } from '../harness/package/packaged.ts';
import { actionOf, permissionsOf } from './permissions.ts';

/** The zip of stop-jobs, as CloudFormation calls it. tests/deploy tests it in a stack whose jobs run. */
const service = packaged();
const stopJobs = functionsOf(service).find(({ name }) => name === 'stopJobs');

const machine = 'arn:aws:states:eu-central-1:123456789012:stateMachine:eks-jobs-dev-run-job';
const execution = machine.replace(':stateMachine:', ':execution:');
const succeeded = { Status: 'SUCCESS', PhysicalResourceId: machine };

let cloudFormation: CloudFormation;
beforeEach(async () => {
  cloudFormation = await CloudFormation.start();
});
afterEach(() => cloudFormation.stop());

const stackIn = (status: string): Responses => ({
  'Query.DescribeStacks': {
    body: `<DescribeStacksResponse xmlns="http://cloudformation.amazonaws.com/doc/2010-05-15/"><DescribeStacksResult><Stacks><member><StackName>eks-jobs-dev</StackName><StackStatus>${status}</StackStatus><CreationTime>2026-11-23T10:00:00Z</CreationTime></member></Stacks></DescribeStacksResult></DescribeStacksResponse>`,
  },
});

/** Sends a request to the function. @returns its response, and its calls, all of which its role allows. */
async function send(type: 'Create' | 'Update' | 'Delete', responses: Responses = {}) {
  if (stopJobs === undefined) throw new Error('the package has no stopJobs');
  const id = type === 'Create' ? undefined : machine;
  const request = cloudFormation.request(type, { StateMachine: machine }, id);
  const { calls, error } = await invoke(stopJobs, request, responses);
  expect(error).toBeUndefined();
  const allowed = (permissionsOf(service.template)[stopJobs.role] ?? []).flatMap(({ Action }) => Action);
  expect(allowed).toEqual(expect.arrayContaining(calls.map(actionOf)));
  return { response: cloudFormation.takeResponse(), calls: [...new Set(calls.map(actionOf))] };
}

test.each(['Create', 'Update'] as const)('%s stops nothing', async (type) => {
  const { response, calls } = await send(type);
  expect(response).toMatchObject(succeeded);
  expect(calls).toEqual([]);
});

// CloudFormation also deletes a custom resource that an update has replaced or removed, and after a failed creation.
test.each([
  'UPDATE_COMPLETE_CLEANUP_IN_PROGRESS',
  'UPDATE_ROLLBACK_COMPLETE_CLEANUP_IN_PROGRESS',
  'UPDATE_IN_PROGRESS',
  'ROLLBACK_IN_PROGRESS',
])('a Delete while the stack is %s stops nothing', async (status) => {
  const { response, calls } = await send('Delete', stackIn(status));
  expect(response).toMatchObject(succeeded);
  expect(calls).toEqual(['cloudformation:DescribeStacks']);
});

test('a Delete fails when CloudFormation does not say that the stack is being deleted', async () => {
  const denied = '<ErrorResponse><Error><Type>Sender</Type><Code>AccessDenied</Code></Error></ErrorResponse>';
  const { response, calls } = await send('Delete', {
    'Query.DescribeStacks': { status: 403, body: denied },
  });
  expect(response).toMatchObject({ Status: 'FAILED', PhysicalResourceId: machine });
  expect(calls).toEqual(['cloudformation:DescribeStacks']);
});

test('a Delete of the stack stops what runs; when its time is up it reports how many jobs are left', async () => {
  const running = { executionArn: `${execution}:one`, status: 'RUNNING', startDate: 1, name: 'one' };
  const { response, calls } = await send('Delete', {
    ...stackIn('DELETE_IN_PROGRESS'),
    'AWSStepFunctions.ListExecutions': { body: { executions: [running] } },
    'AWSStepFunctions.StopExecution': { body: { stopDate: 1 } },
  });
  expect(response).toMatchObject({ Status: 'FAILED', PhysicalResourceId: machine });
  // The invocation has 10 s.
  expect(response.Reason).toBe(
    'it took longer than 5 s; the last step: running jobs: 1; run `sls remove` again to stop what is left',
  );
  expect(calls).toEqual(['cloudformation:DescribeStacks', 'states:ListExecutions', 'states:StopExecution']);
}, 30_000);

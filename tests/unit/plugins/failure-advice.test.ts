import { expect, test } from '@jest/globals';
import FailureAdvice from '../../../plugins/failure-advice.ts';

async function adviceAfter(failure: unknown): Promise<string[]> {
  const warnings: string[] = [];
  const log = { notice: () => undefined, warning: (text: string) => warnings.push(text) };
  const progress = { get: () => ({ notice: () => undefined, remove: () => undefined }) };
  await new FailureAdvice({}, {}, { log, progress }).hooks['error']?.(failure);
  return warnings;
}

// The text of EKS as CloudFormation passes it on, and the name of the error.
test.each([
  `An error occurred: Cluster - Resource handler returned message: "Cannot create cluster 'eks-jobs-dev' because EKS does not support creating control plane instances in us-east-1e, the targeted availability zone. Retry cluster creation using control plane subnets that span at least two of these availability zones: us-east-1a, us-east-1b" (HandlerErrorCode: InvalidRequest).`,
  'An error occurred: Cluster - UnsupportedAvailabilityZoneException: Cannot create cluster.',
])('a deploy into a zone that EKS refuses names the zones, and the parameter to set', async (message) => {
  const [advice, ...others] = await adviceAfter(new Error(message));
  for (const text of ['use1-az3', 'usw1-az2', 'cac1-az3', '--param zones=']) expect(advice).toContain(text);
  expect(others).toEqual([]);
});

test('other failures speak for themselves', async () => {
  expect(await adviceAfter(new Error('An error occurred: JobsTable - it exists already.'))).toEqual([]);
  expect(await adviceAfter(undefined)).toEqual([]);
});

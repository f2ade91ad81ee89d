import { describe, expect, test } from '@jest/globals';
import { LambdaIntegration } from '../../../../../../local/aws/step-functions/index.ts';
import { runTask } from '../../../../../harness/states/in-memory-step-functions.ts';

// A state machine sees results wrapped as AWS wraps them, and errors by AWS's names.

describe('lambda', () => {
  const integration = new LambdaIntegration((name, payload) => {
    if (name !== 'echo' && !name.endsWith(':function:echo'))
      return Promise.reject(new Error(`the function ${name} does not exist`));
    const unhandled = {
      payload: { errorType: 'Wrong', errorMessage: 'no' },
      functionError: 'Unhandled' as const,
    };
    return Promise.resolve(payload === 'fail' ? unhandled : { payload });
  });
  const invoke = 'arn:aws:states:::lambda:invoke';

  test('lambda:invoke wraps the payload, a plain ARN does not', async () => {
    const wrapped = await runTask(integration, invoke, { FunctionName: 'echo', Payload: { a: 1 } });
    expect(wrapped.output).toMatchObject({ ExecutedVersion: '$LATEST', Payload: { a: 1 }, StatusCode: 200 });
    const plain = await runTask(integration, 'arn:aws:lambda:us-east-1:1:function:echo', { a: 1 });
    expect(plain).toMatchObject({ output: { a: 1 } });
    expect(plain.types).toContain('LambdaFunctionSucceeded');
  });

  test("a function's error gives its type as the error name and its text as the cause", async () => {
    const failed = await runTask(integration, invoke, { FunctionName: 'echo', Payload: '"fail"' });
    expect(failed).toMatchObject({ error: 'Wrong', cause: '{"errorType":"Wrong","errorMessage":"no"}' });
  });

  test('a function that does not exist fails the task', async () => {
    expect(await runTask(integration, invoke, { FunctionName: 'none' })).toMatchObject({ status: 'FAILED' });
  });
});

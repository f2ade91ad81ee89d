import type { RequestListener } from 'node:http';
import { AwsError, serveWire } from '../../wire.ts';
import type { StepFunctions } from '../step-functions.ts';
import { stepFunctionsOperations } from './operations.ts';

/** Serves the wire API of Step Functions, AWS JSON 1.0: POST with X-Amz-Target AWSStepFunctions.<operation>. */
export function serveStepFunctions(service: StepFunctions): RequestListener {
  return serveWire({
    service: 'step functions',
    contentType: 'application/x-amz-json-1.0',
    tooLarge: { type: 'RequestEntityTooLargeException', status: 413 },
    internal: { type: 'InternalFailure', status: 500 },
    perform: ({ headers }, body) => {
      const name = /^AWSStepFunctions\.(\w+)$/.exec(String(headers['x-amz-target']))?.[1] ?? '';
      const operation = Object.hasOwn(stepFunctionsOperations, name)
        ? stepFunctionsOperations[name]
        : undefined;
      if (operation === undefined)
        throw new AwsError('UnknownOperationException', `Unknown operation: ${name}`);
      return operation(service, parseBody(body));
    },
    formatError: ({ type, message }) => ({ body: { __type: type, message } }),
  });
}

function parseBody(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new AwsError('SerializationException', 'The request body is not JSON.');
  }
}

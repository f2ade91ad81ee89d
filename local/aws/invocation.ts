/** The result of invoking a Lambda function: its payload, or the error that it threw (`functionError` is set then). */
export interface LambdaInvocation {
  payload: unknown;
  functionError?: 'Unhandled';
}

/** Invokes a Lambda function by its name in serverless.yml or its ARN. @throws Error when the function does not exist. */
export type InvokeLambda = (name: string, event: unknown) => Promise<LambdaInvocation>;

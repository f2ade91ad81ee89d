/** The local Step Functions: what the rest of the service may use of it. */
export { TaskFailure } from './errors.ts';
export type { StatusChange } from './history.ts';
export type { Integration, Task } from './integration.ts';
export { DynamoDBIntegration } from './integrations/dynamodb.ts';
export { EksIntegration } from './integrations/eks.ts';
export { type CallKubernetes, EksCallIntegration, overHttps } from './integrations/eks-call.ts';
export type { JobRunner } from './integrations/job-runner.ts';
export { LambdaIntegration } from './integrations/lambda.ts';
export { StepFunctions, type StepFunctionsOptions } from './step-functions.ts';
export { taskArguments } from './task-arguments.ts';
export { serveStepFunctions } from './wire/serve.ts';

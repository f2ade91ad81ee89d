/** The local Step Functions: what the rest of the service may use of it. */
export { systemClock } from '../clock.ts';
export type { Clock } from '../clock.ts';
export { ApiError, TaskFailure } from './errors.ts';
export type { Integration, Task } from './integration.ts';
export { DynamoDBIntegration } from './integrations/dynamodb.ts';
export { EksIntegration } from './integrations/eks.ts';
export { EksCallIntegration, overHttps } from './integrations/eks-call.ts';
export type { CallKubernetes } from './integrations/eks-call.ts';
export type { JobRunner } from './integrations/job-runner.ts';
export { LambdaIntegration } from './integrations/lambda.ts';
export type { InvokeFunction } from './integrations/lambda.ts';
export { StepFunctions } from './step-functions.ts';
export type { StatusChange } from './status-change.ts';
export type { StepFunctionsOptions } from './step-functions.ts';
export { serve } from './wire/serve.ts';
export { taskArguments } from './task-arguments.ts';

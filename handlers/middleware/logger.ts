import { Logger } from '@aws-lambda-powertools/logger';

/** The log of every function. It is not in services.ts, which reads settings: some functions have none. */
export const logger = new Logger({ serviceName: 'eks-jobs' });

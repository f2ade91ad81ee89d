import { Logger } from '@aws-lambda-powertools/logger';

/** The log of every function. It is separate from services.ts, whose settings some functions do not have. */
export const logger = new Logger({ serviceName: 'eks-jobs' });

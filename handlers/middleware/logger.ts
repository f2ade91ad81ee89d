import { Logger } from '@aws-lambda-powertools/logger';

/** The log of every function. It is separate from services.ts, so that a function that only logs does not bundle AWS clients. */
export const logger = new Logger({ serviceName: 'eks-jobs' });

import type { Context } from 'aws-lambda';
import type { CustomResourceFunction } from '../../lib/custom-resource/respond.ts';
import { logger } from './logger.ts';

/** Describes a Lambda function that responds to CloudFormation: its time, and where its log is. */
export const customResourceFunction = (context: Context): Required<CustomResourceFunction> => ({
  remaining: () => context.getRemainingTimeInMillis(),
  log: `${context.logGroupName}, ${context.logStreamName}`,
  report: (message, details) => {
    logger.info(message, details);
  },
});

import * as z from 'zod';
import { isTimeZone } from '../../../lib/time-zone.ts';
import { invalid } from './errors.ts';

/**
 * The schemas of EventBridge Scheduler's requests (API reference). Dates are epoch seconds; unknown fields are
 * rejected.
 */
const Name = z.string().regex(/^[0-9a-zA-Z\-_.]{1,64}$/);

const ClientToken = z.string().regex(/^[a-zA-Z0-9\-_]{1,64}$/);

const Target = z.strictObject({
  // The local scheduler delivers to state machines only.
  Arn: z
    .string()
    .regex(/^arn:aws:states:[^:]+:\d{12}:stateMachine:[^:]+$/, 'must be the ARN of a state machine'),
  RoleArn: z.string().regex(/^arn:aws[^:]*:iam::\d{12}:role\/[\w+=,.@/-]+$/),
  Input: z.string().min(1).max(262_144).optional(),
  DeadLetterConfig: z.strictObject({ Arn: z.string().startsWith('arn:').optional() }).optional(),
  RetryPolicy: z
    .strictObject({
      MaximumEventAgeInSeconds: z.int().min(60).max(86_400).optional(),
      MaximumRetryAttempts: z.int().min(0).max(185).optional(),
    })
    .optional(),
});
export type Target = z.infer<typeof Target>;

const FlexibleTimeWindow = z.discriminatedUnion('Mode', [
  z.strictObject({ Mode: z.literal('OFF') }),
  z.strictObject({ Mode: z.literal('FLEXIBLE'), MaximumWindowInMinutes: z.int().min(1).max(1440) }),
]);

/** The request of CreateSchedule and UpdateSchedule. A field that is left out has AWS's default, in an update too. */
export const PutScheduleRequest = z.strictObject({
  Name,
  GroupName: Name.default('default'),
  ScheduleExpression: z.string().min(1).max(256),
  ScheduleExpressionTimezone: z.string().refine(isTimeZone, 'must be an IANA time zone').default('UTC'),
  StartDate: z.number().optional(),
  EndDate: z.number().optional(),
  Description: z.string().max(512).optional(),
  State: z.enum(['ENABLED', 'DISABLED']).default('ENABLED'),
  KmsKeyArn: z.string().optional(),
  Target,
  FlexibleTimeWindow,
  ActionAfterCompletion: z.enum(['NONE', 'DELETE']).default('NONE'),
  ClientToken: ClientToken.optional(),
});
export type PutScheduleRequest = z.infer<typeof PutScheduleRequest>;

/** A schedule as it is stored: the request without the token. */
export type ScheduleSpec = Omit<PutScheduleRequest, 'ClientToken'>;

export const ScheduleReference = z.strictObject({
  Name,
  groupName: Name.default('default'),
  clientToken: ClientToken.optional(),
});

const pageFields = {
  NamePrefix: Name.optional(),
  NextToken: z.string().max(2048).optional(),
  MaxResults: z.coerce.number().int().min(1).max(100).default(100),
};
export const ListSchedulesRequest = z.strictObject({
  ...pageFields,
  ScheduleGroup: Name.optional(),
  State: z.enum(['ENABLED', 'DISABLED']).optional(),
});
export type ListSchedulesRequest = z.infer<typeof ListSchedulesRequest>;

export const ListGroupsRequest = z.strictObject(pageFields);
export type ListGroupsRequest = z.infer<typeof ListGroupsRequest>;

export const GroupRequest = z.strictObject({
  Name,
  ClientToken: ClientToken.optional(),
  Tags: z
    .array(z.strictObject({ Key: z.string(), Value: z.string() }))
    .max(200)
    .optional(),
});
export const GroupReference = z.strictObject({ Name, clientToken: ClientToken.optional() });

/** Checks a request. @throws AwsError ValidationException with what zod reports */
export function parseRequest<Request>(shape: z.ZodType<Request>, request: unknown): Request {
  const parsed = shape.safeParse(request);
  if (parsed.success) return parsed.data;
  throw invalid(
    parsed.error.issues.map(({ path, message }) => `${path.join('.') || 'request'}: ${message}`).join('; '),
  );
}

import * as z from 'zod';

/** What CloudFormation asks of a custom resource (its user guide, "Custom resource request objects"). */
export const Request = z.object({
  RequestType: z.enum(['Create', 'Update', 'Delete']),
  /** Pre-signed, good for this one answer: whoever has it can answer, so it is never logged. */
  ResponseURL: z.url({ protocol: /^https?$/ }),
  StackId: z.string().min(1),
  RequestId: z.string().min(1),
  LogicalResourceId: z.string().min(1),
  /** What an earlier answer named the resource; a Create has none. */
  PhysicalResourceId: z.string().min(1).optional(),
  ResourceProperties: z.record(z.string(), z.unknown()).default({}),
});
export type Request = z.infer<typeof Request>;

/** The stack without the part that is new each time it is made: a stack that is made again owns what it left. */
export const stackOf = ({ StackId }: Request): string => StackId.split('/').slice(0, 2).join('/');

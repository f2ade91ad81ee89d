/**
 * Replaces the context attributes in a target's input: textually, wherever they stand, as AWS does.
 * https://docs.aws.amazon.com/scheduler/latest/UserGuide/managing-schedule-context-attributes.html
 */
export const fillIn = (input: string, attributes: ContextAttributes): string =>
  input.replaceAll(
    /<aws\.scheduler\.(schedule-arn|scheduled-time|execution-id|attempt-number)>/g,
    (_attribute, name: keyof ContextAttributes) => attributes[name],
  );

/** What AWS knows of one attempt to invoke a target. */
export interface ContextAttributes {
  'schedule-arn': string;
  /** As 2022-03-22T18:59:43Z. */
  'scheduled-time': string;
  /** Another one for each attempt. */
  'execution-id': string;
  /** From 1 on. */
  'attempt-number': string;
}

/**
 * Replaces the context attributes in a target's input. As on AWS, they are replaced in the text, wherever they are.
 * https://docs.aws.amazon.com/scheduler/latest/UserGuide/managing-schedule-context-attributes.html
 */
export const fillContextAttributes = (input: string, attributes: ContextAttributes): string =>
  input.replaceAll(
    /<aws\.scheduler\.(schedule-arn|scheduled-time|execution-id|attempt-number)>/g,
    (_attribute, name: keyof ContextAttributes) => attributes[name],
  );

/** The context attributes of one attempt to invoke a target. */
export interface ContextAttributes {
  'schedule-arn': string;
  /** As 2022-03-22T18:59:43Z. */
  'scheduled-time': string;
  /** Different for each attempt. */
  'execution-id': string;
  /** Counts from 1. */
  'attempt-number': string;
}

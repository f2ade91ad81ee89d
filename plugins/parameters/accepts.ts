import * as z from 'zod';
import { unanchored } from '../../lib/patterns.ts';

/** The part of a CloudFormation parameter that says which values it accepts. */
export interface TemplateRule {
  Type: 'String' | 'Number' | 'CommaDelimitedList';
  AllowedPattern?: string;
  AllowedValues?: readonly string[];
  MinValue?: number;
  MaxValue?: number;
}

/** Which values a parameter accepts: as the check of `--param`, and as CloudFormation states the same rule. */
export interface Accepts<Schema extends z.ZodType = z.ZodType> {
  schema: Schema;
  rule: TemplateRule;
}

/** Accepts text of a pattern. */
export const text = (pattern: RegExp, message: string) => ({
  schema: z.string().regex(pattern, message),
  rule: { Type: 'String' as const, AllowedPattern: `^${unanchored(pattern)}$` },
});

/** Accepts text of a pattern, or nothing: the parameter is then not set. */
export const textOrEmpty = (pattern: RegExp, message: string) => ({
  schema: z.union([z.literal(''), z.string().regex(pattern, message)]),
  rule: { Type: 'String' as const, AllowedPattern: `^(${unanchored(pattern)})?$` },
});

/** Accepts names separated by commas, or nothing. CloudFormation has no pattern for the whole of a list. */
export const list = (pattern: RegExp, message: string) => ({
  schema: textOrEmpty(pattern, message).schema,
  rule: { Type: 'CommaDelimitedList' as const },
});

/** Accepts one of these values. */
export const oneOf = <const Values extends readonly string[]>(values: Values) => ({
  schema: z.enum(values),
  rule: { Type: 'String' as const, AllowedValues: values },
});

/** Accepts an integer of this range. */
export function integer(least: number, most: number) {
  const message = `must be an integer from ${least} to ${most}`;
  return {
    schema: z.coerce.number(message).int(message).min(least, message).max(most, message),
    rule: { Type: 'Number' as const, MinValue: least, MaxValue: most },
  };
}

/** Accepts what a schema of this repository accepts. CloudFormation cannot check it. */
export const valid = (schema: z.ZodType<string>, message: string) => ({
  schema: z.string().refine((value) => schema.safeParse(value).success, message),
  rule: { Type: 'String' as const },
});

/** Makes a parameter optional that has no default: it may be left out, and must not be empty. */
export const optional = <Schema extends z.ZodType>({ schema, rule }: Accepts<Schema>) => ({
  schema: schema.optional(),
  rule,
});

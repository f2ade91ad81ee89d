import type { Template } from '../framework.ts';

/** The CloudFormation parameter of an image that the user names. */
const parameter = 'JobImage';

/** Names the image in the stack's account and region; CloudFormation fills them in, so that packaging needs no account. */
export const ownImage = (repository: string, tag: string): string =>
  `\${AWS::AccountId}.dkr.ecr.\${AWS::Region}.\${AWS::URLSuffix}/${repository}:${tag}`;

/**
 * Replaces the parameter by the image: a parameter's default cannot name the account. The image is then part of the template, so
 * that another image is a change to deploy, and a rollback restores the old one.
 */
export function nameImage(template: Template, image: string): void {
  delete template.Parameters?.[parameter];
  for (const part of [template.Resources, template.Outputs]) if (part) replaceIn(part, image);
  addOutput(template, { 'Fn::Sub': image });
}

/** Adds the output for an image that the user names. */
export function nameGivenImage(template: Template): void {
  addOutput(template, { Ref: parameter });
}

/**
 * Reads the tag that a template expects in the repository.
 * @returns undefined when the user names an image.
 */
export function expectedTag(template: Template): string | undefined {
  const value = template.Outputs?.[parameter]?.Value;
  if (typeof value !== 'object' || value === null || !('Fn::Sub' in value)) return undefined;
  return String(value['Fn::Sub']).split(':').at(-1);
}

function addOutput(template: Template, value: unknown): void {
  template.Outputs = {
    ...template.Outputs,
    [parameter]: { Description: 'The image that the jobs run.', Value: value },
  };
}

/** Replaces inside the same objects, because the framework's other plugins use them too. */
function replaceIn(part: object, image: string): void {
  for (const [key, value] of Object.entries(part) as [string, unknown][]) {
    const replaced = replacement(key, value, image);
    if (replaced !== undefined) (part as Record<string, unknown>)[key] = replaced;
    else if (typeof value === 'object' && value !== null) replaceIn(value, image);
  }
}

function replacement(key: string, value: unknown, image: string): unknown {
  if (typeof value === 'object' && value !== null && 'Ref' in value && value.Ref === parameter) {
    return { 'Fn::Sub': image };
  }
  if (key !== 'Fn::Sub') return undefined;
  const insert = (text: string): string => text.replaceAll(`\${${parameter}}`, () => image);
  if (typeof value === 'string') return insert(value);
  if (Array.isArray(value) && typeof value[0] === 'string') {
    return [insert(value[0]), ...(value.slice(1) as unknown[])];
  }
  return undefined;
}

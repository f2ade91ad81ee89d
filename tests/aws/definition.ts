import { createRequire } from 'node:module';
import * as z from 'zod';
import type { Template } from '../harness/package/packaged.ts';
import { CheckFailure } from '../harness/python/environment.ts';

type Validate = (definition: unknown) => { isValid: boolean; errorsText: (separator?: string) => string };
// Its types are not published.
const validate = createRequire(import.meta.url)('asl-validator') as Validate;

const StateMachine = z.object({
  DefinitionString: z.object({ 'Fn::Sub': z.string() }),
});

/** Stands where the stack will fill in a value; ARNs are checked for their shape. */
const valueOf = (name: string): string => {
  if (name.endsWith('.Arn')) return 'arn:aws:lambda:eu-central-1:123456789012:function:settle';
  if (name === 'QueueSeconds') return '3600';
  return name === 'JobNodeSelector' ? "{'eks-jobs/pool': 'eks-jobs'}" : name.replaceAll(':', '');
};

/**
 * Validates the state machine as it is in the packaged template: what the plugin made of the file is what is deployed.
 * @throws CheckFailure with what asl-validator says.
 */
export function validateStateMachine({ Resources }: Template): string {
  const machine = Resources['RunJobStateMachine'];
  const { DefinitionString } = StateMachine.parse(machine?.Properties);
  const names = new Set<string>();
  const text = DefinitionString['Fn::Sub'].replaceAll(/\$\{([^}]+)\}/g, (_token, name: string) => {
    names.add(name);
    return valueOf(name);
  });
  // asl-validator wants an expression on one line; to JSONata, as to AWS, a line break is a space.
  const definition: unknown = JSON.parse(text, (_key, value: unknown) =>
    typeof value === 'string' && value.startsWith('{%') ? value.replaceAll('\n', ' ') : value,
  );
  if (text.includes('#{')) throw new CheckFailure('a #{Name} was left in the packaged state machine');
  const { isValid, errorsText } = validate(definition);
  if (!isValid) throw new CheckFailure(errorsText('\n'));
  return `${names.size} names filled in by the stack`;
}

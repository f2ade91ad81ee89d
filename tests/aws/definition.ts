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

/** Returns a placeholder for a value that the stack fills in. The validator checks the form of ARNs. */
const placeholderFor = (name: string): string => {
  if (name.endsWith('.Arn')) return 'arn:aws:lambda:eu-central-1:123456789012:function:settle';
  if (name === 'QueueSeconds') return '3600';
  if (name === 'AWS::Partition') return 'aws';
  return name === 'JobNodeSelector' ? "{'eks-jobs/pool': 'eks-jobs'}" : name.replaceAll(':', '');
};

/**
 * Validates the state machine in the packaged template, because that is what is deployed: plugins change the file.
 * @throws CheckFailure with the problems that asl-validator reports.
 */
export function validateStateMachine({ Resources }: Template): string {
  const machine = Resources['RunJobStateMachine'];
  const { DefinitionString } = StateMachine.parse(machine?.Properties);
  const names = new Set<string>();
  const text = DefinitionString['Fn::Sub'].replaceAll(/\$\{([^}]+)\}/g, (_token, name: string) => {
    names.add(name);
    return placeholderFor(name);
  });
  // asl-validator requires an expression on one line. To JSONata and AWS a line break is a space.
  const definition: unknown = JSON.parse(text, (_key, value: unknown) =>
    typeof value === 'string' && value.startsWith('{%') ? value.replaceAll('\n', ' ') : value,
  );
  if (text.includes('#{')) throw new CheckFailure('the packaged state machine still has a #{Name}');
  const { isValid, errorsText } = validate(definition);
  if (!isValid) throw new CheckFailure(errorsText('\n'));
  return `${names.size} names filled in by the stack`;
}

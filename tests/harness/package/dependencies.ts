import type { Template } from './packaged.ts';

/**
 * The dependencies between the resources of a template, as CloudFormation finds them: DependsOn, Ref, Fn::GetAtt and Fn::Sub.
 * It creates a resource after those that it depends on, and deletes it before them. Conditions are not evaluated: every
 * resource and each branch of Fn::If counts.
 */
export class Dependencies {
  readonly #direct: ReadonlyMap<string, readonly string[]>;

  constructor({ Resources }: Template) {
    const names = new Set(Object.keys(Resources));
    this.#direct = new Map(
      Object.entries(Resources).map(([name, { DependsOn = [], Properties = {} }]) => [
        name,
        [...[DependsOn].flat().map(String), ...namesIn(Properties)].filter(
          (other) => names.has(other) && other !== name,
        ),
      ]),
    );
  }

  /** Lists all resources that are created before this one and deleted after it. */
  of(name: string): ReadonlySet<string> {
    const found = new Set<string>();
    const visit = (each: string): void => {
      for (const other of this.#direct.get(each) ?? []) {
        if (found.has(other)) continue;
        found.add(other);
        visit(other);
      }
    };
    visit(name);
    return found;
  }

  /** Lists resources that CloudFormation may delete before this one, or at the same time. */
  mayBeDeletedBefore(name: string, others: readonly string[]): string[] {
    const later = this.of(name);
    return others.filter((other) => !later.has(other));
  }
}

/** Lists the names in the intrinsic functions of a value; also those of parameters. */
export function namesIn(value: unknown): string[] {
  if (Array.isArray(value)) return value.flatMap(namesIn);
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([key, inner]: [string, unknown]) => {
    if (key === 'Ref') return [String(inner)];
    if (key === 'Fn::GetAtt') return [String([inner].flat()[0]).split('.')[0] ?? ''];
    if (key === 'Fn::Sub') return namesInSub(inner);
    return namesIn(inner);
  });
}

/** Lists the names in Fn::Sub, which is a text, or a text with values of its own. `${!name}` is text. */
function namesInSub(sub: unknown): string[] {
  const [text, values = {}] = [sub].flat() as [unknown, Record<string, unknown>?];
  const used = [...String(text).matchAll(/\$\{([^!}][^}]*)\}/g)].map(([, name = '']) => name);
  return [
    ...used.filter((name) => !(name in values)).map((name) => name.split('.')[0] ?? ''),
    ...namesIn(values),
  ];
}

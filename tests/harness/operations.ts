import * as z from 'zod';

const MediaTypes = z.record(z.string(), z.object({ schema: z.unknown(), example: z.unknown() }).partial());
const Described = z.looseObject({
  name: z.string().optional(),
  required: z.boolean().optional(),
  example: z.unknown().optional(),
});
const Response = z.looseObject({
  headers: z.record(z.string(), Described).optional(),
  content: MediaTypes.optional(),
  links: z
    .record(z.string(), z.object({ operationId: z.string(), parameters: z.record(z.string(), z.string()) }))
    .optional(),
});
const Operation = z.looseObject({
  operationId: z.string(),
  security: z.array(z.record(z.string(), z.array(z.string()))),
  parameters: z.array(Described.extend({ name: z.string(), in: z.string() })).optional(),
  requestBody: z.object({ required: z.boolean().optional(), content: MediaTypes }).optional(),
  responses: z.record(z.string(), Response),
});
const Document = z.looseObject({
  paths: z.record(z.string(), z.record(z.string(), Operation)),
  components: z.looseObject({ responses: z.record(z.string(), Response) }),
});

/** One operation of a document: its method in capitals. */
export interface DescribedOperation {
  method: string;
  path: string;
  operation: z.infer<typeof Operation>;
}

/** Lists every operation of an OpenAPI document. */
export const operationsOf = (document: unknown): DescribedOperation[] =>
  Object.entries(Document.parse(JSON.parse(JSON.stringify(document))).paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => ({ method: method.toUpperCase(), path, operation })),
  );

interface DescribedExample {
  where: string;
  /** Where its schema is, as a JSON pointer. */
  schema: string;
  example: unknown;
  required: boolean;
}

const pointer = (...parts: (string | number)[]): string =>
  parts
    .map((part) => `/${encodeURIComponent(String(part).replaceAll('~', '~0').replaceAll('/', '~1'))}`)
    .join('');

function examplesOfResponse(
  where: string,
  at: (string | number)[],
  { headers = {}, content = {} }: z.infer<typeof Response>,
): DescribedExample[] {
  return [
    ...examplesOfContent(where, at, content),
    ...Object.entries(headers).map(([name, { example }]) => ({
      where: `${where} ${name}`,
      schema: pointer(...at, 'headers', name, 'schema'),
      example,
      required: false,
    })),
  ];
}

const examplesOfContent = (
  where: string,
  at: (string | number)[],
  content: z.infer<typeof MediaTypes>,
): DescribedExample[] =>
  Object.entries(content).map(([type, { example }]) => ({
    where: `${where} ${type}`,
    schema: pointer(...at, 'content', type, 'schema'),
    example,
    required: true,
  }));

/** Lists every place of a document that can have an example of a schema. */
export function describedExamples(document: unknown): DescribedExample[] {
  const { components } = Document.parse(JSON.parse(JSON.stringify(document)));
  const shared = Object.entries(components.responses).flatMap(([name, response]) =>
    examplesOfResponse(name, ['components', 'responses', name], response),
  );
  const own = operationsOf(document).flatMap(({ method, path, operation }) => {
    const at = ['paths', path, method.toLowerCase()];
    const where = operation.operationId;
    return [
      ...(operation.parameters ?? []).map(({ name, example, required = false }, index) => ({
        where: `${where} ${name}`,
        schema: pointer(...at, 'parameters', index, 'schema'),
        example,
        required,
      })),
      ...examplesOfContent(`${where} body`, [...at, 'requestBody'], operation.requestBody?.content ?? {}),
      ...Object.entries(operation.responses).flatMap(([status, response]) =>
        examplesOfResponse(`${where} ${status}`, [...at, 'responses', status], response),
      ),
    ];
  });
  return [...shared, ...own];
}

import { readFileSync } from 'node:fs';
import * as z from 'zod';

const mockedResponse = z.object({
  return: z.json().optional(),
  echo: z.boolean().optional(),
  error: z.string().optional(),
  cause: z.json().optional(),
  unanswered: z.boolean().optional(),
  delaySeconds: z.number().optional(),
});
export type MockedResponse = z.infer<typeof mockedResponse>;

const event = z.object({
  id: z.int(),
  previousEventId: z.int(),
  type: z.string(),
  details: z.record(z.string(), z.json()).nullable().default({}),
});
export type RecordedEvent = z.infer<typeof event>;

/** One execution that AWS recorded; recorded-histories/FORMAT.md explains each field. */
const recordedCase = z.object({
  id: z.string(),
  recorded: z.string(),
  queryLanguage: z.enum(['JSONPath', 'JSONata', 'mixed']),
  type: z.enum(['STANDARD', 'EXPRESS']),
  definition: z.json(),
  input: z.json(),
  expectedStatus: z.enum(['SUCCEEDED', 'FAILED']),
  expectedOutput: z.json().optional(),
  expectedError: z.json().optional(),
  expectedCause: z.json().optional(),
  expectedEvents: z.array(event).nullable().optional(),
  eventOrder: z.enum(['exact', 'interleaved', 'sorted']).nullable().optional(),
  mocks: z
    .record(z.string(), z.union([mockedResponse, z.array(mockedResponse)]))
    .nullable()
    .optional(),
});
export type RecordedCase = z.infer<typeof recordedCase>;

/** Reads the recorded cases. */
export const recordedCases = (): RecordedCase[] =>
  z
    .array(recordedCase)
    .parse(JSON.parse(readFileSync(new URL('recorded-histories/open.json', import.meta.url), 'utf8')));

import { describe, expect, test } from '@jest/globals';
import { Validator } from '@seriousme/openapi-schema-validator';
import { Ajv2020 } from 'ajv/dist/2020.js';
import addFormats from 'ajv-formats';
import * as z from 'zod';
import { Authorization } from '../../../../jobs/settings.ts';
import { readFunctions } from '../../../../local/service-definition.ts';
import { openApiDocument } from '../../../../api/openapi/document.ts';
import { renderLogLine } from '../../../../cli/output/log.ts';
import * as examples from '../../../../api/openapi/examples.ts';
import { describedExamples, operationsOf } from '../../../harness/operations.ts';

const root = new URL('../../../..', import.meta.url).pathname;
const authorizations = Authorization.options;
const document = openApiDocument('jwt');
const operations = operationsOf(document);

test.each(authorizations)('the document is OpenAPI 3.1, with auth=%s', async (authorization) => {
  const validator = new Validator();
  // A copy as it is served: what JSON cannot hold must not count.
  const served = JSON.parse(JSON.stringify(openApiDocument(authorization))) as Record<string, unknown>;
  expect(await validator.validate(served)).toEqual({ valid: true });
  expect(validator.version).toBe('3.1');
});

// A route that the document lacks is in no client, and no test checks that it hides the jobs of other owners.
test('the document has the routes of serverless.yml, and no others', () => {
  const routes = readFunctions(root).flatMap((definition) => definition.routes);
  expect(operations.map(({ method, path }) => `${method} ${path}`).sort()).toEqual(routes.sort());
});

describe('examples', () => {
  const ajv = new Ajv2020({ strict: false, allErrors: true });
  addFormats.default(ajv);
  // The API's own.
  ajv.addFormat('crontab', true).addFormat('iana-time-zone', true);
  ajv.addSchema({ $id: 'document', ...(JSON.parse(JSON.stringify(document)) as object) });
  const described = describedExamples(document);

  test('exist for every body and every required parameter', () => {
    expect(described.filter(({ example, required }) => required && example === undefined)).toEqual([]);
  });

  test.each(described.filter(({ example }) => example !== undefined))(
    '$where fits its schema',
    ({ schema, example }) => {
      const valid = ajv.validate({ $ref: `document#${schema}` }, example);
      expect({ valid, errors: ajv.errorsText() }).toEqual({ valid: true, errors: 'No errors' });
    },
  );
});

// A client that is written for the example must be able to read the program's lines; a test of npm start compares both.
test('the log lines of the examples are those that the command reads', () => {
  for (const { attempt, lines } of examples.logs.attempts) {
    expect(lines.length).toBeGreaterThan(0);
    for (const line of lines) {
      expect(renderLogLine(attempt, line)).toMatch(
        new RegExp(
          `^${attempt}  2026-11-27T10:00:0[24]\\.\\d{3}Z  (info |error) attempt (started|failed|succeeded)`,
        ),
      );
    }
  }
});

const ServiceError = z.object({
  content: z.object({
    'application/json': z.object({ example: z.object({ error: z.object({ code: z.string() }) }) }),
  }),
});

// api/errors.ts decides both: a response in the document under another status than the one that is sent would be wrong.
test('every error of the service is documented under the status of its code', () => {
  const statuses: Record<string, string> = {
    InvalidRequest: '400',
    Forbidden: '403',
    NotFound: '404',
    Conflict: '409',
    PayloadTooLarge: '413',
    TooManyRequests: '429',
    InternalError: '500',
  };
  const documented = operations.flatMap(({ operation }) =>
    Object.entries(operation.responses).flatMap(([status, response]) => {
      const name = /[^/]+$/.exec(z.string().catch('').parse(response['$ref']))?.[0] ?? '';
      const { data } = ServiceError.safeParse(document.components?.responses?.[name]);
      return data ? [{ status, code: data.content['application/json'].example.error.code }] : [];
    }),
  );
  expect(new Set(documented.map(({ code }) => code))).toEqual(new Set(Object.keys(statuses)));
  for (const { status, code } of documented)
    expect({ code, status }).toEqual({ code, status: statuses[code] });
});

describe('links', () => {
  const ids = operations.map(({ operation }) => operation.operationId);
  const linked = (operationId: string): string[] =>
    operations
      .filter(({ operation }) => operation.operationId === operationId)
      .flatMap(({ operation }) => Object.values(operation.responses))
      .flatMap(({ links }) => Object.values(links ?? {}).map((link) => link.operationId));

  test('lead to operations that exist', () => {
    for (const id of ids) expect(ids).toEqual(expect.arrayContaining(linked(id)));
  });

  // From what was created, links lead to every operation on it: stateful tests follow them.
  test.each([
    ['createJob', '{jobId}'],
    ['createSchedule', '{scheduleId}'],
  ])('lead from %s to every operation with %s', (operationId, parameter) => {
    const about = operations.filter(({ path }) => path.includes(parameter));
    expect(about.length).toBeGreaterThan(3);
    expect(linked(operationId)).toEqual(
      expect.arrayContaining(about.map(({ operation }) => operation.operationId)),
    );
  });
});

describe('authorization', () => {
  test('with tokens every operation requires one of its scopes, and documents 401 and 403', () => {
    for (const { method, operation } of operations) {
      const scope = method === 'GET' ? 'jobs:read' : 'jobs:write';
      expect(operation.security).toEqual([{ bearer: [scope] }, { bearer: ['jobs:admin'] }]);
      expect(Object.keys(operation.responses)).toEqual(expect.arrayContaining(['401', '403']));
    }
  });

  test('with signatures every operation requires one, and documents 403', () => {
    for (const { operation } of operationsOf(openApiDocument('iam'))) {
      expect(operation.security).toEqual([{ sigv4: [] }]);
      expect(Object.keys(operation.responses)).toContain('403');
      expect(Object.keys(operation.responses)).not.toContain('401');
    }
  });

  test('without an authorizer nothing is required', () => {
    for (const { operation } of operationsOf(openApiDocument('none'))) {
      expect(operation.security).toEqual([]);
      expect(Object.keys(operation.responses)).not.toContain('403');
    }
  });
});

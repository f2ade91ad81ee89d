import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { openApiDocument } from '../../api/openapi/document.ts';
import { type DescribedOperation, operationsOf } from '../harness/operations.ts';
import { type Answer, type Client, eventually, RunningService } from '../harness/running-service.ts';

/**
 * Two owners: neither sees nor changes what belongs to the other. The requests are made from the OpenAPI document, so that a new
 * route cannot be forgotten. A route with an id of a new kind fails here until this test can create such a thing.
 */
interface ErrorBody {
  error: object;
}

/** An owner, with the ids of what belongs to the owner. */
interface Owner {
  client: Client;
  name: string;
  /** By the name of the parameter that they are ids for: a job that has ended and one that runs, two schedules. */
  ids: Record<string, string[]>;
}

const operations = operationsOf(openApiDocument('jwt'));
const ofOne = operations.filter(({ path }) => path.includes('{'));
const ofAll = operations.filter(({ method, path }) => method === 'GET' && !path.includes('{'));
const keyed = operations.filter(({ operation }) => hasParameter(operation, 'Idempotency-Key'));
const named = (described: readonly DescribedOperation[]) =>
  described.map((each) => ({ name: `${each.method} ${each.path}`, ...each }));

function hasParameter({ parameters = [] }: DescribedOperation['operation'], name: string): boolean {
  return parameters.some((parameter) => parameter.name === name);
}

let service: RunningService;
let victim: Owner;
let other: Owner;

async function owner(name: string): Promise<Owner> {
  const client = await service.as(name);
  const ended = await client.post({ input: { source: 'synthetic', records: 1 } });
  await client.ended(ended);
  const running = await client.post({ input: { source: 'synthetic', records: 1e6, recordsPerSecond: 1 } });
  // After its first lines the job prints no more for a while: what can be read of it stays the same.
  await eventually(
    async () => (await client.job(running)).attempts.some(({ log }) => log.length > 0) || undefined,
    'a running job',
  );
  const body = JSON.stringify({ cron: '@yearly', name: `schedule of ${name}` });
  const schedule = async (): Promise<string> =>
    (await client.request<{ scheduleId: string }>('POST', '/jobs/schedule', { body })).body.scheduleId;
  return { client, name, ids: { jobId: [ended, running], scheduleId: [await schedule(), await schedule()] } };
}

beforeAll(async () => {
  service = await RunningService.start({ arguments: ['--auth', 'jwt'] });
  [victim, other] = await Promise.all([owner('owner-5d1f'), owner('owner-9c3e')]);
});

afterAll(() => service.stop());

/** The paths of an operation with these ids filled in: one for each id of its kind. */
function pathsOf(path: string, ids: Owner['ids']): string[] {
  const name = /\{(\w+)\}/.exec(path)?.[1];
  if (name === undefined) return [path];
  const known = ids[name];
  if (!known) throw new Error(`this test does not know ${name}: create one for each owner`);
  return known.map((id) => path.replace(`{${name}}`, id));
}

const exampleOf = ({ requestBody }: DescribedOperation['operation']): RequestInit =>
  requestBody ? { body: JSON.stringify(requestBody.content['application/json']?.example) } : {};

const send = (
  { client }: Owner,
  { method, operation }: DescribedOperation,
  path: string,
  init: RequestInit = {},
): Promise<Answer<unknown>> => client.request(method, path, { ...exampleOf(operation), ...init });

/** An id that never existed. */
const unknownId = (id: string): string => (id.startsWith('0') ? '1' : '0') + id.slice(1);

/** Everything that an owner can read, except the progress of a running job. */
async function allOf({ client, ids }: Owner): Promise<unknown> {
  const reads = ofOne.filter(({ method }) => method === 'GET');
  const paths = reads.flatMap(({ path }) => pathsOf(path, ids));
  const lists = ofAll.map(({ path }) => path).filter((path) => path !== '/jobs/stats');
  const answers = await Promise.all([...paths, ...lists].map((path) => client.request('GET', path)));
  return answers.map(({ body }) => withoutProgress(body));
}

const withoutProgress = (body: unknown): unknown =>
  JSON.parse(JSON.stringify(body, (name, value: unknown) => (name === 'progress' ? undefined : value)));

describe('what belongs to one owner does not exist for another', () => {
  test.each(named(ofOne))('$name', async (described) => {
    const before = await allOf(victim);
    const nowhere = Object.fromEntries(
      Object.entries(victim.ids).map(([name, ids]) => [name, ids.map(unknownId)]),
    );
    const never = pathsOf(described.path, nowhere);
    for (const [index, path] of pathsOf(described.path, victim.ids).entries()) {
      const theirs = await send(other, described, path);
      const none = await send(other, described, never[index] ?? '');
      expect([theirs.status, (theirs.body as ErrorBody).error]).toEqual([
        404,
        (none.body as ErrorBody).error,
      ]);
    }
    expect(await allOf(victim)).toEqual(before);
  });
});

describe('lists and sums do not show what belongs to another owner', () => {
  const traces = (): RegExp => new RegExp([victim.name, ...Object.values(victim.ids).flat()].join('|'));

  test.each(named(ofAll))('$name', async (described) => {
    // A list that can be filtered by an id, filtered by the other owner's ids.
    const filters = (described.operation.parameters ?? []).flatMap(({ name }) =>
      (victim.ids[name] ?? []).map((id) => `?${name}=${id}`),
    );
    const queries = ['', ...filters];
    for (const query of queries) {
      const { status, body } = await send(other, described, described.path + query);
      expect(status).toBe(200);
      expect(JSON.stringify(body)).not.toMatch(traces());
    }
  });

  const nextPageOf = ({ operation }: DescribedOperation): Record<string, string> | undefined =>
    operation.responses['200']?.links?.['nextPage']?.parameters;
  const paged = ofAll.filter((described) => nextPageOf(described));
  test.each(named(paged))('$name with the cursor of another owner', async (described) => {
    const [cursor = ''] = Object.keys(nextPageOf(described) ?? {});
    const page = await send(victim, described, `${described.path}?limit=1`);
    const where = (page.body as Record<string, string>)[cursor];
    expect(where).toEqual(expect.any(String));
    const { body } = await send(other, described, `${described.path}?${cursor}=${where ?? ''}`);
    expect(JSON.stringify(body)).not.toMatch(traces());
  });
});

describe('an Idempotency-Key belongs to its owner', () => {
  test.each(named(keyed))('$name', async (described) => {
    const headers = { 'idempotency-key': `key of ${described.operation.operationId}`.replaceAll(' ', '-') };
    const ask = (asking: Owner) =>
      send(asking, described, pathsOf(described.path, asking.ids)[0] ?? '', { headers });
    const [first, theirs, again] = [await ask(victim), await ask(other), await ask(victim)];
    expect([first.status, theirs.status].map((status) => status === 201 || status === 202)).toEqual([
      true,
      true,
    ]);
    expect(theirs.headers.get('location')).not.toBe(first.headers.get('location'));
    expect(theirs.headers.get('idempotency-replayed')).toBeNull();
    expect([again.status, again.headers.get('idempotency-replayed')]).toEqual([200, 'true']);
    expect(again.headers.get('location')).toBe(first.headers.get('location'));
  });
});

// Last, because it changes things. It shows that the 404s above depend on the caller, not on the request.
describe('the owner can do all of that', () => {
  const last = (described: DescribedOperation): number => (described.method === 'DELETE' ? 1 : 0);
  test.each(named([...ofOne].sort((left, right) => last(left) - last(right))))('$name', async (described) => {
    const answers = await Promise.all(
      pathsOf(described.path, victim.ids).map((path) => send(victim, described, path)),
    );
    const statuses = answers.map(({ status }) => status);
    expect(statuses.some((status) => status < 300)).toBe(true);
    expect(statuses).not.toContain(404);
  });
});

import { Watch } from '@kubernetes/client-node';
import * as z from 'zod';
import { describeError } from '../../../lib/describe-error.ts';
import type { ApiServer } from './api-server.ts';

const Version = z.object({ metadata: z.object({ resourceVersion: z.string() }) });
const Refusal = z.looseObject({ code: z.number().optional(), message: z.string().optional() });

/** What Watch ends with when nothing arrived for half a minute. */
const Silence = z.object({ name: z.literal('TimeoutError') });

/** What is watched: a collection's path, and the label of the objects in it. */
export interface Collection {
  path: string;
  labelSelector: string;
}

/**
 * Watches a collection until the stream ends, as the server lets it every few minutes, or falls silent for 30 seconds
 * (Watch's own limit, for connections that died unnoticed).
 * @param from the version to begin after.
 * @param onEvent ADDED, MODIFIED or DELETED, and the object.
 * @returns the version to go on from; undefined when that is too old by now, and what happened since is not to be known.
 * @throws Error when the connection breaks, or an event is not to be understood.
 */
export function stream(
  api: ApiServer,
  { path, labelSelector }: Collection,
  from: string,
  onEvent: (type: string, object: unknown) => void,
  signal: AbortSignal,
): Promise<string | undefined> {
  return new Promise((resolve, reject) => {
    let version: string | undefined = from;
    let problem: Error | undefined;
    let connection: AbortController | undefined;
    const end = (): void => {
      connection?.abort();
    };
    signal.addEventListener('abort', end, { once: true });
    const done = (error: unknown): void => {
      signal.removeEventListener('abort', end);
      if (problem) reject(problem);
      else if (error === null || Silence.safeParse(error).success) resolve(version);
      else reject(new Error(describeError(error), { cause: error }));
    };
    // Watch says nothing of what its callback throws.
    const event = (type: string, object: unknown): void => {
      try {
        version = type === 'ERROR' ? versionAfter(object) : versionOf(object);
        if (type !== 'ERROR' && type !== 'BOOKMARK') onEvent(type, object);
      } catch (error) {
        problem = new Error(describeError(error), { cause: error });
        end();
      }
    };
    // Without bookmarks a quiet collection's version grows too old.
    const query = { labelSelector, resourceVersion: from, allowWatchBookmarks: true };
    new Watch(api.config).watch(path, query, event, done).then((controller) => {
      connection = controller;
      if (signal.aborted) end();
    }, done);
  });
}

const versionOf = (object: unknown): string => Version.parse(object).metadata.resourceVersion;

/** 410 Gone is no fault: from here on only a list helps. */
function versionAfter(refusal: unknown): string | undefined {
  const { code, message } = Refusal.parse(refusal);
  if (code !== 410) throw new Error(message ?? 'the watch failed');
  return undefined;
}

import { Watch } from '@kubernetes/client-node';
import * as z from 'zod';
import { describeError } from '../../../lib/describe-error.ts';
import type { ContextApiServer } from './api-server.ts';

const Version = z.object({ metadata: z.object({ resourceVersion: z.string() }) });
const ErrorEvent = z.looseObject({ code: z.number().optional(), message: z.string().optional() });

/** The error with which Watch ends when nothing arrived for half a minute. */
const SilenceTimeout = z.object({ name: z.literal('TimeoutError') });

/** A collection to watch: its path, and the label of the objects in it. */
export interface Collection {
  path: string;
  labelSelector: string;
}

/**
 * Watches a collection until the stream ends, which the server does every few minutes, or is silent for 30 seconds
 * (Watch's own limit, for connections that broke unnoticed).
 * @param from the version to begin after.
 * @param onEvent gets ADDED, MODIFIED or DELETED, and the object.
 * @returns the version to continue from; undefined when the server no longer has it, so that changes were missed.
 * @throws Error when the connection breaks, or an event cannot be parsed.
 */
export function stream(
  api: ContextApiServer,
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
      else if (error === null || SilenceTimeout.safeParse(error).success) resolve(version);
      else reject(new Error(describeError(error), { cause: error }));
    };
    // Watch ignores errors of its callback.
    const event = (type: string, object: unknown): void => {
      try {
        version = type === 'ERROR' ? versionAfter(object) : versionOf(object);
        if (type !== 'ERROR' && type !== 'BOOKMARK') onEvent(type, object);
      } catch (error) {
        problem = new Error(describeError(error), { cause: error });
        end();
      }
    };
    // Without bookmarks the version of a quiet collection becomes too old.
    const query = { labelSelector, resourceVersion: from, allowWatchBookmarks: true };
    new Watch(api.connection.config).watch(path, query, event, done).then((controller) => {
      connection = controller;
      if (signal.aborted) end();
    }, done);
  });
}

const versionOf = (object: unknown): string => Version.parse(object).metadata.resourceVersion;

/** Handles an ERROR event. 410 Gone is expected: only a new list helps then. */
function versionAfter(event: unknown): string | undefined {
  const { code, message } = ErrorEvent.parse(event);
  if (code !== 410) throw new Error(message ?? 'the watch failed');
  return undefined;
}

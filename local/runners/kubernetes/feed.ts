import { setTimeout as sleep } from 'node:timers/promises';
import * as z from 'zod';
import { describeError } from '../../../lib/describe-error.ts';
import { messageOf } from '../../aws/step-functions/integrations/job-runner.ts';
import type { ContextApiServer } from './api-server.ts';
import { type Collection, stream } from './stream.ts';

/** The fields of every object that a feed follows. */
export interface FeedItem {
  metadata: { name: string; uid: string };
}

/** A caller that waits for an object. `look` gets its state at each change, and undefined once it is gone. */
interface Waiter<Item> {
  uid: string;
  look: (state: Item | undefined) => void;
}

/** How many deleted objects are remembered, for a caller that waits for one a moment later. */
const deletedLimit = 10_000;

/** How soon the watch should report an object that was just created: milliseconds. */
const reportedWithin = 3000;

/** A stream that ends sooner counts as a fault of the server: milliseconds. */
const shortStream = 1000;

const List = z.object({ metadata: z.object({ resourceVersion: z.string() }), items: z.array(z.unknown()) });

/**
 * Follows all objects of a collection that have a label, with one list and one watch for all callers. After the end of a
 * stream it continues from the same version; after a fault, 410 Gone included, it begins with a new list.
 * The library's informer does not fit: it ends at a fault, continues after it was stopped, and keeps a version that the
 * server does not know.
 */
export class Feed<Item extends FeedItem> {
  readonly #api: ContextApiServer;
  readonly #collection: Collection;
  readonly #schema: z.ZodType<Item>;
  readonly #onChange: (item: Item) => void;
  readonly #stopping = new AbortController();
  readonly #waiters = new Map<string, Set<Waiter<Item>>>();
  readonly #items = new Map<string, Item>();
  readonly #deleted = new Set<string>();
  #following: Promise<void> | undefined;

  /** @param path of the collection, as /apis/batch/v1/namespaces/eks-jobs/jobs. */
  constructor(
    api: ContextApiServer,
    path: string,
    labelSelector: string,
    schema: z.ZodType<Item>,
    onChange: (item: Item) => void = () => undefined,
  ) {
    this.#api = api;
    this.#collection = { path, labelSelector };
    this.#schema = schema;
    this.#onChange = onChange;
  }

  start(): void {
    this.#following ??= this.#follow();
  }

  async stop(): Promise<void> {
    this.#stopping.abort();
    await this.#following;
  }

  /**
   * Waits for an object.
   * @param look returns a value when the object has the awaited state; the state is undefined once the object is gone.
   * @param signal stops the waiting: the promise rejects with its reason.
   */
  until<Value>(
    { name, uid }: FeedItem['metadata'],
    look: (state: Item | undefined) => Value | undefined,
    signal: AbortSignal,
  ): Promise<Value> {
    const { promise, resolve, reject } = Promise.withResolvers<Value>();
    const waiters = this.#waiters.get(uid) ?? new Set();
    const stopWaiting = (): void => {
      signal.removeEventListener('abort', abort);
      waiters.delete(waiter);
      if (waiters.size === 0) this.#waiters.delete(uid);
    };
    const abort = (): void => {
      stopWaiting();
      reject(signal.reason as Error);
    };
    const waiter: Waiter<Item> = {
      uid,
      look: (state) => {
        const value = look(state);
        if (value === undefined) return;
        stopWaiting();
        resolve(value);
      },
    };
    this.#waiters.set(uid, waiters.add(waiter));
    signal.addEventListener('abort', abort, { once: true });
    if (signal.aborted) abort();
    else if (this.#deleted.has(uid)) waiter.look(undefined);
    else if (this.#items.has(uid)) waiter.look(this.#items.get(uid));
    else void this.#ensureReported(name, uid);
    return promise;
  }

  /** Requests an object that the watch does not report soon: it may have been deleted before the watch began. */
  async #ensureReported(name: string, uid: string): Promise<void> {
    const { signal } = this.#stopping;
    for (;;) {
      await sleep(reportedWithin, undefined, { signal, ref: false }).catch(() => undefined);
      if (signal.aborted || this.#items.has(uid) || !this.#waiters.has(uid)) return;
      try {
        const { statusCode, body } = await this.#api.request('GET', `${this.#collection.path}/${name}`);
        const exists = statusCode === 200 && this.#schema.parse(body).metadata.uid === uid;
        if (!exists && (statusCode === 200 || statusCode === 404)) this.#removed(uid);
      } catch {
        // Without a response the state stays unknown; the loop tries again.
      }
    }
  }

  async #follow(): Promise<void> {
    const { signal } = this.#stopping;
    const isStopped = (): boolean => signal.aborted;
    let version: string | undefined;
    let faults = 0;
    let reported = false;
    while (!isStopped()) {
      try {
        version ??= await this.#list();
        if (reported) console.error(`eks-jobs: ${this.#api.connection.server} responds again`);
        reported = false;
        const startedAt = Date.now();
        version = await stream(this.#api, this.#collection, version, this.#onEvent, signal);
        const isShort = version === undefined || Date.now() - startedAt < shortStream;
        faults = isShort ? faults + 1 : 0;
      } catch (error) {
        if (isStopped()) return;
        version = undefined;
        faults += 1;
        // One fault occurs at each restart of an API server: report only the second.
        if (faults === 2) {
          console.error(`eks-jobs: cannot follow the Jobs: ${describeError(error)}; retrying`);
          reported = true;
        }
      }
      if (faults > 0) await sleep(backoff(faults), undefined, { signal }).catch(() => undefined);
    }
  }

  /** Lists the collection. @returns its version. */
  async #list(): Promise<string> {
    const { path, labelSelector } = this.#collection;
    const query = new URLSearchParams({ labelSelector }).toString();
    const { statusCode, body } = await this.#api.request('GET', `${path}?${query}`);
    if (statusCode !== 200) throw new Error(`${statusCode} ${messageOf(body)}`);
    const { metadata, items } = List.parse(body);
    const missing = new Set(this.#items.keys());
    for (const item of items.map((object) => this.#schema.parse(object))) {
      missing.delete(item.metadata.uid);
      this.#changed(item);
    }
    for (const uid of missing) this.#removed(uid);
    return metadata.resourceVersion;
  }

  readonly #onEvent = (type: string, object: unknown): void => {
    const item = this.#schema.parse(object);
    if (type === 'DELETED') this.#removed(item.metadata.uid);
    else this.#changed(item);
  };

  #changed(item: Item): void {
    this.#items.set(item.metadata.uid, item);
    this.#onChange(item);
    for (const waiter of [...(this.#waiters.get(item.metadata.uid) ?? [])]) waiter.look(item);
  }

  #removed(uid: string): void {
    this.#items.delete(uid);
    this.#deleted.add(uid);
    const [oldest] = this.#deleted;
    if (this.#deleted.size > deletedLimit && oldest !== undefined) this.#deleted.delete(oldest);
    for (const waiter of [...(this.#waiters.get(uid) ?? [])]) waiter.look(undefined);
  }
}

/** Returns the delay after a number of faults: a quarter of a second to ten seconds, with jitter. Milliseconds. */
const backoff = (faults: number): number =>
  Math.min(250 * 2 ** (faults - 1), 10_000) * (0.5 + Math.random() / 2);

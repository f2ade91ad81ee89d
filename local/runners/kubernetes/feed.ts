import { setTimeout as sleep } from 'node:timers/promises';
import { Watch } from '@kubernetes/client-node';
import * as z from 'zod';
import { messageOf } from '../job-runner.ts';
import { type ApiServer, reasonOf } from './api-server.ts';

/** What every object has. */
export interface Tracked {
  metadata: { name: string; uid: string };
}

/** One who waits for an object; called with its state whenever it changes, with undefined once it is gone. */
interface Waiter<Item> {
  uid: string;
  look: (state: Item | undefined) => void;
}

/** Objects that went lately are remembered, for those who ask about one a moment later. */
const remembered = 10_000;

/** How soon the watch should show an object that was just made: milliseconds. */
const seenWithin = 3000;

const List = z.object({ metadata: z.object({ resourceVersion: z.string() }), items: z.array(z.unknown()) });
const Version = z.object({ metadata: z.object({ resourceVersion: z.string() }) });
/** What Watch ends with when nothing arrived for half a minute. */
const Silence = z.object({ name: z.literal('TimeoutError') });
const Refusal = z.looseObject({ code: z.number().optional(), message: z.string().optional() });

/**
 * All objects of a collection with a label, as they are now: one list and one watch, however many wait for them.
 * Follows the collection for ever: from where it was when the server ends the stream (as it does every few minutes) or
 * the stream falls silent for 30 seconds (Watch's own limit, for connections that died unnoticed), and from a new list
 * after any fault, 410 Gone among them; its backoff grows to 10 seconds. The library's informer ends at a fault, goes
 * on after it was stopped, and never forgets a version that the server does not know.
 */
export class Feed<Item extends Tracked> {
  readonly #api: ApiServer;
  readonly #path: string;
  readonly #labelSelector: string;
  readonly #schema: z.ZodType<Item>;
  readonly #onChange: (item: Item) => void;
  readonly #watch: Watch;
  readonly #stopping = new AbortController();
  readonly #waiters = new Set<Waiter<Item>>();
  readonly #gone = new Set<string>();
  #items = new Map<string, Item>();
  #following: Promise<void> | undefined;

  /** @param path of the collection, as /apis/batch/v1/namespaces/eks-jobs/jobs. */
  constructor(
    api: ApiServer,
    path: string,
    labelSelector: string,
    schema: z.ZodType<Item>,
    onChange: (item: Item) => void = () => undefined,
  ) {
    this.#api = api;
    this.#path = path;
    this.#labelSelector = labelSelector;
    this.#schema = schema;
    this.#onChange = onChange;
    this.#watch = new Watch(api.config);
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
   * @param item as it was last seen by whoever asks.
   * @param look gives a value once the object's state is what is waited for; its state is undefined once it is gone.
   * @param signal ends the waiting: the promise rejects with its reason.
   */
  until<Value>(
    item: Item,
    look: (state: Item | undefined) => Value | undefined,
    signal: AbortSignal,
  ): Promise<Value> {
    return new Promise((resolve, reject) => {
      const { uid } = item.metadata;
      const abort = (): void => {
        this.#waiters.delete(waiter);
        reject(signal.reason as Error);
      };
      const waiter: Waiter<Item> = {
        uid,
        look: (state) => {
          const value = look(state);
          if (value === undefined) return;
          this.#waiters.delete(waiter);
          signal.removeEventListener('abort', abort);
          resolve(value);
        },
      };
      if (signal.aborted) {
        abort();
        return;
      }
      signal.addEventListener('abort', abort, { once: true });
      this.#waiters.add(waiter);
      waiter.look(this.#gone.has(uid) ? undefined : (this.#items.get(uid) ?? item));
      void this.#ensureSeen(waiter, item.metadata.name);
    });
  }

  /** An object that the watch does not show soon may have gone before it began: asks for that one. */
  async #ensureSeen(waiter: Waiter<Item>, name: string): Promise<void> {
    const { signal } = this.#stopping;
    const isUnseen = (): boolean =>
      this.#waiters.has(waiter) && !this.#items.has(waiter.uid) && !signal.aborted;
    while (isUnseen()) {
      await sleep(seenWithin, undefined, { signal, ref: false }).catch(() => undefined);
      if (!isUnseen()) return;
      try {
        const { statusCode, body } = await this.#api.request('GET', `${this.#path}/${name}`);
        const there = statusCode === 200 && this.#schema.parse(body).metadata.uid === waiter.uid;
        if (!there && (statusCode === 200 || statusCode === 404)) waiter.look(undefined);
      } catch {
        // No answer is no news.
      }
    }
  }

  async #follow(): Promise<void> {
    const { signal } = this.#stopping;
    let version: string | undefined;
    let faults = 0;
    while (!signal.aborted) {
      try {
        if (version === undefined) {
          version = await this.#list();
          if (faults > 1) console.error(`eks-jobs: ${this.#api.url} answers again`);
        }
        const began = Date.now();
        version = await this.#stream(version);
        // A server that ends each stream at once must not be asked in a loop.
        faults = version === undefined || Date.now() - began < 1000 ? faults + 1 : 0;
      } catch (error) {
        if (this.#stopping.signal.aborted) return;
        version = undefined;
        faults += 1;
        // The first fault is every API server's restart.
        if (faults === 2) console.error(`eks-jobs: cannot follow the jobs: ${reasonOf(error)}; trying again`);
      }
      if (faults > 0) await sleep(backoff(faults), undefined, { signal }).catch(() => undefined);
    }
  }

  /** @returns the collection's version. */
  async #list(): Promise<string> {
    const { statusCode, body } = await this.#api.request(
      'GET',
      `${this.#path}?${new URLSearchParams({ labelSelector: this.#labelSelector }).toString()}`,
    );
    if (statusCode !== 200) throw new Error(`${statusCode} ${messageOf(body)}`);
    const { metadata, items } = List.parse(body);
    const left = new Set(this.#items.keys());
    for (const item of items.map((object) => this.#schema.parse(object))) {
      left.delete(item.metadata.uid);
      this.#changed(item);
    }
    for (const uid of left) this.#left(uid);
    return metadata.resourceVersion;
  }

  /** Watches until the stream ends. @returns the version to go on from; undefined when it is too old by now. */
  #stream(from: string): Promise<string | undefined> {
    const { signal } = this.#stopping;
    return new Promise((resolve, reject) => {
      let version: string | undefined = from;
      let problem: Error | undefined;
      let stream: AbortController | undefined;
      const end = (): void => stream?.abort();
      signal.addEventListener('abort', end, { once: true });
      const done = (error: unknown): void => {
        signal.removeEventListener('abort', end);
        if (problem) reject(problem);
        else if (error === null || Silence.safeParse(error).success) resolve(version);
        else reject(new Error(reasonOf(error), { cause: error }));
      };
      const event = (type: string, object: unknown): void => {
        try {
          if (type === 'ERROR') {
            const { code, message } = Refusal.parse(object);
            version = undefined;
            if (code !== 410) throw new Error(message ?? 'the watch failed');
          } else {
            this.#take(type, object);
            version = Version.parse(object).metadata.resourceVersion;
          }
        } catch (error) {
          problem = new Error(reasonOf(error), { cause: error });
          end();
        }
      };
      const query = {
        labelSelector: this.#labelSelector,
        resourceVersion: from,
        // Without bookmarks a quiet collection's version grows too old.
        allowWatchBookmarks: true,
      };
      this.#watch.watch(this.#path, query, event, done).then((controller) => {
        stream = controller;
        if (signal.aborted) end();
      }, done);
    });
  }

  #take(type: string, object: unknown): void {
    if (type === 'BOOKMARK') return;
    const item = this.#schema.parse(object);
    if (type === 'DELETED') this.#left(item.metadata.uid);
    else this.#changed(item);
  }

  #changed(item: Item): void {
    const { uid } = item.metadata;
    this.#items.set(uid, item);
    this.#onChange(item);
    for (const waiter of this.#of(uid)) waiter.look(item);
  }

  #left(uid: string): void {
    this.#items.delete(uid);
    this.#gone.add(uid);
    const [oldest] = this.#gone;
    if (this.#gone.size > remembered && oldest !== undefined) this.#gone.delete(oldest);
    for (const waiter of this.#of(uid)) waiter.look(undefined);
  }

  readonly #of = (uid: string): Waiter<Item>[] => [...this.#waiters].filter((waiter) => waiter.uid === uid);
}

/** From a quarter of a second to ten, with jitter: milliseconds. */
const backoff = (faults: number): number =>
  Math.min(250 * 2 ** (faults - 1), 10_000) * (0.5 + Math.random() / 2);

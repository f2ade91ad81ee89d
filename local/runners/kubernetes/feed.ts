import { setTimeout as sleep } from 'node:timers/promises';
import * as z from 'zod';
import { describeError } from '../../../lib/describe-error.ts';
import { messageOf } from '../../aws/step-functions/integrations/job-runner.ts';
import type { ApiServer } from './api-server.ts';
import { type Collection, stream } from './stream.ts';

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

/** A stream that ends sooner is one the server does not want: milliseconds. */
const shortStream = 1000;

const List = z.object({ metadata: z.object({ resourceVersion: z.string() }), items: z.array(z.unknown()) });

/**
 * All objects of a collection with a label, as they are now: one list and one watch, however many wait for them. Follows
 * the collection for ever: from where it was when a stream ends, from a new list after any fault, 410 Gone among them.
 * The library's informer ends at a fault, goes on after it was stopped, and never forgets a version that the server
 * does not know.
 */
export class Feed<Item extends Tracked> {
  readonly #api: ApiServer;
  readonly #collection: Collection;
  readonly #schema: z.ZodType<Item>;
  readonly #onChange: (item: Item) => void;
  readonly #stopping = new AbortController();
  readonly #waiters = new Map<string, Set<Waiter<Item>>>();
  readonly #items = new Map<string, Item>();
  readonly #gone = new Set<string>();
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
   * @param look gives a value once the object's state is what is waited for; the state is undefined once it is gone.
   * @param signal ends the waiting: the promise rejects with its reason.
   */
  until<Value>(
    { name, uid }: Tracked['metadata'],
    look: (state: Item | undefined) => Value | undefined,
    signal: AbortSignal,
  ): Promise<Value> {
    const { promise, resolve, reject } = Promise.withResolvers<Value>();
    const waiters = this.#waiters.get(uid) ?? new Set();
    const leave = (): void => {
      signal.removeEventListener('abort', abort);
      waiters.delete(waiter);
      if (waiters.size === 0) this.#waiters.delete(uid);
    };
    const abort = (): void => {
      leave();
      reject(signal.reason as Error);
    };
    const waiter: Waiter<Item> = {
      uid,
      look: (state) => {
        const value = look(state);
        if (value === undefined) return;
        leave();
        resolve(value);
      },
    };
    this.#waiters.set(uid, waiters.add(waiter));
    signal.addEventListener('abort', abort, { once: true });
    if (signal.aborted) abort();
    else if (this.#gone.has(uid)) waiter.look(undefined);
    else if (this.#items.has(uid)) waiter.look(this.#items.get(uid));
    else void this.#ensureSeen(name, uid);
    return promise;
  }

  /** An object that the watch does not show soon may have gone before the watch began: asks for that one. */
  async #ensureSeen(name: string, uid: string): Promise<void> {
    const { signal } = this.#stopping;
    for (;;) {
      await sleep(seenWithin, undefined, { signal, ref: false }).catch(() => undefined);
      if (signal.aborted || this.#items.has(uid) || !this.#waiters.has(uid)) return;
      try {
        const { statusCode, body } = await this.#api.request('GET', `${this.#collection.path}/${name}`);
        const there = statusCode === 200 && this.#schema.parse(body).metadata.uid === uid;
        if (!there && (statusCode === 200 || statusCode === 404)) this.#left(uid);
      } catch {
        // No answer is no news.
      }
    }
  }

  async #follow(): Promise<void> {
    const { signal } = this.#stopping;
    const isStopped = (): boolean => signal.aborted;
    let version: string | undefined;
    let faults = 0;
    let complained = false;
    while (!isStopped()) {
      try {
        version ??= await this.#list();
        if (complained) console.error(`eks-jobs: ${this.#api.url} answers again`);
        complained = false;
        const began = Date.now();
        version = await stream(this.#api, this.#collection, version, this.#take, signal);
        const isShort = version === undefined || Date.now() - began < shortStream;
        faults = isShort ? faults + 1 : 0;
      } catch (error) {
        if (isStopped()) return;
        version = undefined;
        faults += 1;
        // The first fault is every API server's restart.
        if (faults === 2) {
          console.error(`eks-jobs: cannot follow the jobs: ${describeError(error)}; trying again`);
          complained = true;
        }
      }
      if (faults > 0) await sleep(backoff(faults), undefined, { signal }).catch(() => undefined);
    }
  }

  /** @returns the collection's version. */
  async #list(): Promise<string> {
    const { path, labelSelector } = this.#collection;
    const query = new URLSearchParams({ labelSelector }).toString();
    const { statusCode, body } = await this.#api.request('GET', `${path}?${query}`);
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

  readonly #take = (type: string, object: unknown): void => {
    const item = this.#schema.parse(object);
    if (type === 'DELETED') this.#left(item.metadata.uid);
    else this.#changed(item);
  };

  #changed(item: Item): void {
    this.#items.set(item.metadata.uid, item);
    this.#onChange(item);
    for (const waiter of [...(this.#waiters.get(item.metadata.uid) ?? [])]) waiter.look(item);
  }

  #left(uid: string): void {
    this.#items.delete(uid);
    this.#gone.add(uid);
    const [oldest] = this.#gone;
    if (this.#gone.size > remembered && oldest !== undefined) this.#gone.delete(oldest);
    for (const waiter of [...(this.#waiters.get(uid) ?? [])]) waiter.look(undefined);
  }
}

/** From a quarter of a second to ten, with jitter: milliseconds. */
const backoff = (faults: number): number =>
  Math.min(250 * 2 ** (faults - 1), 10_000) * (0.5 + Math.random() / 2);

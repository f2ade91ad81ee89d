import type { Key } from './protocol.ts';

export type Value = string | number | boolean | Value[] | { [name: string]: Value };
export type Attributes = Record<string, Value>;

/** Attributes that must have these values; null: must be absent. */
export type Condition = Record<string, string | number | null>;

/** One change of one item, as in jobs/protocol.golden.json. In a list of conditions any one of them is enough. */
export type Write = { if?: Condition | Condition[] } & (
  | { put: Attributes & Key }
  | {
      update: Key;
      set?: Attributes;
      setIfAbsent?: Attributes;
      add?: Record<string, number>;
      remove?: string[];
    }
  | { delete: Key }
);

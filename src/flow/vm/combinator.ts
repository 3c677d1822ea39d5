import type { FlowPromise } from "./promise.ts";
import type { Value } from "./value.ts";

/** What the combinators do with the promises they are given. */
export type CombinatorKind = "all" | "allSettled" | "any" | "race" | "anyKv" | "raceKv";

/** The state of one `Promise.all`, `any` … under way: plain data, shared by the reactions of its elements. */
export class Combinator {
  readonly kind: CombinatorKind;
  /** What the combinator gave. */
  readonly promise: FlowPromise;
  /** Keys of the elements, where an object was given. */
  readonly keys: string[] | undefined;
  values: Value[] = [];
  remaining = 0;

  constructor(kind: CombinatorKind, promise: FlowPromise, keys: string[] | undefined) {
    this.kind = kind;
    this.promise = promise;
    this.keys = keys;
  }
}

import type { FlowPromise } from "./promise.ts";
import type { Box, FlowFunction, Value } from "./value.ts";

/** One activation of an async function while it is suspended: a frame as data. */
export class Fibre {
  readonly fn: FlowFunction;
  /** What the call gave: settles when the activation ends. */
  readonly promise: FlowPromise;
  /** The `await` instruction at which it stands. */
  pc = 0;
  /** Its live registers. */
  registers: (Value | Box)[] = [];
  /** What it awaits; undefined while it runs and when it is over. */
  awaiting: FlowPromise | undefined = undefined;

  /** Since when it awaits, in milliseconds since 1970; nothing: it was read from a snapshot. */
  since: number | undefined = undefined;

  constructor(fn: FlowFunction, promise: FlowPromise) {
    this.fn = fn;
    this.promise = promise;
  }
}

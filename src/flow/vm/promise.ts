import type { Combinator } from "./combinator.ts";
import type { Fibre } from "./fibre.ts";
import type { Value } from "./value.ts";

/** What happens when a promise settles; all data. */
export type Reaction =
  | { kind: "await"; fibre: Fibre }
  | { kind: "then"; onFulfilled: Value; onRejected: Value; derived: FlowPromise }
  | { kind: "finally"; callback: Value; derived: FlowPromise }
  | { kind: "pass"; derived: FlowPromise; outcome: "value" | "reason"; value: Value }
  | { kind: "resolve"; target: FlowPromise }
  | { kind: "element"; combinator: Combinator; index: number };

/** Whether a reaction still has an effect. An element of a combinator that is settled has none. */
export function isLive(reaction: Reaction): boolean {
  return reaction.kind !== "element" || reaction.combinator.promise.state === "pending";
}

/** The promise that a reaction settles; none: it lets an activation go on. */
export function settledBy(reaction: Reaction): FlowPromise | undefined {
  switch (reaction.kind) {
    case "await":
      return undefined;
    case "element":
      return reaction.combinator.promise;
    case "resolve":
      return reaction.target;
    default:
      return reaction.derived;
  }
}

/** What the machine does next. */
export type Job =
  | { kind: "react"; reaction: Reaction; state: "fulfilled" | "rejected"; value: Value }
  | { kind: "thenable"; promise: FlowPromise; thenable: Value; then: Value };

/** A promise. `id` is set while a durable operation is to settle it. */
export class FlowPromise {
  state: "pending" | "fulfilled" | "rejected" = "pending";
  value: Value = undefined;
  /** Undefined when there are none. */
  reactions: Reaction[] | undefined = undefined;
  /** Whether someone looks at a rejection. */
  handled = false;
  /** The durable operation that settles it. */
  id: string | undefined = undefined;
  /** What that operation runs: the name of a task or flow. */
  target: string | undefined = undefined;
}

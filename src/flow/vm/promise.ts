import type { Value } from "./value.ts";
import type { Fibre } from "./fibre.ts";
import type { Combinator } from "./combinator.ts";

/** What happens when a promise settles; all data. */
export type Reaction =
  | { kind: "await"; fibre: Fibre }
  | { kind: "then"; onFulfilled: Value; onRejected: Value; derived: FlowPromise | undefined }
  | { kind: "finally"; callback: Value; derived: FlowPromise }
  | { kind: "pass"; derived: FlowPromise; outcome: "value" | "reason"; value: Value }
  | { kind: "resolve"; target: FlowPromise }
  | { kind: "element"; combinator: Combinator; index: number };

/** A promise. `id` is set while a durable operation is to settle it. */
export class FlowPromise {
  state: "pending" | "fulfilled" | "rejected" = "pending";
  value: Value = undefined;
  /** Undefined when settled. */
  reactions: Reaction[] | undefined = [];
  /** Whether someone looks at a rejection. */
  handled = false;
  /** The durable operation that settles it. */
  id: string | undefined = undefined;
}

import { plain } from "./convert.ts";
import type { FlowMachine } from "./machine.ts";
import { FlowPromise, type Reaction } from "./promise.ts";
import { addReaction, rejectPromise, resolvePromise, toPromise } from "./promises.ts";
import { PlainObject, type Value } from "./value.ts";

/** What the combinators do with the promises they are given. */
export type CombinatorKind = (typeof COMBINATORS)[number];

/** Their kinds; traces tell them by their place in this list. */
export const COMBINATORS = ["all", "allSettled", "any", "race", "anyKv", "raceKv"] as const;

/** The state of one `Promise.all`, `any` … under way: plain data, shared by the reactions of its elements. */
export class Combinator {
  readonly kind: CombinatorKind;
  /** What the combinator gave. */
  readonly promise: FlowPromise;
  /** Keys of the elements, where an object was given. */
  readonly keys: Value[] | undefined;
  values: Value[] = [];
  remaining = 0;

  constructor(kind: CombinatorKind, promise: FlowPromise, keys: Value[] | undefined) {
    this.kind = kind;
    this.promise = promise;
    this.keys = keys;
  }
}

/** Start a combinator over these elements. */
export function combine(
  vm: FlowMachine,
  kind: CombinatorKind,
  elements: Iterable<Value>,
  keys?: Value[],
): FlowPromise {
  const combinator = new Combinator(kind, new FlowPromise(), keys);
  // It counts one more than there are, until all are subscribed, as in the specification.
  combinator.remaining = 1;
  let index = 0;
  for (const element of elements) {
    vm.charge(4);
    combinator.values.push(undefined);
    combinator.remaining++;
    addReaction(vm, toPromise(vm, element), { kind: "element", combinator, index: index++ });
  }
  if (kind !== "race" && kind !== "raceKv") countDown(vm, combinator);
  return combinator.promise;
}

/** An element of a combinator has settled. */
export function settleElement(
  vm: FlowMachine,
  reaction: Reaction & { kind: "element" },
  outcome: { state: "fulfilled" | "rejected"; value: Value },
): void {
  const { combinator, index } = reaction;
  const { state, value } = outcome;
  const fulfilled = state === "fulfilled";
  switch (combinator.kind) {
    case "all":
      if (!fulfilled) return rejectPromise(vm, combinator.promise, value);
      combinator.values[index] = value;
      return countDown(vm, combinator);
    case "allSettled":
      combinator.values[index] = fulfilled
        ? plain({ status: state, value })
        : plain({ status: state, reason: value });
      return countDown(vm, combinator);
    case "any":
    case "anyKv":
      if (fulfilled) return resolvePromise(vm, combinator.promise, keyed(combinator, index, value));
      combinator.values[index] = value;
      return countDown(vm, combinator);
    case "race":
    case "raceKv":
      if (fulfilled) resolvePromise(vm, combinator.promise, keyed(combinator, index, value));
      else rejectPromise(vm, combinator.promise, value);
  }
}

function keyed(combinator: Combinator, index: number, value: Value): Value {
  if (combinator.kind === "any" || combinator.kind === "race") return value;
  return plain({ key: combinator.keys ? combinator.keys[index] : index, value });
}

function countDown(vm: FlowMachine, combinator: Combinator): void {
  if (--combinator.remaining > 0) return;
  const { kind, values, keys } = combinator;
  if (kind === "any" || kind === "anyKv") {
    const error = vm.createError("AggregateError", "All promises were rejected");
    error.hidden.errors = values;
    return rejectPromise(vm, combinator.promise, error);
  }
  if (keys === undefined) return resolvePromise(vm, combinator.promise, values);
  const object = new PlainObject();
  keys.forEach((key, index) => object[key as string] = values[index]);
  resolvePromise(vm, combinator.promise, object);
}

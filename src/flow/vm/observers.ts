/**
 * Which of the operations under way still matter. An operation whose result only reaches a race that is over is released, also behind
 * `then`, async functions and combinators. Otherwise a wait for a signal would take one that nobody gets.
 *
 * @module
 */

import { Fibre } from "./fibre.ts";
import type { FlowMachine } from "./machine.ts";
import { FlowPromise, isLive, type Reaction } from "./promise.ts";
import { isQuiet } from "./quiet.ts";
import { BoundNative, FlowFunction, NativeFunction, type Value } from "./value.ts";

/** Code of the flow that runs when something settles, and that others can see: an activation, or a callback of a promise. */
export type Observer = Fibre | FlowFunction | NativeFunction;

/** What the end of each operation leads to. */
export class Observers {
  readonly #vm: FlowMachine;
  /** What leads to each promise and activation, directly. */
  readonly #before = new Map<FlowPromise | Fibre, FlowPromise[]>();
  readonly #needed = new Set<FlowPromise | Fibre>();
  readonly #walked = new Set<FlowPromise>();
  #wanted: FlowPromise[] = [];
  /** The code that others can see go on. */
  readonly found = new Set<Observer>();

  /**
   * @param vm the machine, at rest
   * @param operations those to follow
   */
  constructor(vm: FlowMachine, operations: Iterable<FlowPromise>) {
    this.#vm = vm;
    const ahead = [...operations];
    for (let promise = ahead.pop(); promise !== undefined; promise = ahead.pop()) {
      if (this.#walked.has(promise)) continue;
      this.#walked.add(promise);
      this.#walk(promise, ahead);
    }
  }

  /** Something holds this object: what leads to it is needed. */
  reach(object: object): void {
    if (this.#walked.size === 0) return;
    if (object instanceof Fibre || object instanceof FlowPromise) this.#need(object);
  }

  /** Operations that turned out to be needed since this was asked last. */
  take(): readonly FlowPromise[] {
    const wanted = this.#wanted;
    if (wanted.length > 0) this.#wanted = [];
    return wanted;
  }

  #walk(promise: FlowPromise, ahead: FlowPromise[]): void {
    const lead = (to: FlowPromise): void => {
      this.#lead(promise, to);
      ahead.push(to);
    };
    let seen = false;
    for (const reaction of promise.reactions ?? []) {
      if (!isLive(reaction)) continue;
      for (const observer of observersOf(reaction)) {
        if (observer instanceof FlowPromise) lead(observer);
        else if (isSeen(this.#vm, observer)) {
          seen = true;
          this.found.add(observer);
        }
      }
      if (reaction.kind === "await") {
        this.#lead(promise, reaction.fibre);
        lead(reaction.fibre.promise);
      }
    }
    // If it is rejected and nobody handles that, the execution fails.
    if (seen || (promise.id === undefined && !promise.handled)) this.#need(promise);
  }

  #lead(from: FlowPromise, to: FlowPromise | Fibre): void {
    const list = this.#before.get(to);
    if (list === undefined) this.#before.set(to, [from]);
    else list.push(from);
    if (this.#needed.has(to)) this.#need(from);
  }

  #need(object: FlowPromise | Fibre): void {
    const ahead: (FlowPromise | Fibre)[] = [object];
    for (let one = ahead.pop(); one !== undefined; one = ahead.pop()) {
      if (this.#needed.has(one)) continue;
      this.#needed.add(one);
      if (one instanceof FlowPromise && one.id !== undefined && one.state === "pending") {
        this.#wanted.push(one);
      }
      for (const before of this.#before.get(one) ?? []) ahead.push(before);
    }
  }
}

/** How many reactions are looked at before an operation is followed properly. */
const FEW = 4;

/**
 * Whether others can see what an activation does that awaits an operation, directly or in a list. This is the usual case, and then
 * nothing needs to be followed.
 */
export function isSeenAtOnce(vm: FlowMachine, promise: FlowPromise): boolean {
  return first(promise).some((reaction) => {
    if (reaction.kind === "await") return isSeen(vm, reaction.fibre);
    // A combinator that is over has no reactions.
    const around = reaction.kind === "element" ? first(reaction.combinator.promise) : NONE;
    return around.some((outer) => outer.kind === "await" && isSeen(vm, outer.fibre));
  });
}

const NONE: readonly Reaction[] = [];

function first({ reactions }: FlowPromise): readonly Reaction[] {
  return reactions === undefined || reactions.length <= FEW ? reactions ?? NONE : reactions.slice(0, FEW);
}

function isSeen(vm: FlowMachine, observer: Observer): boolean {
  if (observer instanceof NativeFunction) return OUTWARD.test(observer.id);
  const fn = observer instanceof Fibre ? observer.fn : observer;
  // When the body of the flow ends, the flow ends.
  return fn.index === 0 || !isQuiet(vm.functions[fn.index]!, observer instanceof Fibre ? observer.pc : -1);
}

/** What asks something of the outside. */
const OUTWARD = /^(?:(?:Task|Workflow|Timer|Signal|console)\.|Signal\/)/;

/** The promises that a reaction settles, and the code that it runs. */
function observersOf(reaction: Reaction): (FlowPromise | Observer)[] {
  switch (reaction.kind) {
    case "await":
      return [reaction.fibre];
    case "then": {
      const { onFulfilled, onRejected, derived } = reaction;
      // `then(resolve, reject)` gives a promise that tells nothing.
      const own = onFulfilled instanceof BoundNative && onRejected instanceof BoundNative ? [] : [derived];
      return [...own, ...called(onFulfilled), ...called(onRejected)];
    }
    case "finally":
      return [reaction.derived, ...called(reaction.callback)];
    case "pass":
      return [reaction.derived];
    case "resolve":
      return [reaction.target];
    case "element":
      return [reaction.combinator.promise];
  }
}

function called(handler: Value): (FlowPromise | Observer)[] {
  if (handler instanceof FlowFunction || handler instanceof NativeFunction) return [handler];
  if (!(handler instanceof BoundNative)) return [];
  // `resolve` and `reject` hold the promise that they settle. Those of a question hold none, and answer it.
  return [handler.target, ...handler.data.filter((one) => one instanceof FlowPromise)];
}

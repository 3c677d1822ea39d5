import { settleElement } from "./combinator.ts";
import { Cancellation } from "./frame.ts";
import type { FlowMachine } from "./machine.ts";
import { FlowPromise, type Job, type Reaction } from "./promise.ts";
import { isCallable, isObject } from "./tag.ts";
import { placeError } from "./trace.ts";
import { BoundNative, FlowError, NativeFunction, PlainObject, type Value } from "./value.ts";

/** Settle a promise as a `resolve` function does. */
export function resolvePromise(vm: FlowMachine, promise: FlowPromise, value: Value): void {
  if (!isObject(value)) return settle(vm, promise, "fulfilled", value);
  if (value === promise) {
    return rejectPromise(
      vm,
      promise,
      vm.createError("TypeError", "Chaining cycle detected for promise #<Promise>"),
    );
  }
  if (value instanceof FlowPromise) {
    vm.jobs.push({ kind: "thenable", promise, thenable: value, then: undefined });
    return;
  }
  const then = value instanceof PlainObject || vm.hasOwn(value, "then")
    ? vm.getMember(value, "then")
    : undefined;
  if (isCallable(then)) vm.jobs.push({ kind: "thenable", promise, thenable: value, then });
  else settle(vm, promise, "fulfilled", value);
}

/** Reject a promise. */
export function rejectPromise(vm: FlowMachine, promise: FlowPromise, reason: Value): void {
  settle(vm, promise, "rejected", reason);
}

function settle(vm: FlowMachine, promise: FlowPromise, state: "fulfilled" | "rejected", value: Value): void {
  if (promise.state !== "pending") return;
  promise.state = state;
  promise.value = value;
  const { reactions } = promise;
  promise.reactions = undefined;
  if (reactions) {
    for (const reaction of reactions) {
      vm.jobs.push({ kind: "react", reaction, state, value });
    }
  }
  if (state === "rejected" && !promise.handled && promise.id === undefined) vm.unhandled.add(promise);
}

/** PromiseResolve: the promise itself, or a new one for anything else. */
export function toPromise(vm: FlowMachine, value: Value): FlowPromise {
  if (value instanceof FlowPromise) return value;
  const promise = new FlowPromise();
  resolvePromise(vm, promise, value);
  return promise;
}

/** PerformPromiseThen. */
export function addReaction(vm: FlowMachine, promise: FlowPromise, reaction: Reaction): void {
  if (promise.state === "pending") (promise.reactions ??= []).push(reaction);
  else vm.jobs.push({ kind: "react", reaction, state: promise.state, value: promise.value });
  if (!promise.handled) {
    promise.handled = true;
    vm.unhandled.delete(promise);
  }
}

/** Run jobs until none is left; false if the host asked to pause. */
export function runJobs(vm: FlowMachine): boolean {
  // A host that always pauses gets one job done each time.
  for (let first = true; vm.nextJob < vm.jobs.length; first = false) {
    if (!first && vm.host.pause?.()) {
      vm.jobs.splice(0, vm.nextJob);
      vm.nextJob = 0;
      return false;
    }
    const job = vm.jobs[vm.nextJob++]!;
    if (vm.nextJob > 1024) {
      vm.jobs.splice(0, vm.nextJob);
      vm.nextJob = 0;
    }
    vm.charge(4);
    runJob(vm, job);
  }
  vm.jobs.length = 0;
  vm.nextJob = 0;
  return true;
}

function runJob(vm: FlowMachine, job: Job): void {
  if (job.kind === "react") return react(vm, job.reaction, job);
  const { promise, thenable, then } = job;
  if (thenable instanceof FlowPromise) return addReaction(vm, thenable, { kind: "resolve", target: promise });
  const { resolve, reject } = resolvingFunctions(promise);
  attempt(vm, () => vm.call(then, [resolve, reject], thenable), (error) => vm.call(reject, [error]));
}

function attempt(vm: FlowMachine, work: () => Value, failed: (error: Value) => void): Value {
  try {
    return work();
  } catch (thrown) {
    failed(vm.caught(thrown));
    return undefined;
  }
}

interface Outcome {
  state: "fulfilled" | "rejected";
  value: Value;
}

function react(vm: FlowMachine, reaction: Reaction, outcome: Outcome): void {
  const { state, value } = outcome;
  if (value instanceof FlowError && state === "rejected") placeError(value, reaction);
  switch (reaction.kind) {
    case "await":
      return vm.resume(reaction.fibre, state === "fulfilled" ? "value" : "error", value);
    case "element":
      return settleElement(vm, reaction, outcome);
    case "resolve":
      if (state === "fulfilled") resolvePromise(vm, reaction.target, value);
      else rejectPromise(vm, reaction.target, value);
      return;
    case "pass":
      if (state === "rejected") rejectPromise(vm, reaction.derived, value);
      else if (reaction.outcome === "value") resolvePromise(vm, reaction.derived, reaction.value);
      else rejectPromise(vm, reaction.derived, reaction.value);
      return;
    case "finally":
      return finallyReaction(vm, reaction, outcome);
    case "then":
      return thenReaction(vm, reaction, outcome);
  }
}

function thenReaction(vm: FlowMachine, reaction: Reaction & { kind: "then" }, outcome: Outcome): void {
  const { derived } = reaction;
  const { state, value } = outcome;
  const handler = state === "fulfilled" ? reaction.onFulfilled : reaction.onRejected;
  if (!isCallable(handler) || (value as unknown) instanceof Cancellation) {
    if (state === "fulfilled") resolvePromise(vm, derived, value);
    else rejectPromise(vm, derived, value);
    return;
  }
  let failed = false;
  vm.reacting = derived;
  const result = attempt(vm, () => vm.call1(handler, value), (error) => {
    failed = true;
    rejectPromise(vm, derived, error);
  });
  vm.reacting = undefined;
  if (!failed) resolvePromise(vm, derived, result);
}

function finallyReaction(vm: FlowMachine, reaction: Reaction & { kind: "finally" }, outcome: Outcome): void {
  const { derived, callback } = reaction;
  let failed = false;
  vm.reacting = derived;
  const result = attempt(vm, () => vm.call(callback, []), (error) => {
    failed = true;
    rejectPromise(vm, derived, error);
  });
  vm.reacting = undefined;
  if (failed) return;
  const passed = new FlowPromise();
  addReaction(vm, toPromise(vm, result), {
    kind: "pass",
    derived: passed,
    outcome: outcome.state === "fulfilled" ? "value" : "reason",
    value: outcome.value,
  });
  resolvePromise(vm, derived, passed);
}

/** `resolve` of a promise, as a value: its data are the shared "already called" flag and the promise. */
export const resolveFunction = new NativeFunction({
  id: "Promise/resolve",
  name: "",
  length: 1,
  call: (vm, _self, [flag, promise, value]) => {
    if (once(flag)) resolvePromise(vm as FlowMachine, promise as FlowPromise, value);
    return undefined;
  },
});

/** `reject` of a promise, as a value. */
export const rejectFunction = new NativeFunction({
  id: "Promise/reject",
  name: "",
  length: 1,
  call: (vm, _self, [flag, promise, reason]) => {
    if (once(flag)) rejectPromise(vm as FlowMachine, promise as FlowPromise, reason);
    return undefined;
  },
});

function once(flag: Value): boolean {
  const shared = flag as PlainObject;
  if (shared.called) return false;
  shared.called = true;
  return true;
}

/** The pair that an executor gets. */
export function resolvingFunctions(promise: FlowPromise): { resolve: BoundNative; reject: BoundNative } {
  const flag = new PlainObject();
  return {
    resolve: new BoundNative(resolveFunction, [flag, promise]),
    reject: new BoundNative(rejectFunction, [flag, promise]),
  };
}

/**
 * `Promise`, its statics and its methods.
 *
 * @module
 */

import { memberTable } from "../builtins/define.ts";
import type { Machine, MemberTable } from "../builtins/builtin.ts";
import { type CombinatorKind, combine } from "./combinator.ts";
import { plain } from "./convert.ts";
import type { FlowMachine } from "./machine.ts";
import { FlowPromise } from "./promise.ts";
import { addReaction, rejectPromise, resolvingFunctions, toPromise } from "./promises.ts";
import { isCallable } from "./tag.ts";
import { NativeFunction, PlainObject, type Value } from "./value.ts";

function machine(vm: Machine): FlowMachine {
  return vm as FlowMachine;
}

function receiver(vm: Machine, self: Value, method: string): FlowPromise {
  if (self instanceof FlowPromise) return self;
  return vm.fail(
    "TypeError",
    `Method Promise.prototype.${method} called on incompatible receiver ${vm.show(self)}`,
  );
}

function then(vm: FlowMachine, promise: FlowPromise, onFulfilled: Value, onRejected: Value): FlowPromise {
  vm.charge(8);
  const derived = new FlowPromise();
  addReaction(vm, promise, { kind: "then", onFulfilled, onRejected, derived });
  return derived;
}

/** The members of a promise. */
export const promiseMembers: MemberTable = memberTable("Promise.prototype", {
  then: [
    2,
    (vm, self, [onFulfilled, onRejected]) =>
      then(machine(vm), receiver(vm, self, "then"), onFulfilled, onRejected),
  ],
  catch: [
    1,
    (vm, self, [onRejected]) => then(machine(vm), receiver(vm, self, "catch"), undefined, onRejected),
  ],
  finally: [1, (vm, self, [callback]) => {
    const promise = receiver(vm, self, "finally");
    if (!isCallable(callback)) return then(machine(vm), promise, callback, callback);
    const derived = new FlowPromise();
    addReaction(machine(vm), promise, { kind: "finally", callback, derived });
    return derived;
  }],
});

function statik(name: string, length: number, call: NativeFunction["call"]): [string, NativeFunction] {
  return [name, new NativeFunction({ id: `Promise.${name}`, length, call })];
}

/** A combinator over an iterable: what is not iterable rejects. */
function overList(name: string, kind: CombinatorKind): [string, NativeFunction] {
  return statik(name, 1, (vm, _self, [iterable]) => {
    const promise = attempt(machine(vm), () => combine(machine(vm), kind, vm.listFrom(iterable)));
    return promise;
  });
}

/** A combinator over an object or a list of promises, by key. */
function overKeys(name: string, kind: CombinatorKind, lists: "keys" | "indices"): [string, NativeFunction] {
  return statik(name, 1, (vm, _self, [given]) =>
    attempt(machine(vm), () => {
      if (lists === "indices" && !(given instanceof PlainObject)) {
        return combine(machine(vm), kind, vm.listFrom(given));
      }
      if (!(given instanceof PlainObject)) {
        return vm.fail("TypeError", `Promise.${name} takes an object of promises, not ${vm.show(given)}`);
      }
      const keys = Object.keys(given);
      return combine(
        machine(vm),
        kind,
        keys.map((key) => given[key]),
        keys,
      );
    }));
}

function attempt(vm: FlowMachine, work: () => FlowPromise): FlowPromise {
  try {
    return work();
  } catch (thrown) {
    const promise = new FlowPromise();
    rejectPromise(vm, promise, vm.caught(thrown));
    return promise;
  }
}

const statics = new Map<string, Value>([
  overList("all", "all"),
  overList("allSettled", "allSettled"),
  overList("any", "any"),
  overList("race", "race"),
  overKeys("allKeyed", "all", "keys"),
  overKeys("allSettledKeyed", "allSettled", "keys"),
  overKeys("any_kv", "anyKv", "indices"),
  overKeys("race_kv", "raceKv", "indices"),
  statik("resolve", 1, (vm, _self, [value]) => toPromise(machine(vm), value)),
  statik("reject", 1, (vm, _self, [reason]) => {
    const promise = new FlowPromise();
    rejectPromise(machine(vm), promise, reason);
    return promise;
  }),
  statik("withResolvers", 0, () => {
    const promise = new FlowPromise();
    return plain({ promise, ...resolvingFunctions(promise) });
  }),
]);

/** The constructor `Promise`. */
export const promiseConstructor = new NativeFunction({
  id: "Promise",
  length: 1,
  call: (vm) => vm.fail("TypeError", "Promise constructor cannot be invoked without 'new'"),
  construct: (vm, [executor]) => {
    if (!vm.isCallable(executor)) {
      return vm.fail("TypeError", `Promise resolver ${vm.show(executor)} is not a function`);
    }
    const promise = new FlowPromise();
    const { resolve, reject } = resolvingFunctions(promise);
    try {
      vm.call2(executor, resolve, reject);
    } catch (thrown) {
      vm.call1(reject, machine(vm).caught(thrown));
    }
    return promise;
  },
  isInstance: (value) => value instanceof FlowPromise,
  statics,
  refused: new Set(["try", "prototype", "constructor"]),
});

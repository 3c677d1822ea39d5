import type { Value } from "../vm/value.ts";
import type { Machine } from "./builtin.ts";
import { describe, isObject } from "./define.ts";

/** What the host's methods of sets take as the other set. */
interface OtherSet {
  readonly size: number;
  has(value: Value): boolean;
  keys(): Iterator<Value>;
}

/** The other set of `union` and its kin: a set, a map, or an object with `size`, `has` and `keys`. */
export function setRecord(vm: Machine, other: Value, name: string): OtherSet {
  if (other instanceof Set || other instanceof Map) return other;
  if (!isObject(other)) vm.fail("TypeError", `Set.prototype.${name} argument must be an object`);
  const size = vm.toNumber(vm.getMember(other, "size"));
  if (Number.isNaN(size)) vm.fail("TypeError", "The .size property is NaN");
  const count = Math.trunc(size);
  if (count < 0) vm.fail("RangeError", `'${count}' is an invalid size`);
  const has = member(vm, other, "has");
  const keys = member(vm, other, "keys");
  return {
    size: count,
    has: (value) => vm.toBoolean(vm.call(has, [value], other)),
    keys: () => hostIterator(vm, vm.call(keys, [], other)),
  };
}

function member(vm: Machine, object: Value, name: string): Value {
  const found = vm.getMember(object, name);
  if (!vm.isCallable(found)) vm.fail("TypeError", `${describe(vm, found)} is not a function`);
  return found;
}

function hostIterator(vm: Machine, iterator: Value): Iterator<Value> {
  if (!isObject(iterator)) vm.fail("TypeError", `${vm.show(iterator)} is not an object`);
  const next = vm.getMember(iterator, "next");
  return {
    next: () => {
      vm.charge(1);
      const result = vm.call(next, [], iterator);
      if (!isObject(result)) vm.fail("TypeError", `Iterator result ${vm.show(result)} is not an object`);
      if (vm.toBoolean(vm.getMember(result, "done"))) return { done: true, value: undefined };
      return { done: false, value: vm.getMember(result, "value") };
    },
    return: () => {
      const close = vm.getMember(iterator, "return");
      if (close !== undefined && close !== null) vm.call(close, [], iterator);
      return { done: true, value: undefined };
    },
  };
}

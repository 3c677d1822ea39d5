import type { Value } from "../vm/value.ts";
import type { Machine } from "./builtin.ts";
import { isObject } from "./define.ts";

/** Insist on a comparator or none. */
export function checkComparator(vm: Machine, comparator: Value): void {
  if (comparator === undefined || vm.isCallable(comparator)) return;
  const shown = typeof comparator === "string" ? comparator : vm.show(comparator);
  vm.fail("TypeError", `The comparison function must be either a function or undefined: ${shown}`);
}

/** A sorted copy. The host's sort decides which elements are compared, so the order of calls is the host's too. */
export function sortedCopy(vm: Machine, array: Value[], comparator: Value): Value[] {
  const copy = array.slice();
  vm.charge(copy.length * (32 - Math.clz32(copy.length)) >> 1);
  if (comparator !== undefined) {
    return copy.sort((a, b) => {
      const order = vm.call2(comparator, a, b);
      return typeof order === "number" ? order : vm.toNumber(order);
    });
  }
  if (!copy.some(isObject)) {
    let read = 0;
    for (const item of copy) if (typeof item === "string") read += item.length >>> 4;
    vm.charge(read * (32 - Math.clz32(copy.length)));
    return copy.sort();
  }
  return copy.sort((a, b) => {
    const left = vm.toString(a);
    const right = vm.toString(b);
    vm.charge(1 + (Math.min(left.length, right.length) >>> 4));
    return left < right ? -1 : left > right ? 1 : 0;
  });
}

import type { Value } from "../vm/value.ts";
import type { Machine } from "./builtin.ts";
import { arrayOf, sparse } from "./array_self.ts";
import { type Declared, relative } from "./define.ts";
import { checkComparator, sortedCopy } from "./sort.ts";

/** How many arguments may be passed to a function of the host in one call. */
const FEW = 1_000;

/** Which elements `splice` takes out. */
function spliceRange(vm: Machine, array: Value[], args: Value[]): { start: number; count: number } {
  const { length } = array;
  const start = relative(vm, args[0], { length, missing: 0 });
  const rest = length - start;
  if (args.length === 0) return { start, count: 0 };
  const count = args.length === 1 ? rest : Math.min(Math.max(vm.toInteger(args[1]), 0), rest);
  if (array.length !== length) sparse(vm, "splice with arguments that change the array");
  vm.checkArray(length - count + Math.max(args.length - 2, 0));
  vm.charge(length >> 2);
  return { start, count };
}

/** The methods of arrays that change them, and their copying siblings. */
export const arrayEdits: Record<string, Declared> = {
  push: [1, (vm, self, args) => {
    const array = arrayOf(vm, self, "push");
    vm.checkArray(array.length + args.length);
    for (const item of args) array.push(item);
    return array.length;
  }],
  pop: [0, (vm, self) => arrayOf(vm, self, "pop").pop()],
  shift: [0, (vm, self) => {
    const array = arrayOf(vm, self, "shift");
    vm.charge(array.length >> 5);
    return array.shift();
  }],
  unshift: [1, (vm, self, args) => {
    const array = arrayOf(vm, self, "unshift");
    vm.checkArray(array.length + args.length);
    vm.charge((array.length >> 5) + args.length);
    if (args.length <= FEW) return array.unshift(...args);
    const behind = array.slice();
    array.length = 0;
    for (const item of args) array.push(item);
    for (const item of behind) array.push(item);
    return array.length;
  }],
  reverse: [0, (vm, self) => {
    const array = arrayOf(vm, self, "reverse");
    vm.charge(array.length >> 2);
    return array.reverse();
  }],
  fill: [1, (vm, self, [value, from, to]) => {
    const array = arrayOf(vm, self, "fill");
    const { length } = array;
    const start = relative(vm, from, { length, missing: 0 });
    const end = relative(vm, to, { length, missing: length });
    if (array.length < length && start < end) sparse(vm, "fill with arguments that shorten the array");
    vm.charge(Math.max(end - start, 0) >> 2);
    return array.fill(value, start, end);
  }],
  copyWithin: [2, (vm, self, [to, from, until]) => {
    const array = arrayOf(vm, self, "copyWithin");
    const { length } = array;
    const target = relative(vm, to, { length, missing: 0 });
    const start = relative(vm, from, { length, missing: 0 });
    const end = relative(vm, until, { length, missing: length });
    if (array.length !== length) sparse(vm, "copyWithin with arguments that change the array");
    vm.charge(length >> 2);
    return array.copyWithin(target, start, end);
  }],
  splice: [2, (vm, self, args) => {
    const array = arrayOf(vm, self, "splice");
    const { start, count } = spliceRange(vm, array, args);
    return array.splice(start, count, ...args.slice(2));
  }],
  toSpliced: [2, (vm, self, args) => {
    const array = arrayOf(vm, self, "toSpliced");
    const { start, count } = spliceRange(vm, array, args);
    return array.toSpliced(start, count, ...args.slice(2));
  }],
  sort: [1, (vm, self, [comparator]) => {
    checkComparator(vm, comparator);
    const array = arrayOf(vm, self, "sort");
    const sorted = sortedCopy(vm, array, comparator);
    // A comparator may have changed the array's length: writing from the front leaves no hole.
    for (let index = 0; index < sorted.length; index++) array[index] = sorted[index];
    return array;
  }],
  toSorted: [1, (vm, self, [comparator]) => {
    checkComparator(vm, comparator);
    return sortedCopy(vm, arrayOf(vm, self, "toSorted"), comparator);
  }],
};

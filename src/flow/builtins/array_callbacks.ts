import type { Value } from "../vm/value.ts";
import type { Machine } from "./builtin.ts";
import { arrayOf, sparse } from "./array_self.ts";
import { type Declared, needCallable } from "./define.ts";

/** The array, its length before anything is called, and the callback. */
function prepare(
  vm: Machine,
  self: Value,
  from: { name: string; callback: Value },
): [Value[], number, Value] {
  const array = arrayOf(vm, self, from.name);
  return [array, array.length, needCallable(vm, from.callback)];
}

/** The first index, forwards or backwards, whose element passes; what a callback removed reads as undefined. */
function search(
  vm: Machine,
  self: Value,
  from: { name: string; callback: Value; last?: true },
): [number, Value] {
  const [array, length, callback] = prepare(vm, self, from);
  for (let step = 0; step < length; step++) {
    vm.charge(1);
    const index = from.last ? length - 1 - step : step;
    const item = array[index];
    if (vm.toBoolean(vm.call3(callback, item, index, array))) return [index, item];
  }
  return [-1, undefined];
}

function reduce(vm: Machine, self: Value, from: { args: Value[]; right?: true }): Value {
  const name = from.right ? "reduceRight" : "reduce";
  const [array, length, callback] = prepare(vm, self, { name, callback: from.args[0] });
  let sum = from.args[1];
  let step = 0;
  if (from.args.length < 2) {
    if (length === 0) vm.fail("TypeError", "Reduce of empty array with no initial value");
    sum = array[from.right ? length - 1 : 0];
    step = 1;
  }
  for (; step < length; step++) {
    vm.charge(1);
    const index = from.right ? length - 1 - step : step;
    if (index < array.length) sum = vm.call(callback, [sum, array[index], index, array]);
  }
  return sum;
}

/** The methods of arrays that walk them with a callback. */
export const arrayCallbacks: Record<string, Declared> = {
  every: [1, (vm, self, [given]) => {
    const [array, length, callback] = prepare(vm, self, { name: "every", callback: given });
    for (let index = 0; index < length && index < array.length; index++) {
      vm.charge(1);
      if (!vm.toBoolean(vm.call3(callback, array[index], index, array))) return false;
    }
    return true;
  }],
  some: [1, (vm, self, [given]) => {
    const [array, length, callback] = prepare(vm, self, { name: "some", callback: given });
    for (let index = 0; index < length && index < array.length; index++) {
      vm.charge(1);
      if (vm.toBoolean(vm.call3(callback, array[index], index, array))) return true;
    }
    return false;
  }],
  forEach: [1, (vm, self, [given]) => {
    const [array, length, callback] = prepare(vm, self, { name: "forEach", callback: given });
    for (let index = 0; index < length && index < array.length; index++) {
      vm.charge(1);
      vm.call3(callback, array[index], index, array);
    }
    return undefined;
  }],
  map: [1, (vm, self, [given]) => {
    const [array, length, callback] = prepare(vm, self, { name: "map", callback: given });
    const made: Value[] = [];
    for (let index = 0; index < length; index++) {
      vm.charge(1);
      if (index >= array.length) sparse(vm, "map over an array that its callback shortens");
      made.push(vm.call3(callback, array[index], index, array));
    }
    return made;
  }],
  filter: [1, (vm, self, [given]) => {
    const [array, length, callback] = prepare(vm, self, { name: "filter", callback: given });
    const made: Value[] = [];
    for (let index = 0; index < length && index < array.length; index++) {
      vm.charge(1);
      const item = array[index];
      if (vm.toBoolean(vm.call3(callback, item, index, array))) made.push(item);
    }
    return made;
  }],
  flatMap: [1, (vm, self, [given]) => {
    const [array, length, callback] = prepare(vm, self, { name: "flatMap", callback: given });
    const made: Value[] = [];
    for (let index = 0; index < length && index < array.length; index++) {
      const item = vm.call3(callback, array[index], index, array);
      const items = Array.isArray(item) ? item : [item];
      vm.charge(1 + items.length);
      vm.checkArray(made.length + items.length);
      for (const one of items) made.push(one);
    }
    return made;
  }],
  find: [1, (vm, self, [callback]) => search(vm, self, { name: "find", callback })[1]],
  findIndex: [1, (vm, self, [callback]) => search(vm, self, { name: "findIndex", callback })[0]],
  findLast: [1, (vm, self, [callback]) => search(vm, self, { name: "findLast", callback, last: true })[1]],
  findLastIndex: [
    1,
    (vm, self, [callback]) => search(vm, self, { name: "findLastIndex", callback, last: true })[0],
  ],
  reduce: [1, (vm, self, args) => reduce(vm, self, { args })],
  reduceRight: [1, (vm, self, args) => reduce(vm, self, { args, right: true })],
};

import { FlowIterator, NativeFunction, type Value } from "../vm/value.ts";
import type { Machine, MemberTable } from "./builtin.ts";
import { declare, isObject, memberTable, natives, needCallable } from "./define.ts";
import { groupBy, notEntry } from "./object.ts";

function mapOf(vm: Machine, self: Value, name: string): Map<Value, Value> {
  if (self instanceof Map) return self;
  return vm.fail(
    "TypeError",
    `Method Map.prototype.${name} called on incompatible receiver ${vm.show(self)}`,
  );
}

function size(vm: Machine, self: Value): Value {
  return mapOf(vm, self, "size").size;
}

/** The members of maps. */
export const mapMembers: MemberTable = memberTable("Map.prototype", {
  get: [1, (vm, self, [key]) => {
    vm.payFor(key);
    return mapOf(vm, self, "get").get(key);
  }],
  has: [1, (vm, self, [key]) => {
    vm.payFor(key);
    return mapOf(vm, self, "has").has(key);
  }],
  set: [2, (vm, self, [key, value]) => {
    const map = mapOf(vm, self, "set");
    vm.payFor(key);
    vm.checkArray(map.size + 1);
    return map.set(key, value);
  }],
  getOrInsert: [2, (vm, self, [key, value]) => {
    const map = mapOf(vm, self, "getOrInsert");
    vm.payFor(key);
    if (map.has(key)) return map.get(key);
    vm.checkArray(map.size + 1);
    map.set(key, value);
    return value;
  }],
  getOrInsertComputed: [2, (vm, self, [key, callback]) => {
    const map = mapOf(vm, self, "getOrInsertComputed");
    needCallable(vm, callback);
    vm.payFor(key);
    if (map.has(key)) return map.get(key);
    const value = vm.call1(callback, key === 0 ? 0 : key);
    vm.checkArray(map.size + 1);
    map.set(key, value);
    return value;
  }],
  delete: [1, (vm, self, [key]) => {
    vm.payFor(key);
    return mapOf(vm, self, "delete").delete(key);
  }],
  clear: [0, (vm, self) => void mapOf(vm, self, "clear").clear()],
  forEach: [1, (vm, self, [callback]) => {
    const map = mapOf(vm, self, "forEach");
    needCallable(vm, callback);
    map.forEach((value, key) => {
      vm.charge(1);
      vm.call3(callback, value, key, map);
    });
    return undefined;
  }],
  entries: [0, (vm, self) => new FlowIterator(mapOf(vm, self, "entries"), "entries")],
  keys: [0, (vm, self) => new FlowIterator(mapOf(vm, self, "keys"), "keys")],
  values: [0, (vm, self) => new FlowIterator(mapOf(vm, self, "values"), "values")],
  toString: declare(0, () => "[object Map]"),
}, { accessors: new Map([["size", { get: size }]]) });

function construct(vm: Machine, [entries]: Value[]): Value {
  const map = new Map<Value, Value>();
  if (entries === undefined || entries === null) return map;
  const iterator = vm.iterate(entries);
  for (let entry = vm.next(iterator); entry !== vm.END; entry = vm.next(iterator)) {
    vm.charge(3);
    if (!isObject(entry)) notEntry(vm, entry);
    const key = vm.getMember(entry, "0");
    vm.payFor(key);
    map.set(key, vm.getMember(entry, "1"));
    vm.checkArray(map.size);
  }
  return map;
}

/** `Map`. */
export const mapFunction: NativeFunction = new NativeFunction({
  id: "Map",
  length: 0,
  call: (vm) => vm.fail("TypeError", "Constructor Map requires 'new'"),
  construct,
  isInstance: (value) => value instanceof Map,
  statics: natives("Map", {
    groupBy: [
      2,
      (vm, _self, [items, callback]) =>
        groupBy(vm, { items, callback, name: "Map.groupBy" }, (key) => Object.is(key, -0) ? 0 : key),
    ],
  }),
  refused: new Set(["prototype"]),
});

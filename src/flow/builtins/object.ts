import { BareObject, NativeFunction, PlainObject, type Value } from "../vm/value.ts";
import type { Machine, MemberTable } from "./builtin.ts";
import { hasOwn, isObject, memberTable, natives, needCallable, refuse, words } from "./define.ts";

/** The members of plain objects. */
export const objectMembers: MemberTable = memberTable("Object.prototype", {});

/** The members of the library's own objects (`Math`, `JSON`). */
export const namespaceMembers: MemberTable = memberTable("Namespace.prototype", {});

function notNullish(vm: Machine, value: Value): Value {
  if (value === undefined || value === null) {
    vm.fail("TypeError", "Cannot convert undefined or null to object");
  }
  return value;
}

function keysOf(vm: Machine, value: Value): string[] {
  const keys = vm.ownKeys(notNullish(vm, value));
  vm.charge(2 * keys.length);
  return keys;
}

function assign(vm: Machine, target: Value, sources: Value[]): Value {
  if (!isObject(notNullish(vm, target))) {
    refuse(vm, "FLOW_WRAPPER_OBJECT", `Cannot assign to a ${typeof target}: Object.assign needs an object`);
  }
  for (const source of sources) {
    if (source === undefined || source === null) continue;
    for (const key of keysOf(vm, source)) vm.setMember(target, key, vm.getMember(source, key));
  }
  return target;
}

/** Fail because an iterable of entries gave something else. */
export function notEntry(vm: Machine, value: Value): never {
  const shown = typeof value === "string" ? value : vm.show(value);
  return vm.fail("TypeError", `Iterator value ${shown} is not an entry object`);
}

function fromEntries(vm: Machine, _self: Value, [entries]: Value[]): Value {
  if (entries === undefined || entries === null) vm.fail("TypeError", `${entries} is not iterable`);
  const made = new PlainObject();
  const iterator = vm.iterate(entries);
  for (let entry = vm.next(iterator); entry !== vm.END; entry = vm.next(iterator)) {
    vm.charge(1);
    if (!isObject(entry)) notEntry(vm, entry);
    const key = vm.getMember(entry, "0");
    const value = vm.getMember(entry, "1");
    made[vm.toKey(key)] = value;
  }
  return made;
}

/** The groups of `Object.groupBy` and `Map.groupBy`, by key in the order of first appearance. */
export function groupBy(
  vm: Machine,
  from: { items: Value; callback: Value; name: string },
  toKey: (key: Value) => Value,
): Map<Value, Value[]> {
  const { items, callback, name } = from;
  if (items === undefined || items === null) vm.fail("TypeError", `${name} called on null or undefined`);
  needCallable(vm, callback);
  const groups = new Map<Value, Value[]>();
  const iterator = vm.iterate(items);
  let index = 0;
  for (let item = vm.next(iterator); item !== vm.END; item = vm.next(iterator)) {
    vm.charge(1);
    const key = toKey(vm.call2(callback, item, index++));
    vm.payFor(key);
    const group = groups.get(key);
    if (group) group.push(item);
    else groups.set(key, [item]);
  }
  return groups;
}

const statics = natives("Object", {
  keys: [1, (vm, _self, [value]) => keysOf(vm, value)],
  values: [1, (vm, _self, [value]) => keysOf(vm, value).map((key) => vm.getMember(value, key))],
  entries: [
    1,
    (vm, _self, [value]) => keysOf(vm, value).map((key): Value => [key, vm.getMember(value, key)]),
  ],
  assign: [2, (vm, _self, [target, ...sources]) => assign(vm, target, sources)],
  fromEntries: [1, fromEntries],
  hasOwn: [2, (vm, _self, [value, key]) => hasOwn(vm, notNullish(vm, value), vm.toKey(key))],
  groupBy: [2, (vm, _self, [items, callback]) => {
    const made = new BareObject();
    const groups = groupBy(vm, { items, callback, name: "Object.groupBy" }, (key) => vm.toKey(key));
    for (const [key, group] of groups) made[key as string] = group;
    return made;
  }],
});

/** `Object`: its statics; calling it is refused. */
export const objectFunction: NativeFunction = new NativeFunction({
  id: "Object",
  length: 1,
  call: (vm) => refuse(vm, "FLOW_WRAPPER_OBJECT", "Object(value) is not part of the flow language"),
  isInstance: (value) => isObject(value) && !(value instanceof BareObject),
  statics,
  refused: words(
    "assign create defineProperties defineProperty freeze getOwnPropertyDescriptor getOwnPropertyDescriptors " +
      "getOwnPropertyNames getOwnPropertySymbols getPrototypeOf is isExtensible isFrozen isSealed preventExtensions " +
      "prototype seal setPrototypeOf",
  ),
});

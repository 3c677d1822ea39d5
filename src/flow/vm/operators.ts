import { looseEquals, numberFrom, payFor, type Primitive, toNumber, toPrimitive } from "./convert.ts";
import { deleteMember, getMember, hasMember, setIndex, setMember } from "./members.ts";
import type { FlowMachine } from "./machine.ts";
import { describeValue, isCallable, isObject } from "./tag.ts";
import { NativeFunction, PlainObject, type Value } from "./value.ts";

/** `a + b` */
export function add(vm: FlowMachine, a: Value, b: Value): Value {
  if (typeof a === "number" && typeof b === "number") return a + b;
  const left = toPrimitive(vm, a, "default");
  const right = toPrimitive(vm, b, "default");
  if (typeof left === "string" || typeof right === "string") {
    const x = String(left);
    const y = String(right);
    const length = x.length + y.length;
    // The first read copies the text into one piece.
    if (length > 65_536) vm.checkString(length);
    else if (length > 1_024) vm.charge(length >>> 8);
    return x + y;
  }
  return Number(left) + Number(right);
}

/** `a < b`, or with `leftFirst` false and the operands swapped `b > a`; undefined where a NaN is involved. */
export function less(
  vm: FlowMachine,
  a: Value,
  b: Value,
  order: "left first" | "right first",
): boolean | undefined {
  let left: Primitive;
  let right: Primitive;
  if (order === "left first") {
    left = toPrimitive(vm, a, "number");
    right = toPrimitive(vm, b, "number");
  } else {
    right = toPrimitive(vm, b, "number");
    left = toPrimitive(vm, a, "number");
  }
  if (typeof left === "string" && typeof right === "string") {
    payFor(vm, left.length < right.length ? left : right);
    return left < right;
  }
  const x = numberFrom(vm, left);
  const y = numberFrom(vm, right);
  return Number.isNaN(x) || Number.isNaN(y) ? undefined : x < y;
}

/** `a < b` in any of its four forms. */
export function compare(vm: FlowMachine, operator: "<" | "<=" | ">" | ">=", a: Value, b: Value): boolean {
  switch (operator) {
    case "<":
      return less(vm, a, b, "left first") === true;
    case ">":
      return less(vm, b, a, "right first") === true;
    case "<=":
      return less(vm, b, a, "right first") === false;
    case ">=":
      return less(vm, a, b, "left first") === false;
  }
}

/** `a == b` */
export function equals(vm: FlowMachine, a: Value, b: Value): boolean {
  return looseEquals(vm, a, b);
}

/** Both operands as numbers, left one first. */
export function numbers(vm: FlowMachine, a: Value, b: Value): [number, number] {
  const left = toNumber(vm, a);
  return [left, toNumber(vm, b)];
}

/** `key in object` */
export function isIn(vm: FlowMachine, key: Value, object: Value): boolean {
  if (!isObject(object)) {
    const shown = isObject(key) ? vm.show(key) : String(key);
    return vm.fail("TypeError", `Cannot use 'in' operator to search for '${shown}' in ${String(object)}`);
  }
  return hasMember(vm, object, vm.toKey(key));
}

/** `value instanceof target` */
export function isInstance(vm: FlowMachine, value: Value, target: Value): boolean {
  if (target instanceof NativeFunction && target.isInstance) return target.isInstance(value);
  if (!isObject(target)) return vm.fail("TypeError", "Right-hand side of 'instanceof' is not an object");
  if (!isCallable(target)) return vm.fail("TypeError", "Right-hand side of 'instanceof' is not callable");
  if (!isObject(value)) return false;
  if (target instanceof NativeFunction || vm.isArrow(target)) {
    return vm.fail("TypeError", `Function has non-object prototype 'undefined' in instanceof check`);
  }
  return false;
}

/** `object[key]` with a computed key. */
export function getComputed(vm: FlowMachine, object: Value, key: Value): Value {
  if (typeof key === "number" && (Array.isArray(object) || typeof object === "string")) {
    if (key >= 0 && Number.isInteger(key)) return object[key];
  }
  if (object === undefined || object === null) {
    const shown = isObject(key) ? vm.show(key) : String(key);
    return vm.fail("TypeError", `Cannot read properties of ${object} (reading '${shown}')`);
  }
  return getMember(vm, object, vm.toKey(key));
}

/** `object[key] = value` with a computed key. */
export function setComputed(vm: FlowMachine, object: Value, key: Value, value: Value): void {
  if (
    typeof key === "number" && Array.isArray(object) && key >= 0 && Number.isInteger(key) && key < 4294967295
  ) {
    return setIndex(vm, object, key, value);
  }
  if (object === undefined || object === null) {
    const shown = isObject(key) ? vm.show(key) : String(key);
    return vm.fail("TypeError", `Cannot set properties of ${object} (setting '${shown}')`);
  }
  setMember(vm, object, vm.toKey(key), value);
}

/** `delete object[key]` */
export function remove(vm: FlowMachine, object: Value, key: Value): boolean {
  if (object === undefined || object === null) {
    return vm.fail("TypeError", "Cannot convert undefined or null to object");
  }
  return deleteMember(vm, object, vm.toKey(key));
}

/** The members that a spread copies. */
export function copyMembers(vm: FlowMachine, into: PlainObject, from: Value): void {
  const keys = vm.ownKeys(from);
  vm.charge(2 * keys.length);
  if (from instanceof PlainObject) { for (const key of keys) into[key] = from[key]; }
  else for (const key of keys) into[key] = getMember(vm, from, key);
}

/** The members that a rest pattern takes: all but these. */
export function restMembers(vm: FlowMachine, value: Value, without: readonly string[]): PlainObject {
  const taken = new Set(without);
  const members = new PlainObject();
  const keys = vm.ownKeys(value);
  vm.charge(2 * keys.length);
  for (const key of keys) if (!taken.has(key)) members[key] = getMember(vm, value, key);
  return members;
}

/** A pattern met `undefined` or `null`. */
export function notDestructurable(vm: FlowMachine, value: Value, about: { key: Value; shown: Value }): never {
  const { key, shown } = about;
  const what = shown === ""
    ? describeValue(value)
    : shown === "(intermediate value)"
    ? String(value)
    : String(shown);
  const of = key === "" ? `'${what}'` : `property '${String(key)}' of '${what}'`;
  return vm.fail("TypeError", `Cannot destructure ${of} as it is ${String(value)}.`);
}

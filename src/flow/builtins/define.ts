/**
 * How the files of this folder declare their functions, and the checks they share.
 *
 * @module
 */

import { Namespace, type NativeCall, NativeFunction, PlainObject, type Value } from "../vm/value.ts";
import type { Machine, MemberTable } from "./builtin.ts";

/** The body of a built-in, with the `length` that a flow sees. */
export type Declared = readonly [length: number, call: NativeCall];

/** A body under a name that host objects have too (`toString`): there the compiler does not see the type by itself. */
export function declare(length: number, call: NativeCall): Declared {
  return [length, call];
}

/** Make the functions of one owner (`Math`, `Array.prototype`). */
export function natives(owner: string, declared: Record<string, Declared>): Map<string, NativeFunction> {
  const made = new Map<string, NativeFunction>();
  for (const [name, [length, call]] of Object.entries(declared)) {
    made.set(name, new NativeFunction({ id: `${owner}.${name}`, name, length, call }));
  }
  return made;
}

/** Split a list of names. */
export function words(text: string): ReadonlySet<string> {
  return new Set(text.trim().split(/\s+/));
}

const INHERITED =
  "constructor __proto__ __defineGetter__ __defineSetter__ __lookupGetter__ __lookupSetter__ " +
  "isPrototypeOf propertyIsEnumerable";

/** A table of members: the given ones, and what every object has. */
export function memberTable(
  owner: string,
  declared: Record<string, Declared>,
  more: { accessors?: MemberTable["accessors"]; refused?: string } = {},
): MemberTable {
  const methods = natives(owner, { ...OBJECT_METHODS, ...declared });
  const refused = new Set([...words(INHERITED), ...(more.refused ? words(more.refused) : [])]);
  for (const name of methods.keys()) refused.delete(name);
  return { methods, accessors: more.accessors, refused };
}

const OBJECT_METHODS: Record<string, Declared> = {
  hasOwnProperty: declare(1, (vm, self, args) => {
    const key = vm.toKey(args[0]);
    return hasOwn(vm, object(vm, self), key);
  }),
  toLocaleString: declare(0, (vm, self) => vm.call(vm.getMember(object(vm, self), "toString"), [], self)),
  toString: declare(0, (vm, self) => `[object ${className(vm, self)}]`),
  valueOf: declare(0, (vm, self) => object(vm, self)),
};

/** Whether a member is the object's own. One that only JavaScript has is refused: the answer "no" would be wrong. */
export function hasOwn(vm: Machine, value: Value, key: string): boolean {
  if (vm.hasOwn(value, key)) return true;
  const refused = value instanceof NativeFunction || value instanceof Namespace
    ? value.refused.has(key)
    : vm.isCallable(value) && key === "prototype";
  if (refused) vm.getMember(value, key);
  return false;
}

function object(vm: Machine, self: Value): Value {
  if (self === undefined || self === null) vm.fail("TypeError", "Cannot convert undefined or null to object");
  return self;
}

/** What `Object.prototype.toString` puts behind `object`. */
export function className(vm: Machine, value: Value): string {
  const tag = vm.tag(value);
  if (tag === "namespace") return (value as { name: string } & Value).name;
  if (tag === "iterator" || tag === "object") return "Object";
  if (tag === "regexp") return "RegExp";
  return tag.charAt(0).toUpperCase() + tag.slice(1);
}

/** How V8 shows what cannot be called or iterated, where it has no text of the source to show. */
export function describe(vm: Machine, value: Value): string {
  if (value === undefined) return "undefined";
  if (value === null) return "object null";
  if (typeof value === "string") return `string "${value}"`;
  if (typeof value === "object") return vm.isCallable(value) ? "function" : "object";
  return `${typeof value} ${String(value)}`;
}

/** Insist on a function. */
export function needCallable(vm: Machine, value: Value): Value {
  if (!vm.isCallable(value)) vm.fail("TypeError", `${describe(vm, value)} is not a function`);
  return value;
}

/** Whether a value is an object in JavaScript's sense. */
export function isObject(
  value: Value,
): value is Exclude<Value, undefined | null | boolean | number | string> {
  return typeof value === "object" && value !== null;
}

/** A relative index, as `slice` and its kin take it: clamped to 0 … length. */
export function relative(vm: Machine, value: Value, range: { length: number; missing: number }): number {
  if (value === undefined) return range.missing;
  const index = typeof value === "number" && Number.isInteger(value) ? value : vm.toInteger(value);
  return index < 0 ? Math.max(range.length + index, 0) : Math.min(index, range.length);
}

/** Run a function of the host; its errors become the flow's. */
export function guard<T>(vm: Machine, run: () => T): T {
  try {
    return run();
  } catch (error) {
    if (error instanceof RangeError) vm.fail("RangeError", error.message);
    if (error instanceof SyntaxError) vm.fail("SyntaxError", error.message);
    if (error instanceof TypeError) vm.fail("TypeError", error.message);
    throw error;
  }
}

/** An object with these members. */
export function record(entries: Iterable<readonly [string, Value]>): PlainObject {
  const made = new PlainObject();
  for (const [key, value] of entries) made[key] = value;
  return made;
}

/** Refuse what JavaScript accepts and a flow does not. */
export function refuse(vm: Machine, code: string, message: string): never {
  return vm.fail("TypeError", message, { code });
}

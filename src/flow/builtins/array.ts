import { FlowIterator, NativeFunction, PlainObject, type Value } from "../vm/value.ts";
import type { Accessor, Machine, MemberTable } from "./builtin.ts";
import { arrayCallbacks } from "./array_callbacks.ts";
import { arrayEdits } from "./array_edits.ts";
import { arrayOf, sparse } from "./array_self.ts";
import {
  declare,
  type Declared,
  describe,
  isObject,
  memberTable,
  natives,
  needCallable,
  relative,
  words,
} from "./define.ts";
import { flat, join } from "./array_nested.ts";

/** The position that a search starts from. */
function startOf(vm: Machine, length: number, from: Value): number {
  const start = vm.toInteger(from);
  return start < 0 ? Math.max(length + start, 0) : start;
}

/** Up to this length texts are compared like other values. */
const SHORT = 64;

/** A long text is compared with every element that is as long. */
function payForSearch(vm: Machine, array: Value[], wanted: Value): void {
  vm.charge(array.length >> 2);
  if (typeof wanted !== "string" || wanted.length <= SHORT) return;
  let alike = 0;
  for (const item of array) if (typeof item === "string" && item.length === wanted.length) alike++;
  vm.charge(alike * (wanted.length >>> 4));
}

const readers: Record<string, Declared> = {
  at: [1, (vm, self, [at]) => {
    const array = arrayOf(vm, self, "at");
    const { length } = array;
    const index = vm.toInteger(at);
    const position = index < 0 ? length + index : index;
    return position >= 0 && position < length ? array[position] : undefined;
  }],
  concat: [1, (vm, self, args) => {
    const parts = [arrayOf(vm, self, "concat") as Value, ...args];
    let length = 0;
    for (const part of parts) length += Array.isArray(part) ? part.length : 1;
    vm.checkArray(length);
    vm.charge(length);
    return ([] as Value[]).concat(...parts as Value[][]);
  }],
  entries: [0, (vm, self) => new FlowIterator(arrayOf(vm, self, "entries"), "entries")],
  keys: [0, (vm, self) => new FlowIterator(arrayOf(vm, self, "keys"), "keys")],
  values: [0, (vm, self) => new FlowIterator(arrayOf(vm, self, "values"), "values")],
  includes: [1, (vm, self, [wanted, from]) => {
    const array = arrayOf(vm, self, "includes");
    const { length } = array;
    if (length === 0) return false;
    const start = startOf(vm, length, from);
    payForSearch(vm, array, wanted);
    // A conversion of `from` may have shortened the array: what is gone reads as undefined.
    return array.includes(wanted, start) || (wanted === undefined && array.length < length && start < length);
  }],
  indexOf: [1, (vm, self, [wanted, from]) => {
    const array = arrayOf(vm, self, "indexOf");
    const { length } = array;
    if (length === 0) return -1;
    const start = startOf(vm, length, from);
    payForSearch(vm, array, wanted);
    const found = array.indexOf(wanted, start);
    return found < length ? found : -1;
  }],
  lastIndexOf: [1, (vm, self, args) => {
    const array = arrayOf(vm, self, "lastIndexOf");
    const { length } = array;
    if (length === 0) return -1;
    const from = args.length > 1 ? vm.toInteger(args[1]) : length - 1;
    payForSearch(vm, array, args[0]);
    const start = from < 0 ? length + from : Math.min(from, length - 1);
    return start < 0 ? -1 : array.lastIndexOf(args[0], start);
  }],
  slice: [2, (vm, self, [from, to]) => {
    const array = arrayOf(vm, self, "slice");
    const { length } = array;
    const start = relative(vm, from, { length, missing: 0 });
    const end = relative(vm, to, { length, missing: length });
    if (array.length < end && start < end) sparse(vm, "slice");
    vm.charge(Math.max(end - start, 0) >> 1);
    return array.slice(start, end);
  }],
  with: [2, (vm, self, [at, value]) => {
    const array = arrayOf(vm, self, "with");
    const { length } = array;
    const relativeIndex = vm.toInteger(at);
    const index = relativeIndex < 0 ? length + relativeIndex : relativeIndex;
    if (index < 0 || index >= length) {
      vm.fail("RangeError", `Invalid index : ${typeof at === "string" ? at : vm.show(at)}`);
    }
    vm.charge(length >> 1);
    const copy = Array.from({ length }, (_, position) => array[position]);
    copy[index] = value;
    return copy;
  }],
  toReversed: [0, (vm, self) => {
    const array = arrayOf(vm, self, "toReversed");
    vm.charge(array.length >> 1);
    return array.toReversed();
  }],
  join: [1, (vm, self, [separator]) => join(vm, arrayOf(vm, self, "join"), { separator })],
  toString: declare(0, (vm, self) => join(vm, arrayOf(vm, self, "toString"), { separator: undefined })),
  toLocaleString: declare(0, (vm, self, args) => {
    return join(vm, arrayOf(vm, self, "toLocaleString"), { separator: ",", locale: args.slice(0, 2) });
  }),
  flat: [0, (vm, self, [depth]) => {
    const array = arrayOf(vm, self, "flat");
    return flat(vm, array, depth === undefined ? 1 : vm.toInteger(depth));
  }],
};

/** What the result of a match has besides its elements. */
const matchMembers = new Map<string, Accessor>(
  ["index", "input", "groups", "indices"].map((name) => [name, {
    get: (_vm, self) =>
      Object.hasOwn(self as object, name) ? (self as unknown as Record<string, Value>)[name] : undefined,
  }]),
);

/** The members of arrays. */
export const arrayMembers: MemberTable = memberTable("Array.prototype", {
  ...readers,
  ...arrayCallbacks,
  ...arrayEdits,
}, { accessors: matchMembers });

function isIterable(vm: Machine, value: Value): boolean {
  return ["string", "array", "map", "set", "iterator"].includes(vm.tag(value));
}

function from(vm: Machine, _self: Value, [items, callback]: Value[]): Value {
  if (callback !== undefined) needCallable(vm, callback);
  if (items === undefined || items === null) {
    vm.fail("TypeError", `${describe(vm, items)} is not iterable`);
  }
  const made: Value[] = [];
  const add = (item: Value): void => {
    vm.charge(2);
    vm.checkArray(made.length + 1);
    made.push(callback === undefined ? item : vm.call2(callback, item, made.length));
  };
  if (isIterable(vm, items)) {
    const iterator = vm.iterate(items);
    for (let item = vm.next(iterator); item !== vm.END; item = vm.next(iterator)) add(item);
    return made;
  }
  const length = vm.toLength(vm.getMember(items, "length"));
  if (length > 4294967295) vm.fail("RangeError", "Invalid array length");
  vm.checkArray(length);
  for (let index = 0; index < length; index++) {
    // An index is never inherited.
    if (items instanceof PlainObject) add(items[index]);
    else add(isObject(items) ? vm.getMember(items, String(index)) : undefined);
  }
  return made;
}

function construct(vm: Machine, args: Value[]): Value {
  vm.checkArray(args.length);
  const [length] = args;
  if (args.length !== 1 || typeof length !== "number") return [...args];
  if (length >>> 0 !== length) vm.fail("RangeError", "Invalid array length");
  return length === 0 ? [] : sparse(vm, `new Array(${length})`);
}

/** `Array`. */
export const arrayFunction: NativeFunction = new NativeFunction({
  id: "Array",
  length: 1,
  call: (vm, _self, args) => construct(vm, args),
  construct,
  isInstance: Array.isArray,
  statics: natives("Array", {
    isArray: [1, (_vm, _self, [value]) => Array.isArray(value)],
    from: [1, from],
    of: [0, (vm, _self, args) => {
      vm.checkArray(args.length);
      return [...args];
    }],
  }),
  refused: words("fromAsync prototype"),
});

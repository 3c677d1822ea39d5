import { NativeFunction, type Value } from "../vm/value.ts";
import type { Machine, MemberTable } from "./builtin.ts";
import { declare, guard, memberTable, natives, words } from "./define.ts";
import { FORMATTER_COST, localeArguments } from "./locale.ts";

function numberOf(vm: Machine, self: Value, name: string): number {
  if (typeof self === "number") return self;
  return vm.fail("TypeError", `Number.prototype.${name} requires that 'this' be a Number`);
}

/** What it takes to write hundreds of digits, in instructions. */
const DIGITS_COST = 40;

/** The members of numbers. */
export const numberMembers: MemberTable = memberTable("Number.prototype", {
  toString: declare(1, (vm, self, [radix]) => {
    const value = numberOf(vm, self, "toString");
    if (radix === undefined) return String(value);
    const base = vm.toInteger(radix);
    vm.charge(DIGITS_COST);
    return guard(vm, () => value.toString(base));
  }),
  toFixed: [1, (vm, self, [digits]) => {
    const value = numberOf(vm, self, "toFixed");
    const count = vm.toInteger(digits);
    vm.charge(DIGITS_COST);
    return guard(vm, () => value.toFixed(count));
  }],
  toExponential: [1, (vm, self, [digits]) => {
    const value = numberOf(vm, self, "toExponential");
    const count = digits === undefined ? undefined : vm.toInteger(digits);
    vm.charge(DIGITS_COST);
    return guard(vm, () => value.toExponential(count));
  }],
  toPrecision: [1, (vm, self, [digits]) => {
    const value = numberOf(vm, self, "toPrecision");
    if (digits === undefined) return String(value);
    const count = vm.toInteger(digits);
    vm.charge(DIGITS_COST);
    return guard(vm, () => value.toPrecision(count));
  }],
  toLocaleString: declare(0, (vm, self, args) => {
    const value = numberOf(vm, self, "toLocaleString");
    vm.charge(FORMATTER_COST);
    const { locales, options } = localeArguments(vm, args);
    return guard(vm, () => value.toLocaleString(locales, options as Intl.NumberFormatOptions));
  }),
  valueOf: declare(0, (vm, self) => numberOf(vm, self, "valueOf")),
});

/** The members of booleans. */
export const booleanMembers: MemberTable = memberTable("Boolean.prototype", {
  toString: declare(0, (vm, self) => String(booleanOf(vm, self, "toString"))),
  valueOf: declare(0, (vm, self) => booleanOf(vm, self, "valueOf")),
});

function booleanOf(vm: Machine, self: Value, name: string): boolean {
  if (typeof self === "boolean") return self;
  return vm.fail("TypeError", `Boolean.prototype.${name} requires that 'this' be a Boolean`);
}

function parseInteger(vm: Machine, _self: Value, [text, radix]: Value[]): Value {
  const string = vm.toString(text);
  vm.charge(string.length >> 4);
  return parseInt(string, vm.toNumber(radix));
}

function parseDecimal(vm: Machine, _self: Value, [text]: Value[]): Value {
  const string = vm.toString(text);
  vm.charge(string.length >> 4);
  return parseFloat(string);
}

/** The global functions about numbers; `Number.parseInt` is the same function as `parseInt`. */
export const numberGlobals: ReadonlyMap<string, NativeFunction> = new Map(
  Object.entries({
    parseInt: new NativeFunction({ id: "parseInt", length: 2, call: parseInteger }),
    parseFloat: new NativeFunction({ id: "parseFloat", length: 1, call: parseDecimal }),
    isNaN: new NativeFunction({ id: "isNaN", length: 1, call: (vm, _self, [x]) => isNaN(vm.toNumber(x)) }),
    isFinite: new NativeFunction({
      id: "isFinite",
      length: 1,
      call: (vm, _self, [x]) => isFinite(vm.toNumber(x)),
    }),
  }),
);

const CONSTANTS = [
  "EPSILON",
  "MAX_SAFE_INTEGER",
  "MIN_SAFE_INTEGER",
  "MAX_VALUE",
  "MIN_VALUE",
  "NaN",
  "NEGATIVE_INFINITY",
  "POSITIVE_INFINITY",
] as const;

/** `Number`. */
export const numberFunction: NativeFunction = new NativeFunction({
  id: "Number",
  length: 1,
  call: (vm, _self, args) => args.length === 0 ? 0 : vm.toNumber(args[0]),
  isInstance: () => false,
  statics: new Map<string, Value>([
    ...CONSTANTS.map((name): [string, Value] => [name, Number[name]]),
    ...natives("Number", {
      isFinite: [1, (_vm, _self, [value]) => Number.isFinite(value)],
      isInteger: [1, (_vm, _self, [value]) => Number.isInteger(value)],
      isNaN: [1, (_vm, _self, [value]) => Number.isNaN(value)],
      isSafeInteger: [1, (_vm, _self, [value]) => Number.isSafeInteger(value)],
    }),
    ["parseFloat", numberGlobals.get("parseFloat")],
    ["parseInt", numberGlobals.get("parseInt")],
  ]),
  refused: words("prototype"),
});

/** `Boolean`. */
export const booleanFunction: NativeFunction = new NativeFunction({
  id: "Boolean",
  length: 1,
  call: (vm, _self, [value]) => vm.toBoolean(value),
  isInstance: () => false,
  refused: words("prototype"),
});

import { Namespace, type Value } from "../vm/value.ts";
import type { Machine } from "./builtin.ts";
import { type Declared, natives } from "./define.ts";

const ONE = [
  "abs",
  "acos",
  "acosh",
  "asin",
  "asinh",
  "atan",
  "atanh",
  "cbrt",
  "ceil",
  "clz32",
  "cos",
  "cosh",
  "exp",
  "expm1",
  "f16round",
  "floor",
  "fround",
  "log",
  "log10",
  "log1p",
  "log2",
  "round",
  "sign",
  "sin",
  "sinh",
  "sqrt",
  "tan",
  "tanh",
  "trunc",
] as const;
const TWO = ["atan2", "imul", "pow"] as const;
const CONSTANTS = ["E", "LN10", "LN2", "LOG10E", "LOG2E", "PI", "SQRT1_2", "SQRT2"] as const;

function numbers(vm: Machine, args: Value[]): number[] {
  vm.charge(args.length);
  return args.map((value) => vm.toNumber(value));
}

function fold(name: "max" | "min" | "hypot"): Declared {
  const empty = Math[name]();
  return [2, (vm, _self, args) => {
    if (args.length === 2) {
      const first = vm.toNumber(args[0]);
      return Math[name](first, vm.toNumber(args[1]));
    }
    const list = numbers(vm, args);
    if (name === "hypot") return list.length < 4096 ? Math.hypot(...list) : hypotenuse(list);
    return list.reduce((sum, value) => Math[name](sum, value), empty);
  }];
}

function hypotenuse(list: number[]): number {
  const largest = list.reduce((max, value) => Math.max(max, Math.abs(value)), 0);
  if (list.some((value) => Math.abs(value) === Infinity)) return Infinity;
  if (largest === 0 || Number.isNaN(largest)) return largest;
  return Math.sqrt(list.reduce((sum, value) => sum + (value / largest) ** 2, 0)) * largest;
}

/** What the host's `Math` has and its types do not know yet. */
const newer = Math as Math & { f16round(x: number): number; sumPrecise(items: number[]): number };

function sumPrecise(vm: Machine, items: Value): number {
  const list: number[] = [];
  const iterator = vm.iterate(items);
  for (let item = vm.next(iterator); item !== vm.END; item = vm.next(iterator)) {
    vm.charge(2);
    if (typeof item !== "number") {
      const type = vm.isCallable(item) ? "function" : typeof item;
      return vm.fail("TypeError", `Type of 'Iterator value' must be 'number', found '${type}'`);
    }
    list.push(item);
  }
  return newer.sumPrecise(list);
}

const declared: Record<string, Declared> = {
  max: fold("max"),
  min: fold("min"),
  hypot: fold("hypot"),
  random: [0, (vm) => vm.random()],
  sumPrecise: [1, (vm, _self, [items]) => sumPrecise(vm, items)],
};
for (const name of ONE) declared[name] = [1, (vm, _self, args) => newer[name](vm.toNumber(args[0]))];
for (const name of TWO) {
  declared[name] = [2, (vm, _self, args) => {
    const first = vm.toNumber(args[0]);
    return Math[name](first, vm.toNumber(args[1]));
  }];
}

/** `Math`. */
export const math: Namespace = new Namespace(
  "Math",
  new Map<string, Value>([
    ...CONSTANTS.map((name): [string, Value] => [name, Math[name]]),
    ...natives("Math", declared),
  ]),
);

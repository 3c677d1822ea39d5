import type { Value } from "../vm/value.ts";
import type { Machine } from "./builtin.ts";

/** The text that a method was called on: JavaScript's methods turn everything but `undefined` and `null` into text. */
export function textOf(vm: Machine, self: Value, name: string): string {
  if (typeof self === "string") return self;
  if (self === undefined || self === null) {
    vm.fail("TypeError", `String.prototype.${name} called on null or undefined`);
  }
  return vm.toString(self);
}

import type { Value } from "../vm/value.ts";
import type { Machine } from "./builtin.ts";
import { refuse } from "./define.ts";

/** The array that a method was called on. JavaScript's methods work on anything with a length; a flow's only on arrays. */
export function arrayOf(vm: Machine, self: Value, name: string): Value[] {
  if (Array.isArray(self)) return self;
  if (self === undefined || self === null) {
    vm.fail("TypeError", `Array.prototype.${name} called on null or undefined`);
  }
  return refuse(vm, "FLOW_NOT_AN_ARRAY", `Cannot call Array.prototype.${name} on what is not an array`);
}

/** Refuse what would leave holes in an array. */
export function sparse(vm: Machine, what: string): never {
  const hint = "an array may not have holes: use Array.from({ length: n })";
  return refuse(vm, "FLOW_SPARSE_ARRAY", `Cannot do ${what}: ${hint}`);
}

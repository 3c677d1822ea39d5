import { emptied, type JsonValue } from "../../shared/json.ts";
import type { FlowMachine } from "../vm/machine.ts";
import { isCallable, isObject, tagOf } from "../vm/tag.ts";
import { FlowError, Namespace, PlainObject, type TypeTag, type Value } from "../vm/value.ts";

const CODE = { code: "FLOW_JSON" };
const MAX_DEPTH = 500;

/**
 * A value on its way out, as `JSON.stringify` would write it; what JSON cannot carry throws at the call that tries.
 *
 * @param vm the machine
 * @param value the value
 * @param what what it is, for the message
 * @returns host JSON that shares nothing with the flow
 */
export function toJsonValue(vm: FlowMachine, value: Value, what: string): JsonValue {
  refuse(vm, value, { what, above: [] });
  const text = vm.library.stringify(vm, value);
  if (text === undefined) return null;
  if (text.length > vm.limits.valueSize) {
    const size = `its text takes ${text.length} characters, at most ${vm.limits.valueSize} are allowed`;
    vm.fail("RangeError", `Cannot store ${what} as JSON: ${size}`, { code: "FLOW_VALUE_SIZE" });
  }
  vm.outbox.count(text.length);
  return JSON.parse(text) as JsonValue;
}

interface Walk {
  what: string;
  above: Value[];
}

function refuse(vm: FlowMachine, value: Value, walk: Walk): void {
  if (!isObject(value)) return;
  const { what, above } = walk;
  if (isCallable(value)) vm.fail("TypeError", `Cannot store ${what} as JSON: it is a function`, CODE);
  if (above.includes(value)) vm.fail("TypeError", `Cannot store ${what} as JSON: it contains itself`, CODE);
  if (above.length > MAX_DEPTH) {
    vm.fail("TypeError", `Cannot store ${what} as JSON: it is nested too deep`, CODE);
  }
  vm.charge(1 + (above.length >> 4));
  above.push(value);
  if (Array.isArray(value)) {
    value.forEach((item, index) => refuse(vm, item, { what: `${what}[${index}]`, above }));
  } else if (value instanceof PlainObject) {
    if (!isCallable(value.toJSON)) {
      for (const key of Object.keys(value)) refuse(vm, value[key], { what: `${what}.${key}`, above });
    }
  } else if (!(value instanceof Date)) {
    vm.fail("TypeError", `Cannot store ${what} as JSON: ${emptiedValue(value)}`, CODE);
  }
  above.pop();
}

function emptiedValue(value: Value): string {
  if (value instanceof Namespace) {
    return `it is the namespace ${value.name}, which JSON would turn into {}; pass data instead`;
  }
  if (value instanceof FlowError) return emptied(value.kind, "Error");
  return emptied(NAMES[tagOf(value)]!);
}

const NAMES: Partial<Record<TypeTag, string>> = {
  regexp: "RegExp",
  promise: "Promise",
  map: "Map",
  set: "Set",
  iterator: "iterator",
};

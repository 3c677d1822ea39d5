import type { FlowMachine } from "./machine.ts";
import { isCallable, isObject, tagOf } from "./tag.ts";
import { BareObject, type FlowError, PlainObject, type Value } from "./value.ts";

/** What is no object. */
export type Primitive = undefined | null | boolean | number | string;

/** ToPrimitive. */
export function toPrimitive(vm: FlowMachine, value: Value, hint: "default" | "number" | "string"): Primitive {
  if (!isObject(value)) return value;
  const asText = hint === "string" || (hint === "default" && value instanceof Date);
  for (const name of asText ? ["toString", "valueOf"] : ["valueOf", "toString"]) {
    const method = vm.getMember(value, name);
    if (!isCallable(method)) continue;
    const result = vm.call(method, [], value);
    if (!isObject(result)) return result;
  }
  return vm.fail("TypeError", "Cannot convert object to primitive value");
}

/** ToString. */
export function toText(vm: FlowMachine, value: Value): string {
  if (typeof value === "string") return value;
  return isObject(value) ? String(toPrimitive(vm, value, "string")) : String(value);
}

/** Up to this length, reading a text costs nothing besides the instruction. */
const SHORT = 64;

/** Pay for reading a text from end to end. */
export function payFor(vm: FlowMachine, text: Value): void {
  if (typeof text === "string" && text.length > SHORT) vm.charge(text.length >>> 4);
}

/** Pay for telling whether two values are the same: texts are compared if they are equally long. */
export function payForEquality(vm: FlowMachine, a: Value, b: Value): void {
  if (typeof a === "string" && a.length > SHORT && typeof b === "string" && a.length === b.length) {
    vm.charge(a.length >>> 4);
  }
}

/** ToNumber. */
export function toNumber(vm: FlowMachine, value: Value): number {
  if (typeof value === "number") return value;
  return numberFrom(vm, isObject(value) ? toPrimitive(vm, value, "number") : value);
}

/** ToNumber of what is no object. */
export function numberFrom(vm: FlowMachine, value: Primitive): number {
  payFor(vm, value);
  return Number(value);
}

/** ToPropertyKey. */
export function toKey(vm: FlowMachine, value: Value): string {
  const key = typeof value === "string" ? value : toText(vm, value);
  payFor(vm, key);
  return key;
}

/** `a == b` */
export function looseEquals(vm: FlowMachine, a: Value, b: Value): boolean {
  payForEquality(vm, a, b);
  if (a === b) return true;
  if (a === null || a === undefined || b === null || b === undefined) return (a ?? null) === (b ?? null);
  if (isObject(a) && isObject(b)) return false;
  const left = isObject(a) ? toPrimitive(vm, a, "default") : a;
  const right = isObject(b) ? toPrimitive(vm, b, "default") : b;
  if (typeof left === "string" && typeof right === "string") return strictEquals(vm, left, right);
  payFor(vm, left);
  payFor(vm, right);
  return left == right;
}

/** `a === b` */
export function strictEquals(vm: FlowMachine, a: Value, b: Value): boolean {
  payForEquality(vm, a, b);
  return a === b;
}

/** A value as V8's messages show it where they have no source for it. Runs no code of the flow. */
export function show(vm: FlowMachine, value: Value): string {
  switch (tagOf(value)) {
    case "function":
      return shortened(vm.sourceOf(value));
    case "object":
      return value instanceof BareObject || "toString" in (value as PlainObject)
        ? "[object Object]"
        : "#<Object>";
    case "array":
      return "[object Array]";
    case "error":
      return showError(value as FlowError);
    case "promise":
      return "#<Promise>";
    case "map":
      return "#<Map>";
    case "set":
      return "#<Set>";
    case "date":
      return "[object Date]";
    case "regexp":
      return "[object RegExp]";
    case "iterator":
      return toText(vm, value);
    case "namespace":
      return "#<Object>";
    default:
      return String(value);
  }
}

/** V8 leaves the middle of a long function out. */
function shortened(text: string): string {
  return text.length > 128 ? `${text.slice(0, 111)}...<omitted>...${text.slice(-2)}` : text;
}

function showError(error: FlowError): string {
  const [name, message] = [errorText(error, "name"), errorText(error, "message")];
  return name === "" || message === "" ? name + message : `${name}: ${message}`;
}

/** The name or message of an error as text. Runs no code of the flow. */
export function errorText(error: FlowError, key: "name" | "message"): string {
  const value = errorMember(error, key);
  if (isObject(value)) return "[object]";
  return value === undefined || value === null ? key === "name" ? "Error" : "" : String(value);
}

/** The member of an error that its constructor or prototype gives. */
export function errorMember(error: FlowError, key: string): Value {
  if (key in error.hidden) return error.hidden[key];
  if (key in error.props) return error.props[key];
  if (key === "name") return error.kind === "TimeoutError" ? "TimeoutError" : error.kind;
  return key === "message" ? "" : undefined;
}

/** A fresh plain object with these members. */
export function plain(members: Record<string, Value>): PlainObject {
  return Object.assign(new PlainObject(), members);
}

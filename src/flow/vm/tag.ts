import { FlowPromise } from "./promise.ts";
import {
  BoundNative,
  FlowError,
  FlowFunction,
  FlowIterator,
  FlowRegExp,
  Namespace,
  NativeFunction,
  PlainObject,
  type TypeTag,
  type Value,
} from "./value.ts";

/** Which table of members a value has. */
export function tagOf(value: Value): TypeTag {
  switch (typeof value) {
    case "string":
      return "string";
    case "number":
      return "number";
    case "boolean":
      return "boolean";
    case "undefined":
      return "undefined";
    default:
  }
  if (value === null) return "null";
  if (value instanceof PlainObject) return "object";
  if (Array.isArray(value)) return "array";
  if (value instanceof FlowFunction || value instanceof NativeFunction || value instanceof BoundNative) {
    return "function";
  }
  if (value instanceof FlowError) return "error";
  if (value instanceof FlowPromise) return "promise";
  if (value instanceof Map) return "map";
  if (value instanceof Set) return "set";
  if (value instanceof Date) return "date";
  if (value instanceof FlowRegExp) return "regexp";
  if (value instanceof FlowIterator) return "iterator";
  if (value instanceof Namespace) return "namespace";
  throw new Error("a value of the host got into the flow");
}

/** Whether a value can be called. */
export function isCallable(value: Value): value is FlowFunction | NativeFunction | BoundNative {
  return value instanceof FlowFunction || value instanceof NativeFunction || value instanceof BoundNative;
}

/** Whether a value is an object in JavaScript's sense. */
export function isObject(
  value: Value,
): value is Exclude<Value, undefined | null | boolean | number | string> {
  return typeof value === "object" && value !== null;
}

/** What `typeof` says. */
export function typeOf(value: Value): string {
  if (typeof value !== "object" || value === null) return value === null ? "object" : typeof value;
  return isCallable(value) ? "function" : "object";
}

/** A value as V8's messages describe it where they have no source for it. */
export function describeValue(value: Value): string {
  if (typeof value === "string") return `string "${value}"`;
  if (value === null || typeof value === "number" || typeof value === "boolean") {
    return `${typeof value} ${value}`;
  }
  return typeOf(value);
}

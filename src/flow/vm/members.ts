import type { MemberTable } from "../builtins/builtin.ts";
import { errorMember } from "./convert.ts";
import type { FlowMachine } from "./machine.ts";
import { isCallable, isObject, tagOf } from "./tag.ts";
import {
  BareObject,
  BoundNative,
  FlowError,
  FlowFunction,
  Namespace,
  NativeFunction,
  PlainObject,
  type Value,
} from "./value.ts";

const UNSUPPORTED = { code: "FLOW_UNSUPPORTED_MEMBER" };
const FIXED = { code: "FLOW_NOT_EXTENSIBLE" };

/** The index that a key means, or -1. */
function arrayIndex(key: string): number {
  const first = key.charCodeAt(0);
  if (!(first >= 48 && first <= 57)) return -1;
  // No index has more digits.
  if (key.length > 10) return -1;
  const index = Number(key);
  return Number.isInteger(index) && index < 4294967295 && String(index) === key ? index : -1;
}

/** `object[key]` */
export function getMember(vm: FlowMachine, object: Value, key: string): Value {
  if (object instanceof PlainObject) {
    const value = object[key];
    if (value !== undefined || key in object) return value;
    return inherited(vm, object, key, "object");
  }
  if (Array.isArray(object)) {
    if (key === "length") return object.length;
    const index = arrayIndex(key);
    return index >= 0 ? object[index] : inherited(vm, object, key, "array");
  }
  if (typeof object === "string") {
    if (key === "length") return object.length;
    const index = arrayIndex(key);
    return index >= 0 ? object[index] : inherited(vm, object, key, "string");
  }
  if (object === undefined || object === null) {
    return vm.fail("TypeError", `Cannot read properties of ${object} (reading '${key}')`);
  }
  if (object instanceof FlowError) return errorRead(vm, object, key);
  if (object instanceof Namespace) return staticMember(vm, object, key);
  if (object instanceof NativeFunction && object.statics.has(key)) return object.statics.get(key);
  const tag = tagOf(object);
  if (tag === "function") {
    if (key === "name") return vm.functionName(object);
    if (key === "length") return vm.functionLength(object);
    if (object instanceof NativeFunction && object.refused.has(key)) {
      return refuse(vm, `${object.name}.${key}`);
    }
  }
  return inherited(vm, object, key, tag);
}

function errorRead(vm: FlowMachine, error: FlowError, key: string): Value {
  if (key === "stack" && !("stack" in error.hidden)) return vm.stackOf(error);
  const own = errorMember(error, key);
  return own !== undefined || vm.hasOwn(error, key) ? own : inherited(vm, error, key, "error");
}

function staticMember(vm: FlowMachine, namespace: Namespace, key: string): Value {
  const value = namespace.members.get(key);
  if (value !== undefined || namespace.members.has(key)) return value;
  if (namespace.refused.has(key)) return refuse(vm, `${namespace.name}.${key}`);
  return inherited(vm, namespace, key, "namespace");
}

function inherited(vm: FlowMachine, object: Value, key: string, tag: keyof FlowMachine["tables"]): Value {
  const table: MemberTable | undefined = vm.tables[tag];
  if (table === undefined || object instanceof BareObject) return undefined;
  const method = table.methods.get(key);
  if (method !== undefined) return method;
  const accessor = table.accessors?.get(key);
  if (accessor !== undefined) return accessor.get(vm, object);
  return table.refused.has(key) ? refuse(vm, key) : undefined;
}

function refuse(vm: FlowMachine, what: string): never {
  return vm.fail("TypeError", `"${what}" is not part of the flow language`, UNSUPPORTED);
}

/** `object[key] = value` */
export function setMember(vm: FlowMachine, object: Value, key: string, value: Value): void {
  if (object instanceof PlainObject) {
    if (key === "__proto__" && !(key in object)) return setPrototype(vm, value);
    object[key] = value;
  } else if (Array.isArray(object)) setElement(vm, object, key, value);
  else if (object instanceof FlowError) {
    if (key in object.hidden || (key === "stack")) object.hidden[key] = value;
    else object.props[key] = value;
  } else if (object === undefined || object === null) {
    vm.fail("TypeError", `Cannot set properties of ${object} (setting '${key}')`);
  } else {
    const tag = tagOf(object);
    const accessor = vm.tables[tag]?.accessors?.get(key);
    if (accessor?.set) return accessor.set(vm, object, value);
    if (accessor !== undefined) {
      const shown = tag === "regexp" ? "[object Object]" : vm.show(object);
      vm.fail("TypeError", `Cannot set property ${key} of ${shown} which has only a getter`);
    }
    refuseSetting(vm, object, key);
  }
}

/** JavaScript gives the object another prototype, if the value is an object or `null`. */
function setPrototype(vm: FlowMachine, value: Value): void {
  if (isObject(value) || value === null) refuse(vm, "__proto__");
}

function refuseSetting(vm: FlowMachine, object: Value, key: string): never {
  if (typeof object !== "object") {
    const own = typeof object === "string" && (key === "length" || Number(key) < object.length);
    if (own) {
      return vm.fail(
        "TypeError",
        `Cannot assign to read only property '${key}' of string '${String(object)}'`,
      );
    }
    return vm.fail("TypeError", `Cannot create property '${key}' on ${typeof object} '${String(object)}'`);
  }
  const readOnly = (tagOf(object) === "function") && (key === "name" || key === "length");
  if (readOnly) {
    return vm.fail(
      "TypeError",
      `Cannot assign to read only property '${key}' of function '${vm.show(object)}'`,
    );
  }
  return refuseAdding(vm, key);
}

/** JavaScript would add the member; a snapshot could not keep it. */
function refuseAdding(vm: FlowMachine, key: string): never {
  return vm.fail("TypeError", `Cannot add property ${key}, object is not extensible`, FIXED);
}

function setElement(vm: FlowMachine, array: Value[], key: string, value: Value): void {
  const index = arrayIndex(key);
  if (index >= 0) return setIndex(vm, array, index, value);
  if (key !== "length") {
    // What a match has besides its elements can be changed; nothing can be added.
    if (!Object.hasOwn(array, key)) refuseAdding(vm, key);
    (array as unknown as PlainObject)[key] = value;
    return;
  }
  const length = vm.toNumber(value);
  if (length >>> 0 !== length) vm.fail("RangeError", "Invalid array length");
  if (length > array.length) {
    const hint = "an array may not have holes: use Array.from({ length: n })";
    vm.fail("TypeError", `Cannot grow length from ${array.length} to ${length}: ${hint}`, {
      code: "FLOW_SPARSE_ARRAY",
    });
  }
  array.length = length;
}

/** `array[index] = value` */
export function setIndex(vm: FlowMachine, array: Value[], index: number, value: Value): void {
  if (index > array.length) {
    const hint = "an array may not have holes: use Array.from({ length: n })";
    vm.fail("TypeError", `Cannot write element ${index} of an array of length ${array.length}: ${hint}`, {
      code: "FLOW_SPARSE_ARRAY",
    });
  }
  if (index === array.length) vm.checkArray(index + 1);
  array[index] = value;
}

/** Own enumerable string keys. */
export function ownKeys(object: Value): string[] {
  if (object instanceof PlainObject || Array.isArray(object)) return Object.keys(object);
  if (typeof object === "string") return Object.keys(object);
  return object instanceof FlowError ? Object.keys(object.props) : [];
}

/** Whether a member is the object's own. */
export function hasOwn(object: Value, key: string): boolean {
  if (object instanceof PlainObject) return key in object;
  if (Array.isArray(object)) return Object.hasOwn(object, key);
  if (typeof object === "string") {
    return key === "length" || (arrayIndex(key) >= 0 && arrayIndex(key) < object.length);
  }
  if (object instanceof FlowError) return key in object.hidden || key in object.props || key === "stack";
  if (object instanceof Namespace) return object.members.has(key);
  if (object instanceof NativeFunction && object.statics.has(key)) return true;
  if (object instanceof FlowFunction || object instanceof NativeFunction || object instanceof BoundNative) {
    return key === "name" || key === "length";
  }
  return object !== null && object !== undefined && tagOf(object) === "regexp" && key === "lastIndex";
}

/** `key in object` */
export function hasMember(vm: FlowMachine, object: Value, key: string): boolean {
  if (typeof object !== "object" || object === null) {
    return vm.fail("TypeError", `Cannot use 'in' operator to search for '${key}' in ${String(object)}`);
  }
  if (hasOwn(object, key)) return true;
  if (object instanceof FlowError && (key === "name" || key === "message")) return true;
  if (object instanceof BareObject) return false;
  const table = vm.tables[tagOf(object)];
  if (table === undefined) return false;
  // The accessors of arrays read what only the result of a match has, as members of its own.
  const accessible = !Array.isArray(object) && table.accessors?.has(key) === true;
  return accessible || table.methods.has(key) || table.refused.has(key);
}

/** `delete object[key]` */
export function deleteMember(vm: FlowMachine, object: Value, key: string): boolean {
  if (object === undefined || object === null) {
    return vm.fail("TypeError", "Cannot convert undefined or null to object");
  }
  if (object instanceof PlainObject) return delete object[key];
  if (object instanceof FlowError) return delete object.hidden[key] && delete object.props[key];
  if (Array.isArray(object) && arrayIndex(key) >= 0 && arrayIndex(key) < object.length) {
    return vm.fail(
      "TypeError",
      `Cannot delete element ${key} of an array: it may not have holes; use splice`,
      {
        code: "FLOW_SPARSE_ARRAY",
      },
    );
  }
  if (Array.isArray(object) && key !== "length") return delete (object as unknown as PlainObject)[key];
  if (!hasOwn(object, key)) return true;
  // JavaScript deletes the members of functions and of built-ins.
  const shown = typeof object === "string" ? "[object String]" : vm.show(object);
  const options = isCallable(object) || object instanceof Namespace ? FIXED : undefined;
  return vm.fail("TypeError", `Cannot delete property '${key}' of ${shown}`, options);
}

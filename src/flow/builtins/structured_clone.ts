import { FlowError, FlowRegExp, NativeFunction, PlainObject, type Value } from "../vm/value.ts";
import type { Machine } from "./builtin.ts";
import { isObject } from "./define.ts";

/** `structuredClone(value)`, without recursion. */
class Cloner {
  readonly #vm: Machine;
  readonly #made = new Map<Value, Value>();
  readonly #pending: (() => void)[] = [];

  constructor(vm: Machine) {
    this.#vm = vm;
  }

  clone(value: Value): Value {
    const result = this.#copy(value);
    for (let fill = this.#pending.pop(); fill !== undefined; fill = this.#pending.pop()) fill();
    return result;
  }

  #copy(value: Value): Value {
    if (!isObject(value)) return value;
    const known = this.#made.get(value);
    if (known !== undefined) return known;
    this.#vm.charge(8);
    this.#vm.checkArray(this.#made.size + 1);
    const made = this.#shell(value);
    this.#made.set(value, made);
    return made;
  }

  /** An empty copy; its members are copied later. */
  #shell(value: Value): Value {
    const later = (fill: () => void): void => void this.#pending.push(fill);
    if (Array.isArray(value)) {
      const array: Value[] = [];
      later(() => {
        this.#vm.charge(value.length);
        for (const item of value) array.push(this.#copy(item));
        for (const key of Object.keys(value).slice(value.length)) this.#copyMember(array, value, key);
      });
      return array;
    }
    if (value instanceof PlainObject) {
      const object = new PlainObject();
      later(() => {
        const keys = Object.keys(value);
        this.#vm.charge(keys.length);
        for (const key of keys) object[key] = this.#copy(value[key]);
      });
      return object;
    }
    if (value instanceof Map) {
      const map = new Map<Value, Value>();
      this.#vm.charge(4 * value.size);
      later(() => value.forEach((item, key) => void map.set(this.#copy(key), this.#copy(item))));
      return map;
    }
    if (value instanceof Set) {
      const set = new Set<Value>();
      this.#vm.charge(4 * value.size);
      later(() => value.forEach((item) => void set.add(this.#copy(item))));
      return set;
    }
    if (value instanceof Date) return new Date(value.getTime());
    if (value instanceof FlowRegExp) return new FlowRegExp(value.source, value.flags);
    if (value instanceof FlowError) return this.#error(value);
    return this.#refuse(value);
  }

  /** What the result of a match has besides its elements. */
  #copyMember(into: Value[], from: Value[], key: string): void {
    (into as unknown as PlainObject)[key] = this.#copy((from as unknown as PlainObject)[key]);
  }

  /** Of an error: kind, message, stack, origin and cause. */
  #error(error: FlowError): FlowError {
    const { hidden } = error;
    const name = this.#vm.toString(this.#vm.getMember(error, "name"));
    const kind = CLONED.has(name) ? name as FlowError["kind"] : "Error";
    const message = this.#vm.hasOwn(error, "message")
      ? this.#vm.toString(this.#vm.getMember(error, "message"))
      : undefined;
    const made = new FlowError(kind, message, [...error.trace]);
    made.origin = error.origin;
    if (typeof hidden.stack === "string") made.hidden.stack = hidden.stack;
    if ("cause" in hidden) this.#pending.push(() => void (made.hidden.cause = this.#copy(hidden.cause)));
    return made;
  }

  #refuse(value: Value): never {
    const error = this.#vm.createError("Error", `${this.#vm.show(value)} could not be cloned.`);
    error.hidden.name = "DataCloneError";
    error.hidden.code = 25;
    return this.#vm.raise(error);
  }
}

/** The kinds of errors that a clone keeps. */
const CLONED: ReadonlySet<string> = new Set([
  "Error",
  "EvalError",
  "RangeError",
  "ReferenceError",
  "SyntaxError",
  "TypeError",
  "URIError",
]);

/** `structuredClone`. */
export const structuredCloneFunction: NativeFunction = new NativeFunction({
  id: "structuredClone",
  length: 1,
  call: (vm, _self, args) => {
    if (args.length === 0) {
      vm.fail("TypeError", "Failed to execute 'structuredClone': 1 argument required, but only 0 present");
    }
    return new Cloner(vm).clone(args[0]);
  },
});

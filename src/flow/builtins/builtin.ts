/**
 * The contract between the machine and its library of built-ins.
 *
 * A built-in is a {@linkcode NativeFunction}: it gets the {@linkcode Machine}, what stood before the dot, and its arguments. It
 * checks `self` itself (`const { push } = []; push(1)` is a TypeError), converts with the machine's abstract operations (they may call
 * back into the flow), throws with `vm.fail`, and pays for work that grows with its input with `vm.charge`.
 *
 * @module
 */

import type {
  ErrorKind,
  FlowError,
  FlowIterator,
  FlowRegExp,
  NativeFunction,
  TypeTag,
  Value,
} from "../vm/value.ts";

/** What a built-in may ask of the machine that calls it. */
export interface Machine {
  /**
   * Call a function of the flow or of the library and wait for its result. An `async` function gives its promise at once.
   * Throws what the function throws; a value that is no function throws `TypeError: x is not a function`.
   */
  call(fn: Value, args: Value[], self?: Value): Value;
  /** {@linkcode Machine.call} without an array of arguments: for callbacks `(value, index, array)`, `(a, b)`. */
  call1(fn: Value, first: Value): Value;
  call2(fn: Value, first: Value, second: Value): Value;
  call3(fn: Value, first: Value, second: Value, third: Value): Value;

  /** Whether the value can be called. */
  isCallable(value: Value): boolean;
  /** Which table of members a value has. */
  tag(value: Value): TypeTag;

  /** Throw an error into the flow. */
  fail(kind: ErrorKind, message: string, options?: FailOptions): never;
  /** Make an error with the current stack, without throwing it. */
  createError(kind: ErrorKind, message: string | undefined): FlowError;
  /** Throw any value into the flow. */
  raise(value: Value): never;

  /** ToPrimitive: own `valueOf` and `toString` of plain objects are called. */
  toPrimitive(
    value: Value,
    hint: "default" | "number" | "string",
  ): undefined | null | boolean | number | string;
  toString(value: Value): string;
  toNumber(value: Value): number;
  /** ToIntegerOrInfinity. */
  toInteger(value: Value): number;
  /** ToLength. */
  toLength(value: Value): number;
  toBoolean(value: Value): boolean;
  /** ToPropertyKey: there are no symbols, so it is a string. */
  toKey(value: Value): string;
  /** `a == b` */
  looseEquals(a: Value, b: Value): boolean;
  /** How V8's messages show a value: `#<Object>`, `"text"`, `function f`. */
  show(value: Value): string;

  /** `object[key]`, with all rules of the language (refused members throw). */
  getMember(object: Value, key: string): Value;
  /** `object[key] = value`, with all rules of the language (sparse arrays, functions, Maps … throw). */
  setMember(object: Value, key: string, value: Value): void;
  /** Own enumerable string keys in JavaScript's order: of plain objects, arrays, strings, errors; none of anything else. */
  ownKeys(object: Value): string[];
  /** Whether the member is the object's own (enumerable or not). */
  hasOwn(object: Value, key: string): boolean;

  /** GetIterator; throws `TypeError: x is not iterable`. */
  iterate(value: Value): FlowIterator;
  /** One step of an iterator: the value, or {@linkcode Machine.END}. */
  next(iterator: FlowIterator): Value;
  /** All that an iterable gives, as a new array. */
  listFrom(value: Value): Value[];
  /** What {@linkcode Machine.next} gives at the end. */
  readonly END: Value;

  /** Pay for reading a value that may be a long text from end to end: as a key, or as a number. */
  payFor(value: Value): void;
  /** Take `units` (about one per element or per 16 characters touched) from the instruction budget. */
  charge(units: number): void;
  /** Throw the limit error unless a string of this length may exist. Call it before making the string. */
  checkString(length: number): void;
  /** Throw the limit error unless an array (Map, Set) of this length may exist. Call it before making it. */
  checkArray(length: number): void;

  /** Milliseconds since 1970: the moment of the step. */
  now(): number;
  /** From 0 to below 1: from the seed of the execution. */
  random(): number;
  /** A new UUID: from the seed, the step and its moment. */
  newId(): string;

  /** The text of a function of the flow, for its `toString`. */
  sourceOf(fn: Value): string;
  /** The rendered `stack` of an error. */
  stackOf(error: FlowError): string;
}

/** More about an error that is thrown. */
export interface FailOptions {
  /** Becomes the member `code`: for what only flows refuse (`FLOW_…`). */
  code?: string;
}

/** A member that is computed when it is read: `size` of a Map, `source` of a regular expression. */
export interface Accessor {
  readonly get: (vm: Machine, self: Value) => Value;
  readonly set?: (vm: Machine, self: Value, value: Value) => void;
}

/** The members that all values of one type have. */
export interface MemberTable {
  readonly methods: ReadonlyMap<string, NativeFunction>;
  readonly accessors?: ReadonlyMap<string, Accessor>;
  /**
   * Members that JavaScript has on this type and flows do not: reading one throws, with code `FLOW_UNSUPPORTED_MEMBER`.
   * Every other name reads as `undefined`.
   */
  readonly refused: ReadonlySet<string>;
}

/**
 * The library, as `src/flow/builtins/mod.ts` exports it under the name `library`. The machine itself has: `Promise` and its methods,
 * `console`, the durable names, `length` and indices of arrays and strings, `name` and `length` of functions, own members of
 * plain objects and errors.
 */
export interface Library {
  /** Global names: `Math` (a `Namespace`), `Array` (a `NativeFunction` with statics), `undefined`, `NaN`, `parseInt` … */
  readonly globals: ReadonlyMap<string, Value>;
  /** By type of the receiver; a type without a table has no members. */
  readonly members: Partial<Record<TypeTag, MemberTable>>;
  /** A regular expression from a literal or from `new RegExp`; throws SyntaxError for what is refused. */
  createRegExp(vm: Machine, source: string, flags: string): FlowRegExp;
  /** The next match of a `matchAll` iterator, or `null`. */
  matchNext(vm: Machine, regexp: FlowRegExp, subject: string): Value;
  /** `JSON.stringify(value)` as a flow means it (own `toJSON` is called); `undefined` where JavaScript gives undefined. */
  stringify(vm: Machine, value: Value): string | undefined;
  /** Fresh flow values from host JSON. */
  fromJson(value: unknown): Value;
  /** What `console.log` and its kin write: as `String` for strings and primitives, readable for everything else. */
  format(vm: Machine, args: Value[]): string;
}

/**
 * How the values of a flow are represented. Primitives are the host's primitives, arrays are dense host arrays, and
 * `Map`, `Set` and `Date` are the host's. Everything else is one of the classes below. These contain only data, so that
 * the whole heap of a flow can be written into a snapshot.
 *
 * No flow value ever exposes the host: the machine looks every member up by the type of its receiver, in tables, and
 * never through a host prototype.
 *
 * @module
 */

import type { Machine } from "../builtins/builtin.ts";
import type { FlowPromise } from "./promise.ts";

/** Any value that a flow can hold. */
export type Value =
  | undefined
  | null
  | boolean
  | number
  | string
  | Value[]
  | PlainObject
  | FlowFunction
  | NativeFunction
  | BoundNative
  | Namespace
  | FlowError
  | FlowRegExp
  | FlowIterator
  | FlowPromise
  | Map<Value, Value>
  | Set<Value>
  | Date;

/**
 * A plain object of a flow. Its prototype has no prototype and no members, so `__proto__` and `constructor` are
 * ordinary keys, `key in object` means "own", and the order of keys is JavaScript's own. Make one with `new
 * PlainObject()`, recognise one with `instanceof PlainObject`, enumerate it with `Object.keys`.
 */
export class PlainObject {
  [key: string]: Value;
}
Reflect.deleteProperty(PlainObject.prototype, "constructor");
Object.setPrototypeOf(PlainObject.prototype, null);
Object.freeze(PlainObject.prototype);

/** A plain object that has no `toString` and its like either: what `Object.groupBy` gives, and the groups of a match. */
export class BareObject extends PlainObject {}
Reflect.deleteProperty(BareObject.prototype, "constructor");
Object.freeze(BareObject.prototype);

/** A mutable variable shared between a function and its closures. `value` is {@linkcode UNSET} before its declaration. */
export class Box {
  value: Value;

  constructor(value: Value) {
    this.value = value;
  }
}

/** What a variable holds before its declaration has run (the temporal dead zone). Never visible to a flow. */
export class Unset {
  readonly unset = true;
}
/** The only {@linkcode Unset}, typed as a value because it sits where values sit. */
export const UNSET: Value = new Unset() as unknown as Value;

/** A function written in the flow: code of the program, and what it captured (values, or a {@linkcode Box} each). */
export class FlowFunction {
  /** Index into the program's functions. */
  readonly index: number;
  captures: (Value | Box)[];
  /** Only where it differs from the name in the program: a computed key. */
  name: string | undefined;

  constructor(index: number, captures: (Value | Box)[]) {
    this.index = index;
    this.captures = captures;
    this.name = undefined;
  }
}

/** The body of a native function: `self` is what stood before the dot, `undefined` in a plain call. */
export type NativeCall = (vm: Machine, self: Value, args: Value[]) => Value;

/** What a {@linkcode NativeFunction} is made of. */
export interface NativeOptions {
  /** Unique in the library, for ever (snapshots name it): `Array.prototype.map`, `Math.max`, `Map`. */
  id: string;
  /** The `name` a flow sees; default: the part of `id` behind its last dot. */
  name?: string;
  /** The `length` a flow sees. */
  length: number;
  call: NativeCall;
  /** Makes `new` possible. */
  construct?: (vm: Machine, args: Value[]) => Value;
  /** Makes `value instanceof this` possible. */
  isInstance?: (value: Value) => boolean;
  /** Static members. */
  statics?: ReadonlyMap<string, Value>;
  /** Static members that JavaScript has and flows do not: reading one throws. */
  refused?: ReadonlySet<string>;
}

/** A built-in function or constructor; there is one object for each `id`, and a snapshot holds only the `id`. */
export class NativeFunction {
  readonly id: string;
  readonly name: string;
  readonly length: number;
  readonly call: NativeCall;
  readonly construct: ((vm: Machine, args: Value[]) => Value) | undefined;
  readonly isInstance: ((value: Value) => boolean) | undefined;
  readonly statics: ReadonlyMap<string, Value>;
  readonly refused: ReadonlySet<string>;

  constructor(options: NativeOptions) {
    this.id = options.id;
    this.name = options.name ?? options.id.slice(options.id.lastIndexOf(".") + 1);
    this.length = options.length;
    this.call = options.call;
    this.construct = options.construct;
    this.isInstance = options.isInstance;
    this.statics = options.statics ?? EMPTY_MAP;
    this.refused = options.refused ?? EMPTY_SET;
    // All flows share it.
    Object.preventExtensions(this);
  }
}
const EMPTY_MAP: ReadonlyMap<string, Value> = new Map();
const EMPTY_SET: ReadonlySet<string> = new Set();

/**
 * A native function with state of its own, such as the `resolve` of a promise: `target.call` gets `data` in front of
 * the arguments. A snapshot holds the target's id and the data.
 */
export class BoundNative {
  readonly target: NativeFunction;
  readonly data: Value[];

  constructor(target: NativeFunction, data: Value[]) {
    this.target = target;
    this.data = data;
  }
}

/** An object of the library that is not a function: `Math`, `JSON`, `Task`. One object for each name. */
export class Namespace {
  readonly name: string;
  readonly members: ReadonlyMap<string, Value>;
  /** Members that JavaScript has and flows do not: reading one throws. */
  readonly refused: ReadonlySet<string>;

  constructor(name: string, members: ReadonlyMap<string, Value>, refused: ReadonlySet<string> = EMPTY_SET) {
    this.name = name;
    this.members = members;
    this.refused = refused;
    Object.preventExtensions(this);
  }
}

/** The constructors of errors. */
export const ERROR_KINDS = [
  "Error",
  "TypeError",
  "RangeError",
  "SyntaxError",
  "ReferenceError",
  "EvalError",
  "URIError",
  "AggregateError",
  "TimeoutError",
] as const;

/** A constructor of errors. */
export type ErrorKind = (typeof ERROR_KINDS)[number];

/**
 * An error object. `hidden` are its own members that are not enumerable (`stack`, `message`, `cause`, `errors`, when set by the
 * constructor), `props` the enumerable ones (everything a flow assigns, and `code`, `data` … of task errors).
 * A member is looked for in `hidden`, then `props`, then `name` is the kind and `message` is `""`.
 */
export class FlowError {
  readonly kind: ErrorKind;
  readonly hidden: PlainObject = new PlainObject();
  readonly props: PlainObject = new PlainObject();
  /** Where it was made or awaited; see `trace.ts`. */
  trace: number[];
  /** Of a task or child that failed: which one it was, and its stack. */
  origin: string | undefined = undefined;

  constructor(kind: ErrorKind, message: string | undefined, trace: number[] = []) {
    this.kind = kind;
    this.trace = trace;
    if (message !== undefined) this.hidden.message = message;
  }
}

/** A regular expression: `source`, `flags` and `lastIndex` are its state; `compiled` is a cache of the library's. */
export class FlowRegExp {
  readonly source: string;
  readonly flags: string;
  lastIndex: Value = 0;
  /** Filled when first needed, never written to a snapshot. */
  compiled: unknown = undefined;

  constructor(source: string, flags: string) {
    this.source = source;
    this.flags = flags;
  }
}

/** What an iterator gives at each step. */
export type IterationMode = "keys" | "values" | "entries";

/**
 * A built-in iterator. What it walks decides how:
 *
 * - an array or a string: `index` is the next element (UTF-16 offset in a string);
 * - a Map or Set: `live` is the host's iterator, made when first needed. What such an iterator still has to give is always a
 *   suffix of its collection, so a snapshot holds how many entries are left;
 * - a {@linkcode FlowRegExp} (`matchAll`): `subject` is the text, the regular expression is the iterator's own copy, and the
 *   library's `next` for it is the member `matchNext` of {@linkcode Library}.
 */
export class FlowIterator {
  readonly source: Value[] | string | Map<Value, Value> | Set<Value> | FlowRegExp;
  readonly mode: IterationMode;
  index = 0;
  done = false;
  readonly subject: string | undefined;
  live: Iterator<Value> | undefined = undefined;

  constructor(source: FlowIterator["source"], mode: IterationMode, subject?: string) {
    this.source = source;
    this.mode = mode;
    this.subject = subject;
  }
}

/** What decides which members a value has. */
export type TypeTag =
  | "undefined"
  | "null"
  | "boolean"
  | "number"
  | "string"
  | "array"
  | "object"
  | "function"
  | "namespace"
  | "error"
  | "regexp"
  | "iterator"
  | "promise"
  | "map"
  | "set"
  | "date";

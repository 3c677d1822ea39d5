import { knownErrors, RhythmError } from "./error.ts";

/** Any value that JSON text can carry. */
export type JsonValue = string | number | boolean | null | JsonValue[] | { [key: string]: JsonValue };

/** A JSON object. */
export type JsonObject = { [key: string]: JsonValue };

/** What {@linkcode toJson} checks a value against. */
export interface JsonCheckOptions {
  /** What the value is, as the error names it: `inputs`, `output of task "mail"`. Default: `value`. */
  what?: string;
  /** The most bytes that its JSON text may take. Default: no limit. */
  maxBytes?: number;
}

/** Thrown when a value cannot cross a boundary as JSON; `path` leads to the part that cannot. */
export class JsonError extends RhythmError {
  /** The name of the class, also where code was minified. */
  override readonly name = "JsonError";
  /** The way from the whole value to the part that JSON cannot carry: `inputs.items[3].price`. */
  readonly path: string;

  /**
   * Makes the error and its message.
   *
   * @param path the way to the part that cannot be carried
   * @param problem what is wrong with it, and what was expected
   * @param code a stable code
   */
  constructor(path: string, problem: string, code = "JSON_UNSUPPORTED") {
    super(`Cannot store ${path} as JSON: ${problem}`, { code });
    this.path = path;
  }
}

knownErrors({ JsonError });

/** Nesting beyond this is refused: Postgres and other readers of the text would run out of stack. */
const maxDepth = 1000;

const refused: Record<string, string> = {
  function: "it is a function; pass data instead",
  symbol: "it is a symbol; pass a string instead",
  bigint: "it is a BigInt; pass a string, or a number if it fits",
};

/**
 * The JSON text of a value, refused with the path to the culprit when the text would lose something.
 * As `JSON.stringify` does, it honours `toJSON` and leaves out members that are `undefined`; unlike it,
 * it refuses what would silently become `null` or `{}`.
 *
 * @param value the value to carry
 * @param options what the value is called, and how large its text may be
 * @returns the JSON text; `undefined` as a whole is `null`
 * @throws {JsonError} for a cycle, function, symbol, BigInt, NaN or infinity, and for an Error, RegExp, Promise, Map, Set and others, which
 * JSON would turn into {}. Also for characters that Postgres cannot store (NUL, half of a surrogate pair), and for a text that is too large
 *
 * @example Refusing a number that JSON does not know
 * ```ts
 * import assert from "node:assert/strict";
 *
 * assert.equal(toJson({ at: new Date(0) }), '{"at":"1970-01-01T00:00:00.000Z"}');
 * assert.throws(() => toJson({ price: NaN }, { what: "inputs" }), /inputs\.price/);
 * ```
 */
export function toJson(value: unknown, options: JsonCheckOptions = {}): string {
  const what = options.what ?? "value";
  check(value, what, new Set());
  const text = JSON.stringify(value) ?? "null";
  // Both are rare, and a look at the text is cheaper than one at each string.
  if (text.includes("\\u0000") || text.includes("\\ud")) checkCharacters(JSON.parse(text), what);
  const { maxBytes } = options;
  // A UTF-16 unit takes one to three bytes, so most texts are judged without encoding them.
  if (maxBytes !== undefined && text.length * 3 > maxBytes) {
    const bytes = text.length > maxBytes ? text.length : new TextEncoder().encode(text).length;
    if (bytes > maxBytes) {
      throw new JsonError(
        what,
        `its text takes ${bytes} bytes or more, at most ${maxBytes} are allowed`,
        "JSON_TOO_LARGE",
      );
    }
  }
  return text;
}

/**
 * A text without what the `jsonb` of Postgres cannot store: NUL and half surrogate pairs become U+FFFD. For what has
 * to be stored whatever it contains, such as the message of an error.
 *
 * @param text any text
 * @returns the text, as it can be stored
 *
 * @example A text that was cut in the middle of an emoji
 * ```ts
 * import assert from "node:assert/strict";
 *
 * assert.equal(storableText("😀".slice(0, 1)), "\ufffd");
 * ```
 */
export function storableText(text: string): string {
  return text.toWellFormed().replaceAll("\0", "\ufffd");
}

/**
 * What goes with a log line: as it is, with errors as objects of name, message, stack, and code if they have one.
 *
 * @param data what was logged
 * @returns the same, or a copy in which no error is left
 */
export function errorsAsObjects(data: unknown): unknown {
  return replaceErrors(data, 0);
}

const LOG_DEPTH = 10;

function replaceErrors(value: unknown, depth: number): unknown {
  if (typeof value !== "object" || value === null || depth > LOG_DEPTH) return value;
  if (value instanceof Error) {
    const { name, message, stack } = value;
    return { name, message, stack, ...("code" in value ? { code: String(value.code) } : {}) };
  }
  if (Array.isArray(value)) return value.map((item) => replaceErrors(item, depth + 1));
  if (Object.getPrototypeOf(value) !== Object.prototype) return value;
  return Object.fromEntries(Object.entries(value).map(([key, one]) => [key, replaceErrors(one, depth + 1)]));
}

/**
 * Checks that a value can be carried as JSON, without keeping the text.
 *
 * @param value the value to check
 * @param options what the value is called, and how large its text may be
 * @throws {JsonError} as {@linkcode toJson}
 */
export function assertJson(value: unknown, options: JsonCheckOptions = {}): asserts value is JsonValue {
  toJson(value, options);
}

function check(value: unknown, path: string, above: Set<object>): void {
  switch (typeof value) {
    case "string":
    case "boolean":
    case "undefined":
      return;
    case "number":
      if (Number.isFinite(value)) return;
      throw new JsonError(path, `it is ${value}, which JSON would turn into null`);
    case "object":
      if (value !== null) checkObject(value, path, above);
      return;
    default:
      throw new JsonError(path, refused[typeof value]!);
  }
}

function checkObject(value: object, path: string, above: Set<object>): void {
  if (above.has(value)) throw new JsonError(path, "it contains itself; break the cycle", "JSON_CYCLE");
  if (above.size >= maxDepth) {
    throw new JsonError(
      path.slice(0, 80) + "…",
      `it is nested deeper than ${maxDepth} levels`,
      "JSON_TOO_DEEP",
    );
  }
  above.add(value);
  const own = "toJSON" in value && typeof value.toJSON === "function" ? value.toJSON() : value;
  if (own !== value) check(own, path, above);
  else if (Array.isArray(value)) value.forEach((item, index) => check(item, `${path}[${index}]`, above));
  else checkMembers(value, path, above);
  above.delete(value);
}

/** Whether Postgres can store a text: it has no place for NUL and half surrogate pairs. */
export function isStorable(text: string): boolean {
  return !text.includes("\0") && text.isWellFormed();
}

// JSON could carry them, but the `jsonb` of Postgres cannot.
function checkCharacters(value: JsonValue, path: string): void {
  if (typeof value === "string") {
    if (value.includes("\0")) throw new JsonError(path, `it has a NUL character, which ${NO_PLACE}`);
    if (!value.isWellFormed()) {
      throw new JsonError(path, `it has half of a surrogate pair, which ${NO_PLACE}`);
    }
  } else if (Array.isArray(value)) {
    value.forEach((item, index) => checkCharacters(item, `${path}[${index}]`));
  } else if (value !== null && typeof value === "object") {
    for (const [key, member] of Object.entries(value)) {
      checkCharacters(key, `the key ${JSON.stringify(key)} of ${path}`);
      checkCharacters(member, memberPath(path, key));
    }
  }
}

const NO_PLACE = "Postgres cannot store; remove it, or pass bytes as base64";

function memberPath(path: string, key: string): string {
  return /^[\p{L}_$][\p{L}\p{N}_$]*$/u.test(key) ? `${path}.${key}` : `${path}[${JSON.stringify(key)}]`;
}

function checkMembers(value: object, path: string, above: Set<object>): void {
  const tag = Object.prototype.toString.call(value).slice(8, -1);
  const entries = Object.entries(value);
  if (isEmptied(value, tag, entries.length)) {
    const name = value.constructor?.name || tag;
    throw new JsonError(path, emptied(name, value instanceof Error ? "Error" : tag));
  }
  for (const [key, member] of entries) {
    // A path is made only for what may be refused.
    if (typeof member !== "string" && !Number.isFinite(member)) check(member, memberPath(path, key), above);
  }
}

// JSON keeps own enumerable members only: of an error not its message, of a view its numbers as an object.
function isEmptied(value: object, tag: string, members: number): boolean {
  if (tag === "Object" || tag === "Number" || tag === "String" || tag === "Boolean") return false;
  return members === 0 || value instanceof Error || tag === "RegExp" || ArrayBuffer.isView(value);
}

const INSTEAD: Readonly<Record<string, string>> = {
  Error: "pass its `message`",
  RegExp: "pass its `source`",
  Promise: "await it first",
  Map: "pass an array or an object",
  Set: "pass an array or an object",
  iterator: "pass an array",
};

/**
 * Why JSON cannot carry something, and what can be passed instead.
 *
 * @param name what it is: `TypeError`, `Map`
 * @param kind the built-in class that it belongs to
 */
export function emptied(name: string, kind: string = name): string {
  const article = /^[aeio]/i.test(name) ? "an" : "a";
  return `it is ${article} ${name}, which JSON would turn into {}; ${
    INSTEAD[kind] ?? "pass an array, an object or a string"
  }`;
}

/**
 * A value with the keys of its objects in the order in which Postgres stores them (`jsonb`): by length in bytes, then by
 * their bytes. So a value from memory looks the same as one that was read from the database.
 *
 * @param value what `JSON.parse` gave
 * @returns the value; where keys were in another order, a copy
 */
export function storedOrder(value: JsonValue): JsonValue {
  if (typeof value !== "object" || value === null) return value;
  if (Array.isArray(value)) {
    for (let index = 0; index < value.length; index++) value[index] = storedOrder(value[index]!);
    return value;
  }
  const keys = Object.keys(value);
  const sorted = keys.toSorted(compareStored);
  for (const key of keys) if (key !== "__proto__") value[key] = storedOrder(value[key]!);
  if (keys.every((key, index) => key === sorted[index])) return value;
  return Object.fromEntries(sorted.map((key) => [key, value[key]!]));
}

function compareStored(a: string, b: string): number {
  if (ASCII.test(a) && ASCII.test(b)) return a.length - b.length || (a < b ? -1 : 1);
  const [left, right] = [encoder.encode(a), encoder.encode(b)];
  if (left.length !== right.length) return left.length - right.length;
  const at = left.findIndex((byte, index) => byte !== right[index]);
  return left[at]! - right[at]!;
}

const ASCII = /^[\0-\x7f]*$/;
const encoder = new TextEncoder();

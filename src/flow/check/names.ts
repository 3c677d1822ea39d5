/** What a built-in name stands for. */
export interface BuiltIn {
  kind: "namespace" | "function" | "constructor" | "converter" | "value" | "data";
  /** The static members that are offered. */
  members: readonly string[];
  /** True of the durable API. */
  durable?: boolean;
}

const words = (text: string): string[] => text.trim().split(/\s+/);

const constructor = (members = ""): BuiltIn => ({
  kind: "constructor",
  members: members ? words(members) : [],
});
const converter = (members = ""): BuiltIn => ({ kind: "converter", members: members ? words(members) : [] });
const namespace = (members: string): BuiltIn => ({ kind: "namespace", members: words(members) });
const durable = (members: string): BuiltIn => ({ kind: "namespace", members: words(members), durable: true });
const value: BuiltIn = { kind: "value", members: [] };
const callable: BuiltIn = { kind: "function", members: [] };

/** Every name a flow finds, with its static members. The built-ins room offers exactly these. */
export const BUILT_INS: ReadonlyMap<string, BuiltIn> = new Map(Object.entries({
  undefined: value,
  NaN: value,
  Infinity: value,
  Object: converter("keys values entries fromEntries assign hasOwn groupBy"),
  Array: constructor("isArray from of"),
  String: converter("fromCharCode fromCodePoint raw"),
  Number: converter(
    "EPSILON MAX_SAFE_INTEGER MIN_SAFE_INTEGER MAX_VALUE MIN_VALUE NaN NEGATIVE_INFINITY POSITIVE_INFINITY " +
      "isFinite isInteger isNaN isSafeInteger parseFloat parseInt",
  ),
  Boolean: converter(),
  Math: namespace(
    "E LN10 LN2 LOG10E LOG2E PI SQRT1_2 SQRT2 abs acos acosh asin asinh atan atan2 atanh cbrt ceil clz32 cos cosh " +
      "exp expm1 f16round floor fround hypot imul log log10 log1p log2 max min pow random round sign sin sinh sqrt " +
      "sumPrecise tan tanh trunc",
  ),
  JSON: namespace("parse stringify"),
  Date: constructor("now parse UTC"),
  Map: constructor("groupBy"),
  Set: constructor(),
  RegExp: constructor(),
  Promise: constructor(
    "all allSettled any race resolve reject withResolvers allKeyed allSettledKeyed any_kv race_kv",
  ),
  Error: constructor(),
  EvalError: constructor(),
  RangeError: constructor(),
  ReferenceError: constructor(),
  SyntaxError: constructor(),
  TypeError: constructor(),
  URIError: constructor(),
  AggregateError: constructor(),
  parseInt: callable,
  parseFloat: callable,
  isNaN: callable,
  isFinite: callable,
  structuredClone: callable,
  crypto: namespace("randomUUID"),
  console: namespace("log info warn error debug"),
  Inputs: { kind: "data", members: [], durable: true },
  Context: {
    kind: "data",
    members: words("executionId flow version queue attempt parentId createdAt metadata"),
    durable: true,
  },
  Task: durable("run"),
  Workflow: durable("run continueAs"),
  Timer: durable("delay until"),
  Signal: durable("next when send"),
}));

/** Members that any object offers. */
export const OBJECT_MEMBERS: ReadonlySet<string> = new Set([
  "hasOwnProperty",
  "toLocaleString",
  "toString",
  "valueOf",
]);

/** Members of `Object.prototype` that are never reached by name, whatever the object. */
export const HIDDEN_MEMBERS: ReadonlySet<string> = new Set(
  words("__proto__ __defineGetter__ __defineSetter__ __lookupGetter__ __lookupSetter__"),
);

/** Members that JavaScript finds on a prototype and a flow does not offer, by the kind of value. */
export const REFUSED_MEMBERS: Readonly<Record<string, ReadonlySet<string>>> = {
  any: new Set(words("constructor isPrototypeOf propertyIsEnumerable")),
  function: new Set(words("call apply bind prototype caller arguments")),
  string: new Set(words(
    "substr anchor big blink bold fixed fontcolor fontsize italics link small strike sub sup trimLeft trimRight",
  )),
  array: new Set(),
  regexp: new Set(["compile"]),
};

/** Names of JavaScript and of its hosts that a flow has not, and what to write instead. */
export const ELSEWHERE: ReadonlyMap<string, string> = new Map([
  ["setTimeout", "wait with `await Timer.delay(seconds)`"],
  ["setInterval", "loop with `await Timer.delay(seconds)`"],
  ["clearTimeout", "race the timer against something else with `Promise.race`"],
  ["queueMicrotask", "use `Promise.resolve().then(…)`"],
  ["fetch", "put the request in a task and call it with `Task.run`"],
  ["require", "put the code in a task and call it with `Task.run`"],
  ["process", "pass what is needed in through `Inputs`"],
  ["Deno", "put the code in a task and call it with `Task.run`"],
  ["performance", "use `Date.now()`"],
  ["WeakMap", "use `Map`"],
  ["WeakSet", "use `Set`"],
  ["WeakRef", "keep the value itself"],
  ["Intl", "format in a task"],
  ["BigInt", "use a number, or a string"],
  ["TimeoutError", 'test its name: `error.name === "TimeoutError"`'],
  ["TaskError", "a task that failed throws an `Error`: test `error.name`, `error.code` or `error.target`"],
  ["CancelledError", "a cancellation cannot be caught: clean up in a `finally`"],
  ["encodeURIComponent", "encode in a task"],
  ["decodeURIComponent", "decode in a task"],
  ["encodeURI", "encode in a task"],
  ["decodeURI", "decode in a task"],
  ["URL", "put a URL together with a template: `${base}/path`; take one apart in a task"],
  ["URLSearchParams", "put a query together with a template, or in a task"],
  ["btoa", "encode in a task"],
  ["atob", "decode in a task"],
  ["escape", "encode in a task"],
  ["unescape", "decode in a task"],
  ["sleep", "wait with `await Timer.delay(seconds)`"],
]);

/**
 * The names that a flow finds besides JavaScript's own, for V8; and a clock that stands still, and chance and ids as in our machine.
 *
 * @module
 */

import type { JsonValue } from "../../../src/shared/json.ts";
import { Outside } from "../../../src/flow/vm/outside.ts";
import { carried } from "./carry.ts";
import { CONTEXT, effectLine, HOST, NOW, type Operation } from "./world.ts";

/** An operation that has not settled yet. */
export interface Pending {
  id: string;
  operation: Operation;
  resolve: (value: unknown) => void;
  reject: (error: Error) => void;
}

/** What a run in V8 does, and the names it is given. */
export interface Prelude {
  /** Log lines and effects, in order. */
  readonly lines: string[];
  /** Operations under way. */
  readonly pending: Pending[];
  /** By name, what the program finds. */
  readonly names: Readonly<Record<string, unknown>>;
}

/** Make the names for one run. */
export function createPrelude(inputs: JsonValue): Prelude {
  const lines: string[] = [];
  const pending: Pending[] = [];
  let ordinal = 0;
  const outside = new Outside(HOST);
  outside.begin(HOST);
  const start = (kind: Operation["kind"], target: string, given: unknown): Promise<unknown> => {
    const inputs = JSON.parse(
      JSON.stringify(carried(given === undefined ? {} : given, `inputs of ${target}`)) ?? "null",
    ) as JsonValue;
    const id = outside.newId();
    lines.push(effectLine(kind, target, inputs));
    const { promise, resolve, reject } = Promise.withResolvers<unknown>();
    pending.push({ id, operation: { ordinal: ordinal++, kind, target, inputs }, resolve, reject });
    // Nobody has to await an operation.
    promise.catch(() => {});
    return promise;
  };
  const send = (_execution: string, name: string, payload: unknown): void => {
    const json = JSON.stringify(carried(payload ?? null, `the payload of ${name}`)) ?? "null";
    lines.push(`send ${name} ${json}`);
  };
  const log = (level: string) => (...args: unknown[]): void =>
    void lines.push(`${level} ${args.map(shown).join(" ")}`);
  const levels = ["log", "info", "warn", "error", "debug"];
  const names = {
    console: space(Object.fromEntries(levels.map((level) => [level, log(level)]))),
    Task: space({ run: (name: string, inputs: unknown, _options?: unknown) => start("task", name, inputs) }),
    Workflow: space({
      run: (name: string, inputs: unknown, _options?: unknown) => start("workflow", name, inputs),
    }),
    Timer: space({
      delay: (_duration: unknown) => start("timer", "delay", {}),
      until: (_time: unknown) => start("timer", "delay", {}),
    }),
    Signal: space({
      next: (name: string, _options?: unknown) => start("signal", name, {}),
      when: (name: string, _options?: unknown) => start("signal", name, {}),
      send,
    }),
    Inputs: structuredClone(inputs),
    Context: structuredClone(CONTEXT),
    Date: stoppedDate,
    Math: Object.create(Math, { random: { value: () => outside.random() } }),
    crypto: space({ randomUUID: () => outside.newId() }),
  };
  return { lines, pending, names };
}

/** An object whose members are there, but not listed. */
function space(members: Record<string, unknown>): object {
  return Object.defineProperties(
    {},
    Object.fromEntries(Object.entries(members).map(([name, value]) => [name, { value }])),
  );
}

const stoppedDate = new Proxy(Date, {
  apply: () => new Date(NOW).toString(),
  construct: (_target, args) => Reflect.construct(Date, args.length === 0 ? [NOW] : args),
  get: (target, key) => key === "now" ? () => NOW : Reflect.get(target, key),
});

type Settle = (value: unknown) => void;
interface Gathering {
  readonly keys: (string | number)[];
  readonly resolve: Settle;
  readonly reject: Settle;
}

/** Subscribes to all members of an object or a list, as JavaScript's own combinators do. */
function gather(
  given: Record<string, unknown> | unknown[],
  member: (promise: Promise<unknown>, about: Gathering & { index: number }) => void,
  none: (about: Gathering) => void = () => {},
): Promise<unknown> {
  const { promise, resolve, reject } = Promise.withResolvers<unknown>();
  const keys = Array.isArray(given) ? given.map((_, index) => index) : Object.keys(given);
  const about = { keys, resolve, reject };
  Object.values(given).forEach((value, index) => member(Promise.resolve(value), { ...about, index }));
  if (keys.length === 0) none(about);
  return promise;
}

/** Resolves with an object of what `record` keeps, once every member has told. */
function all(
  given: Record<string, unknown>,
  record: (promise: Promise<unknown>, tell: Settle, reject: Settle) => void,
): Promise<unknown> {
  const values: unknown[] = [];
  let left = Object.keys(given).length;
  const finish = ({ keys, resolve }: Gathering): void =>
    resolve(Object.fromEntries(keys.map((key, index) => [key, values[index]])));
  return gather(given, (promise, about) => {
    const tell = (value: unknown): void => {
      values[about.index] = value;
      if (--left === 0) finish(about);
    };
    record(promise, tell, about.reject);
  }, finish);
}

const extras: Record<string, (given: Record<string, unknown>) => Promise<unknown>> = {
  allKeyed: (given) => all(given, (promise, tell, reject) => void promise.then(tell, reject)),
  allSettledKeyed: (given) =>
    all(given, (promise, tell) =>
      void promise.then(
        (value) => tell({ status: "fulfilled", value }),
        (reason) => tell({ status: "rejected", reason }),
      )),
  race_kv: (given) =>
    gather(given, (promise, { keys, index, resolve, reject }) => {
      promise.then((value) => resolve({ key: keys[index], value }), reject);
    }),
  any_kv: (given) => {
    const errors: unknown[] = [];
    let left = Object.keys(given).length;
    const fail = ({ reject }: Gathering): void =>
      reject(new AggregateError(errors, "All promises were rejected"));
    return gather(given, (promise, about) => {
      const { keys, index, resolve } = about;
      promise.then((value) => resolve({ key: keys[index], value }), (error) => {
        errors[index] = error;
        if (--left === 0) fail(about);
      });
    }, fail);
  },
};
for (const [name, value] of Object.entries(extras)) {
  Object.defineProperty(Promise, name, { value, configurable: true });
}

/** A primitive as `console.log` writes it. */
export function shown(value: unknown): string {
  return Object.is(value, -0) ? "-0" : String(value);
}

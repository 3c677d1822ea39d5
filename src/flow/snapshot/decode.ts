import { describe } from "../../shared/arguments.ts";
import type { JsonValue } from "../../shared/json.ts";
import { RhythmError } from "../../shared/error.ts";
import type { Snapshot } from "../types.ts";
import { Combinator, COMBINATORS } from "../vm/combinator.ts";
import { Fibre } from "../vm/fibre.ts";
import { Cancellation } from "../vm/frame.ts";
import type { FlowMachine } from "../vm/machine.ts";
import { FlowPromise, type Job, type Reaction } from "../vm/promise.ts";
import {
  BareObject,
  BoundNative,
  Box,
  ERROR_KINDS,
  FlowError,
  FlowFunction,
  FlowIterator,
  FlowRegExp,
  type IterationMode,
  type Namespace,
  type NativeFunction,
  PlainObject,
  UNSET,
  type Value,
} from "../vm/value.ts";
import { restoreLive } from "./encode.ts";
import { Kind, ReactionKind, SNAPSHOT_FORMAT, STATES } from "./format.ts";

/** Finds the library's objects by name. */
export interface Registry {
  native(id: string): NativeFunction | undefined;
  namespace(name: string): Namespace | undefined;
}

/** Thrown when a snapshot cannot be read. */
export class SnapshotError extends RhythmError {
  /** The name of the class. */
  override readonly name: string = "SnapshotError";

  /**
   * Says why.
   *
   * @param problem why not
   * @param code a stable code
   */
  constructor(
    problem: string,
    code: "FLOW_SNAPSHOT_FORMAT" | "FLOW_SNAPSHOT_PROGRAM" | "FLOW_SNAPSHOT_DAMAGED",
  ) {
    super(`Cannot read the snapshot: ${problem}`, { code });
  }
}

/** Check that a snapshot belongs to this library and this program. */
function checkSnapshot(snapshot: Snapshot, hash: string): void {
  if (typeof snapshot !== "object" || snapshot === null || typeof snapshot.v !== "number") {
    throw new SnapshotError(
      `"snapshot" must be what a step of a flow gave, not ${describe(snapshot)}`,
      "FLOW_SNAPSHOT_DAMAGED",
    );
  }
  if (snapshot.v !== SNAPSHOT_FORMAT) {
    const known = `this library knows format ${SNAPSHOT_FORMAT}`;
    const advice = snapshot.v > SNAPSHOT_FORMAT ? "; update the library" : "";
    throw new SnapshotError(`it has format ${snapshot.v}, ${known}${advice}`, "FLOW_SNAPSHOT_FORMAT");
  }
  if (snapshot.p !== hash) {
    throw new SnapshotError(`it belongs to program ${snapshot.p}, not to ${hash}`, "FLOW_SNAPSHOT_PROGRAM");
  }
}

/** What a decoded snapshot holds besides what went into the machine. */
export interface Decoded {
  main: Fibre;
  fibres: Fibre[];
  functions: FlowFunction[];
  errors: FlowError[];
}

/**
 * Read a snapshot into a fresh machine, in time linear in its size. What is read fits together: every reference leads to something
 * of the right kind, every number is in its range, and activations stand where their functions can wait.
 */
export function decode(vm: FlowMachine, snapshot: Snapshot, registry: Registry): Decoded {
  checkSnapshot(snapshot, vm.program.program.hash);
  try {
    return new Decoder(vm, snapshot, registry).run();
  } catch (error) {
    if (error instanceof RhythmError) throw error;
    throw new SnapshotError(`it is damaged (${(error as Error).message})`, "FLOW_SNAPSHOT_DAMAGED");
  }
}

function damaged(what: string): never {
  throw new Error(what);
}

type Entry = JsonValue[];
type Class<T> = abstract new (...parts: never[]) => T;

/** Kinds of objects that no register holds, that no promise or box holds, and that no value is. */
const NOT_HELD = kinds(Kind.fibre, Kind.combinator);
const NO_OUTCOME = kinds(Kind.fibre, Kind.combinator, Kind.box);
const HIDDEN = kinds(Kind.fibre, Kind.combinator, Kind.box, Kind.cancellation);

function kinds(...listed: number[]): readonly boolean[] {
  return Array.from({ length: 32 }, (_, kind) => listed.includes(kind));
}

/** What an iterator may walk. */
const WALKED: ReadonlySet<JsonValue | undefined> = new Set<number>([
  Kind.array,
  Kind.match,
  Kind.map,
  Kind.set,
  Kind.regexp,
]);
const NUMBERS: ReadonlySet<JsonValue | undefined> = new Set(["NaN", "Infinity", "-Infinity", "-0"]);
/** Entries of Maps and Sets that iterators have behind them, in all. */
const MAX_SKIPPED = 8_000_000;
/** Numbers of a trace. */
const MAX_TRACE = 64;

class Decoder {
  readonly #vm: FlowMachine;
  readonly #snapshot: Snapshot;
  readonly #registry: Registry;
  readonly #shapes: string[][];
  readonly #heap: Entry[];
  readonly #objects: object[] = [];
  /** Iterators over collections that are not filled yet, and how many entries each has to go. */
  readonly #unwound: [iterator: FlowIterator, left: number][] = [];

  constructor(vm: FlowMachine, snapshot: Snapshot, registry: Registry) {
    this.#vm = vm;
    this.#snapshot = snapshot;
    this.#registry = registry;
    this.#shapes = listOf(snapshot.s, "the shapes").map((keys) =>
      listOf(keys, "a shape").map((key) => {
        const text = textOf(key);
        return text.startsWith("\u{f8ff}") ? unescape(text.slice(1)) : text;
      })
    );
    this.#heap = listOf(snapshot.h, "the heap") as Entry[];
    for (const entry of this.#heap) if (!Array.isArray(entry)) damaged("an object is none");
  }

  run(): Decoded {
    const { m, j, u, g, c, o, t, b } = this.#snapshot;
    const vm = this.#vm;
    const heap = this.#heap;
    for (let id = 0; id < heap.length; id++) this.#make(id);
    for (let id = 0; id < heap.length; id++) this.#fill(this.#objects[id]!, heap[id]!);
    this.#wind();
    for (const object of this.#objects) if (object instanceof Combinator) checkKeys(object);
    for (const ref of listOf(o, "the operations")) {
      const promise = this.#object(ref, FlowPromise);
      vm.pending.set(promise.id ?? damaged("an operation has no id"), promise);
    }
    for (const job of listOf(j, "the jobs")) vm.jobs.push(this.#job(listOf(job, "a job")));
    for (const ref of listOf(u, "the rejections")) {
      const promise = this.#object(ref, FlowPromise);
      if (promise.state !== "rejected") damaged("a rejection is none");
      vm.unhandled.add(promise);
    }
    if (c !== undefined) vm.cancelled = this.#object(c, Cancellation);
    vm.outside.restore(outsideOf(t));
    if (b !== undefined) vm.budget = Math.min(vm.budget, whole(b, Number.MAX_SAFE_INTEGER));
    if (g !== undefined) vm.given = this.#object(g, PlainObject);
    const main = this.#object(m, Fibre);
    if (main.fn.index !== 0) damaged("its body is another function");
    const all = <T extends object>(of: Class<T>): T[] =>
      this.#objects.filter((one): one is T => one instanceof of);
    return { main, fibres: all(Fibre), functions: all(FlowFunction), errors: all(FlowError) };
  }

  #object<T extends object>(ref: JsonValue | undefined, of: Class<T>): T {
    const object = typeof ref === "number" ? this.#objects[ref] : undefined;
    return object instanceof of ? object : damaged(`there is no ${of.name} ${shown(ref)}`);
  }

  /** What a flow can hold. */
  #value(json: JsonValue | undefined): Value {
    return typeof json !== "object" || json === null ? json : this.#special(json, HIDDEN);
  }

  /** What a promise or a box holds: the reason of a cancellation and a variable without a value, too. */
  #outcome(json: JsonValue | undefined): Value {
    return typeof json !== "object" || json === null ? json : this.#special(json, NO_OUTCOME);
  }

  /** What a register holds. */
  #held(json: JsonValue | undefined): Value {
    return typeof json !== "object" || json === null ? json : this.#special(json, NOT_HELD);
  }

  #special(json: object, refused: readonly boolean[]): Value {
    if (!Array.isArray(json)) return damaged("a value is none");
    const [first, second] = json as JsonValue[];
    if (json.length === 1) {
      const object = typeof first === "number" ? this.#objects[first] : undefined;
      if (object === undefined || refused[this.#heap[first as number]![0] as number]) {
        return damaged(`there is no value ${shown(first)}`);
      }
      return object as Value;
    }
    if (json.length === 0) return undefined;
    if (first === "n" && NUMBERS.has(second)) return Number(second);
    if (first === "s") return unescape(textOf(second));
    return first === "u" && refused !== HIDDEN ? UNSET : damaged("a value is none");
  }

  #values(entry: Entry, from: number): Value[] {
    const list: Value[] = [];
    for (let index = from; index < entry.length; index++) list.push(this.#value(entry[index]!));
    return list;
  }

  #registers(entry: Entry, from: number): Value[] {
    const list: Value[] = [];
    for (let index = from; index < entry.length; index++) list.push(this.#held(entry[index]!));
    return list;
  }

  /** An object with what can never be part of a cycle. */
  #make(id: number): object {
    const made = this.#objects[id];
    if (made !== undefined) return made;
    return this.#objects[id] = this.#create(this.#heap[id] ?? damaged(`there is no object ${id}`));
  }

  /** An object that another one is made of; its kind is known not to need others. */
  #part<T extends object>(ref: JsonValue | undefined, of: Class<T>): T {
    const id = whole(ref, this.#heap.length - 1);
    const kind = this.#heap[id]![0];
    if (kind === Kind.iterator || kind === Kind.fibre || kind === Kind.combinator) damaged("a part");
    const object = this.#make(id);
    return object instanceof of ? object : damaged(`there is no ${of.name} ${id}`);
  }

  #create(entry: Entry): object {
    switch (entry[0]) {
      case Kind.object:
        return new PlainObject();
      case Kind.bare:
        return new BareObject();
      case Kind.array:
      case Kind.match:
        return [];
      case Kind.box:
        return new Box(undefined);
      case Kind.function:
      case Kind.namedFunction:
        return new FlowFunction(whole(entry[1], this.#vm.functions.length - 1), []);
      case Kind.native:
        return this.#native(textOf(entry[1]));
      case Kind.bound:
        return new BoundNative(this.#native(textOf(entry[1])), []);
      case Kind.namespace: {
        const name = textOf(entry[1]);
        return this.#registry.namespace(name) ?? damaged(`there is no ${name}`);
      }
      case Kind.error:
        return this.#error(entry);
      case Kind.regexp:
        return regexpOf(this.#value(entry[1]), textOf(entry[2]));
      case Kind.map:
        return new Map();
      case Kind.set:
        return new Set();
      case Kind.date:
        return new Date(numberOf(this.#value(entry[1])));
      case Kind.iterator:
        return this.#iterator(entry);
      case Kind.promise:
        return new FlowPromise();
      case Kind.fibre: {
        const fn = this.#part(entry[1], FlowFunction);
        if (!this.#vm.functions[fn.index]!.async) damaged("an activation of a function that cannot wait");
        return new Fibre(fn, this.#part(entry[2], FlowPromise));
      }
      case Kind.combinator: {
        const keys = listOf(entry[3], "the keys of a combinator");
        const list = keys.length === 0 ? undefined : this.#part(keys[0], Array<Value>);
        const kind = COMBINATORS.find((one) => one === entry[1]) ?? damaged("a combinator of no kind");
        return new Combinator(kind, this.#part(entry[2], FlowPromise), list);
      }
      case Kind.cancellation:
        return new Cancellation(textOf(entry[1]));
      default:
        return damaged(`there is no kind ${shown(entry[0])}`);
    }
  }

  #iterator(entry: Entry): FlowIterator {
    const [, source, mode, index, done, given] = entry;
    const isObject = Array.isArray(source) && source.length === 1;
    const id = isObject ? whole(source[0], this.#heap.length - 1) : -1;
    if (isObject && !WALKED.has(this.#heap[id]![0])) damaged("an iterator over nothing");
    const walked = isObject ? this.#make(id) : this.#value(source);
    if (typeof walked !== "string" && !isObject) damaged("an iterator over nothing");
    const subject = this.#value(given);
    if (walked instanceof FlowRegExp ? typeof subject !== "string" : subject !== undefined) {
      damaged("an iterator over nothing");
    }
    const iterator = new FlowIterator(
      walked as FlowIterator["source"],
      MODES.find((one) => one === mode) ?? damaged("an iterator of no kind"),
      subject as string | undefined,
    );
    iterator.index = whole(index, Number.MAX_SAFE_INTEGER);
    iterator.done = done === 1;
    return iterator;
  }

  #error(entry: Entry): FlowError {
    const kind = ERROR_KINDS.find((one) => one === entry[1]) ?? damaged("an error of no kind");
    const hasOrigin = typeof entry.at(-1) !== "number" && entry.length > 4;
    const trace = entry.slice(4, hasOrigin ? -1 : undefined);
    if (trace.length > MAX_TRACE || trace.length % 2 !== 0) damaged("a trace");
    for (let index = 0; index < trace.length; index += 2) {
      const [fn, at] = [numberOf(trace[index]), numberOf(trace[index + 1])];
      whole(fn < 0 ? ~fn : fn, fn < 0 ? COMBINATORS.length - 1 : this.#vm.functions.length - 1);
      whole(at < 0 ? ~at : at, fn < 0 ? Number.MAX_SAFE_INTEGER : this.#vm.functions[fn]!.code.length);
    }
    const error = new FlowError(kind, undefined, trace as number[]);
    if (hasOrigin) error.origin = textOf(this.#value(entry.at(-1)!));
    return error;
  }

  #native(id: string): NativeFunction {
    return this.#registry.native(id) ?? damaged(`there is no built-in ${id}`);
  }

  #fill(object: object, entry: Entry): void {
    switch (entry[0]) {
      case Kind.object:
      case Kind.bare:
      case Kind.match: {
        const keys = this.#shapes[whole(entry[1], this.#shapes.length)] ?? damaged("a shape");
        const least = keys.length + 2;
        if (entry[0] === Kind.match ? entry.length < least : entry.length !== least) damaged("a member");
        if (entry[0] === Kind.match) (object as Value[]).push(...this.#values(entry, least));
        for (let index = 0; index < keys.length; index++) {
          define(object, keys[index]!, this.#value(entry[index + 2]!));
        }
        return;
      }
      case Kind.array:
        for (let index = 1; index < entry.length; index++) {
          (object as Value[]).push(this.#value(entry[index]!));
        }
        return;
      case Kind.box:
        (object as Box).value = this.#outcome(entry[1]!);
        return;
      case Kind.function:
        return this.#function(object as FlowFunction, entry, 2);
      case Kind.namedFunction:
        (object as FlowFunction).name = textOf(this.#value(entry[2]!));
        return this.#function(object as FlowFunction, entry, 3);
      case Kind.bound:
        return this.#bound(object as BoundNative, entry);
      case Kind.error:
        Object.assign(object, {
          hidden: this.#object(entry[2]!, PlainObject),
          props: this.#object(entry[3]!, PlainObject),
        });
        return;
      case Kind.regexp:
        (object as FlowRegExp).lastIndex = this.#value(entry[3]!);
        return;
      case Kind.map:
        for (let index = 1; index < entry.length; index += 2) {
          (object as Map<Value, Value>).set(this.#value(entry[index]!), this.#value(entry[index + 1]!));
        }
        return;
      case Kind.set:
        for (let index = 1; index < entry.length; index++) {
          (object as Set<Value>).add(this.#value(entry[index]!));
        }
        return;
      case Kind.iterator:
        if (entry.length > 6) {
          this.#unwound.push([object as FlowIterator, whole(entry[6], Number.MAX_SAFE_INTEGER)]);
        }
        return;
      case Kind.promise:
        return this.#promise(object as FlowPromise, entry);
      case Kind.fibre:
        return this.#fibre(object as Fibre, entry);
      case Kind.combinator: {
        const combinator = object as Combinator;
        combinator.values = this.#values(entry, 5);
        combinator.remaining = whole(entry[4], combinator.values.length + 1);
        return;
      }
      default:
    }
  }

  #function(fn: FlowFunction, entry: Entry, from: number): void {
    fn.captures = this.#registers(entry, from);
    if (fn.captures.length !== this.#vm.functions[fn.index]!.captures.length) {
      damaged("what a function captured");
    }
  }

  /** An activation stands at an instruction that waits, with the registers that this keeps; one that is over has none. */
  #fibre(fibre: Fibre, entry: Entry): void {
    fibre.pc = whole(entry[3], Number.MAX_SAFE_INTEGER);
    fibre.registers = this.#registers(entry, 5);
    const isOver = entry[4] === -1;
    fibre.awaiting = isOver ? undefined : this.#object(entry[4], FlowPromise);
    const kept = isOver ? 0 : this.#vm.program.waits[fibre.fn.index]!.get(fibre.pc);
    if (fibre.registers.length !== kept) damaged("where an activation stands");
  }

  /** Put iterators over Maps and Sets where they stood: what such an iterator has to go is always the end of its collection. */
  #wind(): void {
    let skipped = 0;
    for (const [iterator, left] of this.#unwound) {
      const { source } = iterator;
      const size = source instanceof Map || source instanceof Set ? source.size : -1;
      skipped += size - left;
      if (left > size || skipped > MAX_SKIPPED) damaged("where an iterator stands");
      restoreLive(iterator, left);
    }
  }

  // `resolve` and `reject` of a promise are bound to a flag and the promise, those of a question to its state.
  #bound({ target, data }: BoundNative, entry: Entry): void {
    data.push(this.#object(listOf(entry[2], "a flag")[0], PlainObject));
    if (ANSWERS.has(target.id)) return;
    data.push(this.#object(listOf(entry[3], "a promise")[0], FlowPromise));
    if (!BOUND.has(target.id)) damaged("a bound function");
  }

  #promise(promise: FlowPromise, entry: Entry): void {
    promise.state = STATES[whole(entry[1], 2)]!;
    promise.value = this.#outcome(entry[2]!);
    promise.handled = entry[3] === 1;
    const operation = entry[4] ?? undefined;
    if (Array.isArray(operation)) [promise.id, promise.target] = [textOf(operation[0]), textOf(operation[1])];
    else if (operation !== undefined) promise.id = textOf(operation);
    if (entry.length <= 5) return;
    if (promise.state !== "pending") damaged("a promise that is settled has reactions");
    promise.reactions = entry.slice(5).map((reaction) => this.#reaction(listOf(reaction, "a reaction")));
  }

  #reaction(entry: Entry): Reaction {
    switch (entry[0]) {
      case ReactionKind.await:
        return { kind: "await", fibre: this.#object(entry[1], Fibre) };
      case ReactionKind.then: {
        const [onFulfilled, onRejected] = [this.#value(entry[1]!), this.#value(entry[2]!)];
        return { kind: "then", onFulfilled, onRejected, derived: this.#object(entry[3], FlowPromise) };
      }
      case ReactionKind.finally:
        return {
          kind: "finally",
          callback: this.#value(entry[1]!),
          derived: this.#object(entry[2], FlowPromise),
        };
      case ReactionKind.pass: {
        const outcome = entry[2] === "reason" || entry[2] === "value" ? entry[2] : damaged("a reaction");
        const value = this.#outcome(entry[3]);
        return { kind: "pass", derived: this.#object(entry[1], FlowPromise), outcome, value };
      }
      case ReactionKind.resolve:
        return { kind: "resolve", target: this.#object(entry[1], FlowPromise) };
      case ReactionKind.element: {
        const combinator = this.#object(entry[1], Combinator);
        // Its values stand behind five numbers.
        const last = this.#heap[entry[1] as number]!.length - 6;
        return { kind: "element", combinator, index: whole(entry[2], last) };
      }
      default:
        return damaged(`there is no reaction ${shown(entry[0])}`);
    }
  }

  #job(entry: Entry): Job {
    if (entry[0] === 0) {
      const state = STATES[whole(entry[2], 2)]!;
      if (state === "pending") return damaged("a job of no state");
      const reaction = this.#reaction(listOf(entry[1], "a reaction"));
      return { kind: "react", reaction, state, value: this.#outcome(entry[3]!) };
    }
    const [thenable, then] = [this.#value(entry[2]!), this.#value(entry[3]!)];
    return { kind: "thenable", promise: this.#object(entry[1], FlowPromise), thenable, then };
  }
}

const BOUND: ReadonlySet<string> = new Set(["Promise/resolve", "Promise/reject"]);
const ANSWERS: ReadonlySet<string> = new Set(["Signal/reply", "Signal/reject"]);
const MODES: readonly IterationMode[] = ["keys", "values", "entries"];

function checkKeys({ keys, values }: Combinator): void {
  if (keys === undefined) return;
  if (keys.length !== values.length || !keys.every((key) => typeof key === "string")) {
    damaged("the keys of a combinator");
  }
}

/** An own member, also one that is called `__proto__`. */
function define(object: object, key: string, value: Value): void {
  if (Array.isArray(object) && key === "__proto__") damaged("a member");
  (object as PlainObject)[key] = value;
}

function regexpOf(source: Value, flags: string): FlowRegExp {
  try {
    new RegExp(textOf(source), flags);
  } catch {
    damaged("a regular expression");
  }
  return new FlowRegExp(source as string, flags);
}

function outsideOf(state: JsonValue | undefined): number[] {
  const list = listOf(state, "the moment");
  if (list.length > 4) damaged("the moment");
  const [step = 0, moment = 0, place = 0, drawn = 0] = list;
  whole(moment, LAST_MOMENT);
  return [whole(step, 2 ** 32), moment as number, whole(place, 2 ** 42), whole(drawn, 2 ** 34)];
}

const LAST_MOMENT = 8_640_000_000_000_000;

function listOf(json: JsonValue | undefined, what: string): JsonValue[] {
  if (json === undefined) return [];
  return Array.isArray(json) ? json : damaged(`${what}: not a list`);
}

function textOf(json: unknown): string {
  return typeof json === "string" ? json : damaged(`a text is ${shown(json)}`);
}

function numberOf(value: unknown): number {
  return typeof value === "number" ? value : damaged(`a number is ${shown(value)}`);
}

/** A whole number from 0 to what it may be at most. */
function whole(json: JsonValue | undefined, most: number): number {
  return Number.isSafeInteger(json) && (json as number) >= 0 && (json as number) <= most
    ? json as number
    : damaged(`${shown(json)} is not a whole number up to ${most}`);
}

function shown(json: unknown): string {
  return typeof json === "object" ? describe(json) : String(json).slice(0, 40);
}

function unescape(text: string): string {
  return text.replace(/\\([0-9a-f]{4})/g, (_, unit) => String.fromCharCode(parseInt(unit, 16)));
}

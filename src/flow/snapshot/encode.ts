import type { JsonValue } from "../../shared/json.ts";
import type { FunctionCode, Snapshot } from "../types.ts";
import { Combinator } from "../vm/combinator.ts";
import { Fibre } from "../vm/fibre.ts";
import { Cancellation } from "../vm/frame.ts";
import type { FlowMachine } from "../vm/machine.ts";
import { isSeenAtOnce, Observers } from "../vm/observers.ts";
import { FlowPromise, isLive, type Job, type Reaction } from "../vm/promise.ts";
import { LimitExceeded } from "../vm/throw.ts";
import {
  BareObject,
  BoundNative,
  Box,
  FlowError,
  FlowFunction,
  FlowIterator,
  FlowRegExp,
  Namespace,
  NativeFunction,
  PlainObject,
  UNSET,
  type Value,
} from "../vm/value.ts";
import { Kind, ReactionKind, SNAPSHOT_FORMAT, STATES } from "./format.ts";

/** A state at rest, and what became of the operations under way. */
export interface Encoded {
  snapshot: Snapshot;
  /** Operations that nothing can observe any more. */
  released: string[];
  /** About how many characters its text takes, rather too few. */
  size: number;
  /** Whether something waits inside `try … finally`. */
  cleanup: boolean;
  /** All objects of the state, activations among them. */
  objects: readonly object[];
}

/** Write the state of a machine at rest. What cannot be reached is left out, and forgotten by the machine too. */
export function encode(vm: FlowMachine, main: Fibre): Encoded {
  return new Encoder().run(vm, main);
}

function isInsideFinally({ handlers }: FunctionCode, pc: number): boolean {
  for (let index = 0; index < handlers.length; index += 5) {
    if (handlers[index + 4] === 1 && pc >= handlers[index]! && pc < handlers[index + 1]!) return true;
  }
  return false;
}

/** The state takes more room than it may. */
export function tooLarge(limit: number): LimitExceeded {
  return new LimitExceeded(
    "FLOW_SNAPSHOT_SIZE",
    `The state of this flow takes more than ${limit} characters`,
  );
}

/** Entries of Maps and Sets that iterators have before them, in all: counting them takes as long. */
const MAX_LEFT = 8_000_000;

/** Errors that keep the stack of what failed: a thousand of them would take all the room that there is. */
const MAX_ORIGINS = 16;

class Encoder {
  readonly #ids = new Map<object, number>();
  readonly #objects: object[] = [];
  readonly #shapes: string[][] = [];
  readonly #shapeIds = new Map<string, number>();
  #size = 0;
  #origins = 0;
  #left = 0;
  #cleanup = false;
  #functions: FlowMachine["functions"] = [];

  run(vm: FlowMachine, main: Fibre): Encoded {
    this.#functions = vm.functions;
    const snapshot: Snapshot = { v: SNAPSHOT_FORMAT, p: vm.program.program.hash, t: vm.outside.state };
    snapshot.m = this.#ref(main);
    if (vm.jobs.length > vm.nextJob) snapshot.j = vm.jobs.slice(vm.nextJob).map((job) => this.#job(job));
    if (vm.unhandled.size > 0) snapshot.u = [...vm.unhandled].map((promise) => this.#ref(promise));
    if (vm.cancelled) snapshot.c = this.#ref(vm.cancelled);
    const given = Object.keys(vm.given);
    if (given.length > 0) snapshot.g = this.#ref(vm.given);
    const unsure: FlowPromise[] = [];
    for (const promise of vm.pending.values()) {
      if (isSeenAtOnce(vm, promise)) this.#ref(promise);
      else unsure.push(promise);
    }
    const observers = new Observers(vm, unsure);
    const { snapshotSize } = vm.limits;
    const heap: JsonValue[] = [];
    for (let index = 0; index <= this.#objects.length; index++) {
      // What is held is known when all that holds has been written.
      for (const promise of observers.take()) this.#ref(promise);
      const object = this.#objects[index];
      if (object === undefined) break;
      observers.reach(object);
      heap.push(this.#entry(object));
      if (this.#size > snapshotSize) throw tooLarge(snapshotSize);
    }
    snapshot.h = heap;
    if (this.#shapes.length > 0) snapshot.s = this.#shapes;
    const operations: JsonValue[] = [];
    const released: string[] = [];
    for (const [id, promise] of vm.pending) {
      const ref = this.#ids.get(promise);
      if (ref === undefined) released.push(id);
      else operations.push(ref);
    }
    for (const id of released) vm.pending.delete(id);
    if (operations.length > 0) snapshot.o = operations;
    return { snapshot, released, size: this.#size, cleanup: this.#cleanup, objects: this.#objects };
  }

  #ref(object: object): number {
    let id = this.#ids.get(object);
    if (id === undefined) {
      id = this.#objects.push(object) - 1;
      this.#ids.set(object, id);
    }
    return id;
  }

  #value(value: Value | Box | Fibre): JsonValue {
    this.#size += 4;
    switch (typeof value) {
      case "string":
        this.#size += value.length;
        return isPlain(value) ? value : ["s", escape(value)];
      case "number":
        if (Number.isFinite(value) && !Object.is(value, -0)) return value;
        return ["n", Object.is(value, -0) ? "-0" : String(value)];
      case "boolean":
        return value;
      case "undefined":
        return [];
      default:
    }
    if (value === null) return null;
    if (value === UNSET) return ["u", 0];
    return [this.#ref(value as object)];
  }

  #values(list: Iterable<Value | Box>, head: JsonValue[]): JsonValue[] {
    for (const item of list) head.push(this.#value(item));
    return head;
  }

  #entry(object: object): JsonValue[] {
    this.#size += 6;
    if (object instanceof PlainObject) return this.#plain(object);
    if (Array.isArray(object)) {
      return "groups" in object ? this.#match(object) : this.#values(object, [Kind.array]);
    }
    if (object instanceof Box) return [Kind.box, this.#value(object.value)];
    if (object instanceof FlowFunction) {
      const head = object.name === undefined
        ? [Kind.function, object.index]
        : [Kind.namedFunction, object.index, this.#value(object.name)];
      return this.#values(object.captures, head);
    }
    if (object instanceof Fibre) return this.#fibre(object);
    if (object instanceof FlowPromise) return this.#promise(object);
    if (object instanceof Combinator) {
      const keys = object.keys === undefined ? [] : [this.#ref(object.keys)];
      return this.#values(object.values, [
        ...[Kind.combinator, object.kind, this.#ref(object.promise), keys, object.remaining],
      ]);
    }
    if (object instanceof FlowError) return this.#error(object);
    if (object instanceof Map) {
      const entry: JsonValue[] = [Kind.map];
      for (const [key, value] of object) entry.push(this.#value(key), this.#value(value));
      return entry;
    }
    if (object instanceof Set) return this.#values(object, [Kind.set]);
    if (object instanceof Date) return [Kind.date, this.#value(object.getTime())];
    return this.#rare(object);
  }

  #rare(object: object): JsonValue[] {
    if (object instanceof NativeFunction) return [Kind.native, object.id];
    if (object instanceof BoundNative) return this.#values(object.data, [Kind.bound, object.target.id]);
    if (object instanceof Namespace) return [Kind.namespace, object.name];
    if (object instanceof FlowRegExp) {
      return [Kind.regexp, this.#value(object.source), object.flags, this.#value(object.lastIndex)];
    }
    if (object instanceof FlowIterator) return this.#iterator(object);
    if (object instanceof Cancellation) return [Kind.cancellation, object.reason];
    throw new Error("a value of the host got into the flow");
  }

  #error(error: FlowError): JsonValue[] {
    const { kind, hidden, props, trace } = error;
    const entry: JsonValue[] = [Kind.error, kind, this.#ref(hidden), this.#ref(props), ...trace];
    if (this.#origins >= MAX_ORIGINS) error.origin = undefined;
    if (error.origin === undefined) return entry;
    this.#origins++;
    return [...entry, this.#value(error.origin)];
  }

  #plain(object: PlainObject): JsonValue[] {
    const keys = Object.keys(object);
    const entry: JsonValue[] = [object instanceof BareObject ? Kind.bare : Kind.object, this.#shape(keys)];
    for (const key of keys) entry.push(this.#value(object[key]));
    return entry;
  }

  /** What a regular expression found: an array with members of its own. */
  #match(list: Value[]): JsonValue[] {
    const keys = Object.keys(list).slice(list.length);
    const members = list as unknown as Record<string, Value>;
    const entry: JsonValue[] = [Kind.match, this.#shape(keys)];
    for (const key of keys) entry.push(this.#value(members[key]));
    return this.#values(list, entry);
  }

  #shape(keys: string[]): number {
    const name = keys.length < 2 ? keys.length + (keys[0] ?? "") : JSON.stringify(keys);
    let shape = this.#shapeIds.get(name);
    if (shape === undefined) {
      for (const key of keys) this.#size += key.length + 3;
      shape = this.#shapes.push(keys.map((key) => isPlain(key) ? key : "\u{f8ff}" + escape(key))) - 1;
      this.#shapeIds.set(name, shape);
    }
    return shape;
  }

  #fibre(fibre: Fibre): JsonValue[] {
    const awaiting = fibre.awaiting === undefined ? -1 : this.#ref(fibre.awaiting);
    if (awaiting !== -1) this.#cleanup ||= isInsideFinally(this.#functions[fibre.fn.index]!, fibre.pc);
    const head = [Kind.fibre, this.#ref(fibre.fn), this.#ref(fibre.promise), fibre.pc, awaiting];
    return this.#values(fibre.registers, head);
  }

  #promise(promise: FlowPromise): JsonValue[] {
    const state = STATES.indexOf(promise.state);
    const entry: JsonValue[] = [Kind.promise, state, this.#value(promise.value), promise.handled ? 1 : 0];
    const live = promise.reactions?.filter(isLive) ?? [];
    if (promise.reactions !== undefined) promise.reactions = live;
    if (promise.id !== undefined) this.#size += promise.id.length;
    if (promise.id !== undefined || live.length > 0) entry.push(operationOf(promise));
    for (const reaction of live) entry.push(this.#reaction(reaction));
    return entry;
  }

  #reaction(reaction: Reaction): JsonValue[] {
    switch (reaction.kind) {
      case "await":
        return [ReactionKind.await, this.#ref(reaction.fibre)];
      case "then":
        return [
          ...[ReactionKind.then, this.#value(reaction.onFulfilled), this.#value(reaction.onRejected)],
          this.#ref(reaction.derived),
        ];
      case "finally":
        return [ReactionKind.finally, this.#value(reaction.callback), this.#ref(reaction.derived)];
      case "pass":
        return [
          ReactionKind.pass,
          this.#ref(reaction.derived),
          reaction.outcome,
          this.#value(reaction.value),
        ];
      case "resolve":
        return [ReactionKind.resolve, this.#ref(reaction.target)];
      case "element":
        return [ReactionKind.element, this.#ref(reaction.combinator), reaction.index];
    }
  }

  #job(job: Job): JsonValue {
    if (job.kind === "react") {
      return [0, this.#reaction(job.reaction), STATES.indexOf(job.state), this.#value(job.value)];
    }
    return [1, this.#ref(job.promise), this.#value(job.thenable), this.#value(job.then)];
  }

  #iterator(iterator: FlowIterator): JsonValue[] {
    const { source, mode, index, done, subject } = iterator;
    const entry = [Kind.iterator, this.#value(source), mode, index, done ? 1 : 0, this.#value(subject)];
    if (iterator.live === undefined || !(source instanceof Map || source instanceof Set)) return entry;
    let left = 0;
    while (!iterator.live.next().done) left++;
    restoreLive(iterator, left);
    this.#left += source.size;
    if (this.#left > MAX_LEFT) {
      throw new LimitExceeded(
        "FLOW_MEMORY",
        "This flow waits inside too many loops over large Maps and Sets",
      );
    }
    return [...entry, left];
  }
}

/** Give an iterator over a Map or Set a live one that has `left` entries to go. */
export function restoreLive(iterator: FlowIterator, left: number): void {
  const { source, mode } = iterator;
  if (!(source instanceof Map || source instanceof Set)) return;
  const live = source[mode]() as Iterator<Value>;
  for (let skip = source.size - left; skip > 0; skip--) live.next();
  iterator.live = live;
}

function operationOf(promise: FlowPromise): JsonValue {
  const { id, target } = promise;
  return id !== undefined && target !== undefined ? [id, target] : id ?? null;
}

/** Stores of JSON refuse these two in text. */
const SUSPICIOUS = /[\0\ud800-\udfff\uf8ff]/;

function isPlain(text: string): boolean {
  return !SUSPICIOUS.test(text) ||
    (text.isWellFormed() && !text.includes("\0") && !text.startsWith("\u{f8ff}"));
}

function escape(text: string): string {
  return text.replace(
    /[\0\\\ud800-\udfff]/g,
    (unit) => "\\" + unit.charCodeAt(0).toString(16).padStart(4, "0"),
  );
}

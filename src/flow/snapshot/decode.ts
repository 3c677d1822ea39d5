import { describe } from "../../shared/arguments.ts";
import type { JsonValue } from "../../shared/json.ts";
import { RhythmError } from "../../shared/error.ts";
import type { Snapshot } from "../types.ts";
import { Combinator, type CombinatorKind } from "../vm/combinator.ts";
import { Fibre } from "../vm/fibre.ts";
import { Cancellation } from "../vm/frame.ts";
import type { FlowMachine } from "../vm/machine.ts";
import { FlowPromise, type Job, type Reaction } from "../vm/promise.ts";
import {
  BareObject,
  BoundNative,
  Box,
  type ErrorKind,
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
}

/** Read a snapshot into a fresh machine. */
export function decode(vm: FlowMachine, snapshot: Snapshot, registry: Registry): Decoded {
  checkSnapshot(snapshot, vm.program.program.hash);
  try {
    return new Decoder(snapshot, registry).run(vm);
  } catch (error) {
    if (error instanceof RhythmError) throw error;
    throw new SnapshotError(`it is damaged (${(error as Error).message})`, "FLOW_SNAPSHOT_DAMAGED");
  }
}

type Entry = JsonValue[];

class Decoder {
  readonly #snapshot: Snapshot;
  readonly #registry: Registry;
  readonly #shapes: string[][];
  readonly #objects: object[] = [];

  constructor(snapshot: Snapshot, registry: Registry) {
    this.#snapshot = snapshot;
    this.#registry = registry;
    const shapes = (snapshot.s ?? []) as string[][];
    this.#shapes = shapes.map((keys) =>
      keys.map((key) => key.startsWith("\u{f8ff}") ? unescape(key.slice(1)) : key)
    );
  }

  run(vm: FlowMachine): Decoded {
    const { m, j, u, g, c, o, h, t, b } = this.#snapshot;
    const heap = h as Entry[];
    for (let id = 0; id < heap.length; id++) this.#make(heap, id);
    for (let id = 0; id < heap.length; id++) this.#fill(this.#objects[id]!, heap[id]!);
    for (const ref of (o ?? []) as number[]) {
      const promise = this.#object<FlowPromise>(ref);
      vm.pending.set(promise.id!, promise);
    }
    for (const job of (j ?? []) as Entry[]) vm.jobs.push(this.#job(job));
    for (const ref of (u ?? []) as number[]) vm.unhandled.add(this.#object(ref));
    if (c !== undefined) vm.cancelled = this.#object(c as number);
    vm.outside.restore(t as number[]);
    if (b !== undefined) vm.budget = Math.min(vm.budget, b as number);
    if (g !== undefined) vm.given = this.#object(g as number);
    const fibres = this.#objects.filter((one) => one instanceof Fibre);
    return { main: this.#object(m as number), fibres };
  }

  #object<T extends object>(ref: JsonValue): T {
    const object = this.#objects[ref as number];
    if (object === undefined) throw new Error(`there is no object ${String(ref)}`);
    return object as T;
  }

  #value(json: JsonValue): Value {
    if (!Array.isArray(json)) return json as Value;
    if (json.length === 0) return undefined;
    if (json.length === 1) return this.#object<Extract<Value, object>>(json[0]!);
    if (json[0] === "n") return Number(json[1]);
    if (json[0] === "u") return UNSET;
    return unescape(json[1] as string);
  }

  #values(entry: Entry, from: number): Value[] {
    const list: Value[] = [];
    for (let index = from; index < entry.length; index++) list.push(this.#value(entry[index]!));
    return list;
  }

  /** An object with what can never be part of a cycle. */
  #make(heap: Entry[], id: number): object {
    const made = this.#objects[id];
    if (made !== undefined) return made;
    return this.#objects[id] = this.#create(heap, heap[id]!);
  }

  #create(heap: Entry[], entry: Entry): object {
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
        return new FlowFunction(entry[1] as number, []);
      case Kind.native:
        return this.#native(entry[1] as string);
      case Kind.bound:
        return new BoundNative(this.#native(entry[1] as string), []);
      case Kind.namespace: {
        const namespace = this.#registry.namespace(entry[1] as string);
        if (namespace === undefined) throw new Error(`there is no ${String(entry[1])}`);
        return namespace;
      }
      case Kind.error:
        return this.#error(entry);
      case Kind.regexp:
        return new FlowRegExp(this.#value(entry[1]!) as string, entry[2] as string);
      case Kind.map:
        return new Map();
      case Kind.set:
        return new Set();
      case Kind.date:
        return new Date(this.#value(entry[1]!) as number);
      case Kind.iterator: {
        const source = entry[1]!;
        const walked = Array.isArray(source) && source.length === 1
          ? this.#make(heap, source[0] as number)
          : this.#value(source);
        const subject = this.#value(entry[5]!) as string | undefined;
        return new FlowIterator(walked as FlowIterator["source"], entry[2] as IterationMode, subject);
      }
      case Kind.promise:
        return new FlowPromise();
      case Kind.fibre: {
        const fn = this.#make(heap, entry[1] as number) as FlowFunction;
        return new Fibre(fn, this.#make(heap, entry[2] as number) as FlowPromise);
      }
      case Kind.combinator: {
        const keys = entry[3] as number[];
        const list = keys.length === 0 ? undefined : this.#make(heap, keys[0]!) as Value[];
        const promise = this.#make(heap, entry[2] as number) as FlowPromise;
        return new Combinator(entry[1] as CombinatorKind, promise, list);
      }
      case Kind.cancellation:
        return new Cancellation(entry[1] as string);
      default:
        throw new Error(`there is no kind ${String(entry[0])}`);
    }
  }

  #error(entry: Entry): FlowError {
    const hasOrigin = typeof entry.at(-1) !== "number" && entry.length > 4;
    const trace = entry.slice(4, hasOrigin ? -1 : undefined);
    const error = new FlowError(entry[1] as ErrorKind, undefined, trace as number[]);
    if (hasOrigin) error.origin = this.#value(entry.at(-1)!) as string;
    return error;
  }

  #native(id: string): NativeFunction {
    const native = this.#registry.native(id);
    if (native === undefined) throw new Error(`there is no built-in ${id}`);
    return native;
  }

  #fill(object: object, entry: Entry): void {
    switch (entry[0]) {
      case Kind.object:
      case Kind.bare:
      case Kind.match: {
        const keys = this.#shapes[entry[1] as number]!;
        for (let index = 0; index < keys.length; index++) {
          (object as PlainObject)[keys[index]!] = this.#value(entry[index + 2]!);
        }
        if (entry[0] === Kind.match) (object as Value[]).push(...this.#values(entry, keys.length + 2));
        return;
      }
      case Kind.array:
        for (let index = 1; index < entry.length; index++) {
          (object as Value[]).push(this.#value(entry[index]!));
        }
        return;
      case Kind.box:
        (object as Box).value = this.#value(entry[1]!);
        return;
      case Kind.function:
        (object as FlowFunction).captures = this.#values(entry, 2);
        return;
      case Kind.namedFunction:
        (object as FlowFunction).name = this.#value(entry[2]!) as string;
        (object as FlowFunction).captures = this.#values(entry, 3);
        return;
      case Kind.bound:
        (object as BoundNative).data.push(...this.#values(entry, 2));
        return;
      case Kind.error:
        Object.assign(object, { hidden: this.#object(entry[2]!), props: this.#object(entry[3]!) });
        return;
      case Kind.regexp:
        (object as FlowRegExp).lastIndex = this.#value(entry[3]!);
        return;
      case Kind.map:
        for (let index = 1; index < entry.length; index += 2) {
          (object as Map<Value, Value>).set(this.#value(entry[index]!), this.#value(entry[index + 1]!));
        }
        this.#wind(object);
        return;
      case Kind.set:
        for (let index = 1; index < entry.length; index++) {
          (object as Set<Value>).add(this.#value(entry[index]!));
        }
        this.#wind(object);
        return;
      case Kind.iterator:
        (object as FlowIterator).index = entry[3] as number;
        (object as FlowIterator).done = entry[4] === 1;
        if (entry.length > 6) this.#unwound.push([object as FlowIterator, entry[6] as number]);
        this.#wind(object);
        return;
      case Kind.promise:
        return this.#promise(object as FlowPromise, entry);
      case Kind.fibre:
        (object as Fibre).pc = entry[3] as number;
        (object as Fibre).awaiting = entry[4] === -1 ? undefined : this.#object(entry[4]!);
        (object as Fibre).registers = this.#values(entry, 5);
        return;
      case Kind.combinator:
        (object as Combinator).remaining = entry[4] as number;
        (object as Combinator).values = this.#values(entry, 5);
        return;
      default:
    }
  }

  /** Iterators over collections that are not filled yet. */
  #unwound: [FlowIterator, number][] = [];
  readonly #filled = new Set<object>();

  /** Put iterators where they stood, once their collection is filled. */
  #wind(filled: object): void {
    if (filled instanceof Map || filled instanceof Set) this.#filled.add(filled);
    this.#unwound = this.#unwound.filter(([iterator, left]) => {
      if (!this.#filled.has(iterator.source as object)) return true;
      restoreLive(iterator, left);
      return false;
    });
  }

  #promise(promise: FlowPromise, entry: Entry): void {
    promise.state = STATES[entry[1] as number]!;
    promise.value = this.#value(entry[2]!);
    promise.handled = entry[3] === 1;
    const operation = entry[4] ?? undefined;
    if (Array.isArray(operation)) [promise.id, promise.target] = operation as [string, string];
    else promise.id = operation as string | undefined;
    if (entry.length > 5) {
      promise.reactions = entry.slice(5).map((reaction) => this.#reaction(reaction as Entry));
    }
  }

  #reaction(entry: Entry): Reaction {
    switch (entry[0]) {
      case ReactionKind.await:
        return { kind: "await", fibre: this.#object(entry[1]!) };
      case ReactionKind.then: {
        const [onFulfilled, onRejected] = [this.#value(entry[1]!), this.#value(entry[2]!)];
        return { kind: "then", onFulfilled, onRejected, derived: this.#object(entry[3]!) };
      }
      case ReactionKind.finally:
        return { kind: "finally", callback: this.#value(entry[1]!), derived: this.#object(entry[2]!) };
      case ReactionKind.pass: {
        const outcome = entry[2] as "value" | "reason";
        return { kind: "pass", derived: this.#object(entry[1]!), outcome, value: this.#value(entry[3]!) };
      }
      case ReactionKind.resolve:
        return { kind: "resolve", target: this.#object(entry[1]!) };
      default:
        return { kind: "element", combinator: this.#object(entry[1]!), index: entry[2] as number };
    }
  }

  #job(entry: Entry): Job {
    if (entry[0] === 0) {
      const state = STATES[entry[2] as number] as "fulfilled" | "rejected";
      return {
        kind: "react",
        reaction: this.#reaction(entry[1] as Entry),
        state,
        value: this.#value(entry[3]!),
      };
    }
    const [thenable, then] = [this.#value(entry[2]!), this.#value(entry[3]!)];
    return { kind: "thenable", promise: this.#object(entry[1]!), thenable, then };
  }
}

function unescape(text: string): string {
  return text.replace(/\\([0-9a-f]{4})/g, (_, unit) => String.fromCharCode(parseInt(unit, 16)));
}

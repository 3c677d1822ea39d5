import { RhythmError } from "../../shared/error.ts";
import type { JsonValue } from "../../shared/json.ts";
import type { FunctionCode } from "../compile/program.ts";
import type { FlowView } from "../types.ts";
import { errorMember } from "../vm/convert.ts";
import type { Fibre } from "../vm/fibre.ts";
import { offsetAt, placeOf } from "../vm/loaded.ts";
import type { FlowMachine } from "../vm/machine.ts";
import { FlowPromise, isLive, settledBy } from "../vm/promise.ts";
import { isCallable, isObject } from "../vm/tag.ts";
import { Box, FlowError, FlowRegExp, PlainObject, UNSET, type Value } from "../vm/value.ts";

// All of a view is bounded: a snapshot of two kilobytes can hold a tree of a billion paths.
const MAX_FIBRES = 200;
const MAX_WAITS = 100;
const MAX_NODES = 2_000;
const MAX_DEPTH = 6;
const MAX_ITEMS = 100;
const MAX_TEXT = 1_000;
const MAX_TEXTS = 100_000;
const MAX_PATH = 200;

/** What a decoded machine looks like to people. */
export function inspectMachine(vm: FlowMachine, fibres: readonly Fibre[]): FlowView {
  const waiting = fibres.filter((fibre) => fibre.awaiting !== undefined);
  const shown = waiting.slice(0, MAX_FIBRES);
  const sources = sourcesOf(vm, waiting);
  const reader = new Reader();
  const more = waiting.length - shown.length;
  return {
    fibres: shown.map((fibre) => ({
      function: nameOf(codeOf(vm, fibre)),
      ...placeOfFibre(vm, fibre),
      variables: variablesOf(vm, fibre, reader),
      waitsFor: waitsFor(vm, fibre.awaiting!, sources),
    })),
    ...(more > 0 && { more }),
  };
}

function codeOf(vm: FlowMachine, fibre: Fibre): FunctionCode {
  return vm.functions[fibre.fn.index]!;
}

function placeOfFibre(vm: FlowMachine, fibre: Fibre): { line: number; column: number } {
  return placeOf(vm.program.program, offsetAt(codeOf(vm, fibre), fibre.pc));
}

function nameOf(code: FunctionCode): string {
  return code.name === "" ? "<anonymous>" : code.name;
}

/** A variable of an activation: where it is kept, and what is there. */
interface Held {
  readonly in: (Value | Box)[];
  readonly at: number;
}

/** The variables in scope of an activation, by name: those of inner scopes last. */
function heldBy(vm: FlowMachine, fibre: Fibre): Map<string, Held> {
  const code = codeOf(vm, fibre);
  const held = new Map<string, Held>();
  code.captureNames.forEach((name, at) => held.set(name, { in: fibre.fn.captures as (Value | Box)[], at }));
  for (let index = 0; index < code.variables.length; index += 4) {
    const [at, from, to] = code.variables.slice(index + 1, index + 4) as [number, number, number];
    if (fibre.pc < from || fibre.pc >= to) continue;
    held.set(String(vm.constants[code.variables[index]!]), { in: fibre.registers as (Value | Box)[], at });
  }
  return held;
}

function valueOf({ in: place, at }: Held): Value {
  const value = place[at];
  return value instanceof Box ? value.value : value as Value;
}

function variablesOf(vm: FlowMachine, fibre: Fibre, reader: Reader): Record<string, JsonValue> {
  const variables = new PlainObject() as Record<string, JsonValue>;
  for (const [name, held] of heldBy(vm, fibre)) {
    const value = valueOf(held);
    if (value !== UNSET) variables[name] = reader.read(value, name);
  }
  return variables;
}

/** The value of a variable in scope of an activation; `UNSET`: there is none, or it has none yet. */
export function variableOf(vm: FlowMachine, fibre: Fibre, name: string): Value {
  const held = heldBy(vm, fibre).get(name);
  return held === undefined ? UNSET : valueOf(held);
}

/** Gives a variable in scope of an activation another value. */
export function setVariable(vm: FlowMachine, fibre: Fibre, name: string, value: Value): void {
  const variables = heldBy(vm, fibre);
  const held = variables.get(name);
  if (held === undefined || valueOf(held) === UNSET) {
    const { line } = placeOfFibre(vm, fibre);
    throw new RhythmError(
      `There is no variable "${name}" in scope at line ${line}. There are ${
        [...variables.keys()].join(", ") || "none"
      }`,
      { code: "FLOW_NO_VARIABLE" },
    );
  }
  const kept = held.in[held.at];
  if (kept instanceof Box) kept.value = value;
  else held.in[held.at] = value;
}

type Source = string | Fibre;

/** By promise, the operations and activations whose end leads to its end, directly. */
function sourcesOf(vm: FlowMachine, fibres: readonly Fibre[]): Map<FlowPromise, (Source | FlowPromise)[]> {
  const sources = new Map<FlowPromise, (Source | FlowPromise)[]>();
  const walk: [promise: FlowPromise, source: Source | FlowPromise][] = [
    ...[...vm.pending].map(([id, promise]): [FlowPromise, Source] => [promise, id]),
    ...fibres.map((fibre): [FlowPromise, Source] => [fibre.promise, fibre]),
  ];
  const known = new Set<FlowPromise>();
  for (let next = walk.pop(); next !== undefined; next = walk.pop()) {
    const [promise, source] = next;
    const list = sources.get(promise);
    if (list === undefined) sources.set(promise, [source]);
    else list.push(source);
    if (known.has(promise)) continue;
    known.add(promise);
    for (const reaction of promise.reactions ?? []) {
      const settled = isLive(reaction) ? settledBy(reaction) : undefined;
      if (settled !== undefined) walk.push([settled, promise]);
    }
  }
  return sources;
}

/** Operations by id, activations as `function:line`. */
function waitsFor(
  vm: FlowMachine,
  awaited: FlowPromise,
  sources: ReadonlyMap<FlowPromise, readonly (Source | FlowPromise)[]>,
): string[] {
  if (awaited.id !== undefined) return [awaited.id];
  const [ids, functions]: [string[], string[]] = [[], []];
  const seen = new Set<FlowPromise>([awaited]);
  // A set gives what is added while it is walked.
  for (const promise of seen) {
    for (const source of sources.get(promise) ?? []) {
      if (source instanceof FlowPromise) seen.add(source);
      else if (typeof source === "string") ids.push(source);
      else functions.push(`${nameOf(codeOf(vm, source))}:${placeOfFibre(vm, source).line}`);
    }
  }
  const all = [...ids.sort(), ...functions.sort()];
  return all.length <= MAX_WAITS ? all : [...all.slice(0, MAX_WAITS), `… ${all.length - MAX_WAITS} more`];
}

/** What JSON has no word for. */
function mark(text: string): JsonValue {
  return { $: text };
}

/** Writes values as JSON that a person can read. What is shared is shown once, and what there is too much of is left out. */
class Reader {
  #nodes = 0;
  #room = MAX_TEXTS;
  readonly #paths = new Map<Value, string>();

  read(value: Value, path: string): JsonValue {
    return this.#read(value, path, 0);
  }

  #read(value: Value, path: string, depth: number): JsonValue {
    if (++this.#nodes > MAX_NODES) return mark("…");
    if (value === undefined) return mark("undefined");
    if (typeof value === "string") return this.#cut(value);
    if (typeof value === "number" && (!Number.isFinite(value) || Object.is(value, -0))) {
      return mark(Object.is(value, -0) ? "-0" : String(value));
    }
    if (!isObject(value)) return value;
    if (isCallable(value)) return mark("function");
    if (value instanceof Date) {
      return Number.isNaN(value.getTime()) ? mark("Invalid Date") : value.toISOString();
    }
    if (value instanceof FlowPromise) return mark(`promise, ${value.state}`);
    if (value instanceof FlowRegExp) return mark(this.#cut(`/${value.source}/${value.flags}`));
    if (value instanceof FlowError) {
      const [name, message] = [errorMember(value, "name"), errorMember(value, "message")].map(primitive);
      return mark(this.#cut(`${name}: ${message}`));
    }
    const known = this.#paths.get(value);
    if (known !== undefined) return mark(`the same as ${known}`);
    if (depth >= MAX_DEPTH) return mark("…");
    this.#paths.set(value, path.length > MAX_PATH ? `…${path.slice(-MAX_PATH)}` : path);
    return this.#nested(value, path, depth);
  }

  #nested(value: Value, path: string, depth: number): JsonValue {
    const each = (item: Value, index: number): JsonValue => this.#read(item, `${path}[${index}]`, depth + 1);
    if (Array.isArray(value)) return list(value.length, value.values(), each);
    if (value instanceof Set) return list(value.size, value.values(), each);
    if (value instanceof Map) {
      return list(value.size, value.entries(), ([key, item], index) => {
        return [each(key, index), this.#read(item, `${path}.get(…${index})`, depth + 1)];
      });
    }
    if (!(value instanceof PlainObject)) return mark("iterator");
    const shown = new PlainObject() as Record<string, JsonValue>;
    const keys = Object.keys(value);
    for (const key of keys.slice(0, MAX_ITEMS)) {
      shown[this.#cut(key)] = this.#read(value[key], `${path}.${key}`, depth + 1);
    }
    if (keys.length > MAX_ITEMS) shown["…"] = mark(`${keys.length - MAX_ITEMS} more`);
    return shown;
  }

  #cut(text: string): string {
    const room = Math.min(MAX_TEXT, this.#room);
    this.#room -= Math.min(text.length, room);
    if (text.length <= room) return text;
    return `${text.slice(0, room)}… ${text.length - room} more characters`.toWellFormed();
  }
}

function list<T>(size: number, items: Iterator<T>, read: (item: T, index: number) => JsonValue): JsonValue[] {
  const shown: JsonValue[] = [];
  while (shown.length < Math.min(size, MAX_ITEMS)) shown.push(read(items.next().value, shown.length));
  if (size > MAX_ITEMS) shown.push(mark(`… ${size - MAX_ITEMS} more`));
  return shown;
}

function primitive(value: Value): string {
  return isObject(value) ? "…" : String(value);
}

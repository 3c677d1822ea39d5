import type { JsonValue } from "../../shared/json.ts";
import type { FunctionCode } from "../compile/program.ts";
import type { FibreView, FlowView } from "../types.ts";
import { errorMember } from "../vm/convert.ts";
import type { Fibre } from "../vm/fibre.ts";
import { offsetAt, placeOf } from "../vm/loaded.ts";
import type { FlowMachine } from "../vm/machine.ts";
import { FlowPromise, isLive, settledBy } from "../vm/promise.ts";
import { isCallable, isObject } from "../vm/tag.ts";
import { Box, FlowError, FlowRegExp, PlainObject, UNSET, type Value } from "../vm/value.ts";

const MAX_DEPTH = 6;
const MAX_ITEMS = 100;

/** What a decoded machine looks like to people. */
export function inspectMachine(vm: FlowMachine, fibres: readonly Fibre[]): FlowView {
  const waiting = fibres.filter((fibre) => fibre.awaiting !== undefined);
  return { fibres: waiting.map((fibre) => viewOf(vm, fibre, waiting)) };
}

function viewOf(vm: FlowMachine, fibre: Fibre, fibres: readonly Fibre[]): FibreView {
  const code = vm.functions[fibre.fn.index]!;
  const place = placeOf(vm.program.program.source, offsetAt(code, fibre.pc));
  const variables = new PlainObject() as Record<string, JsonValue>;
  code.captureNames.forEach((name, index) => show(variables, name, fibre.fn.captures[index]));
  for (let index = 0; index < code.variables.length; index += 4) {
    const [name, register, from, to] = code.variables.slice(index, index + 4) as [
      number,
      number,
      number,
      number,
    ];
    if (fibre.pc < from || fibre.pc >= to) continue;
    show(variables, String(vm.constants[name]), fibre.registers[register]);
  }
  return { function: nameOf(code), ...place, variables, waitsFor: waitsFor(vm, fibre.awaiting!, fibres) };
}

function nameOf(code: FunctionCode): string {
  return code.name === "" ? "<anonymous>" : code.name;
}

function show(variables: Record<string, JsonValue>, name: string, held: Value | Box): void {
  const value = held instanceof Box ? held.value : held;
  if (value !== UNSET) variables[name] = readable(value, 0);
}

/** Operations by id, activations as `function:line`. */
function waitsFor(vm: FlowMachine, awaited: FlowPromise, fibres: readonly Fibre[]): string[] {
  if (awaited.id !== undefined) return [awaited.id];
  const found: string[] = [];
  for (const [id, promise] of vm.pending) if (leadsTo(promise, awaited, 0)) found.push(id);
  for (const other of fibres) {
    if (other.promise !== awaited && !leadsTo(other.promise, awaited, 0)) continue;
    const code = vm.functions[other.fn.index]!;
    const { line } = placeOf(vm.program.program.source, offsetAt(code, other.pc));
    found.push(`${nameOf(code)}:${line}`);
  }
  return found;
}

function leadsTo(promise: FlowPromise, target: FlowPromise, depth: number): boolean {
  return depth < MAX_DEPTH && (promise.reactions ?? []).some((reaction) => {
    if (!isLive(reaction)) return false;
    const next = settledBy(reaction);
    return next !== undefined && (next === target || leadsTo(next, target, depth + 1));
  });
}

/** A value as JSON that a person can read. */
function readable(value: Value, depth: number): JsonValue {
  if (value === undefined) return "undefined";
  if (typeof value === "number" && !Number.isFinite(value)) return String(value);
  if (!isObject(value)) return value;
  if (isCallable(value)) return "[function]";
  if (value instanceof Date) return Number.isNaN(value.getTime()) ? "Invalid Date" : value.toISOString();
  if (value instanceof FlowPromise) return `[promise: ${value.state}]`;
  if (value instanceof FlowRegExp) return `/${value.source}/${value.flags}`;
  if (value instanceof FlowError) {
    return `${String(errorMember(value, "name"))}: ${String(errorMember(value, "message"))}`;
  }
  if (depth >= MAX_DEPTH) return "…";
  if (Array.isArray(value)) return value.slice(0, MAX_ITEMS).map((item) => readable(item, depth + 1));
  if (value instanceof Map) {
    return [...value].slice(0, MAX_ITEMS).map((pair) => pair.map((item) => readable(item, depth + 1)));
  }
  if (value instanceof Set) return [...value].slice(0, MAX_ITEMS).map((item) => readable(item, depth + 1));
  if (!(value instanceof PlainObject)) return "[iterator]";
  const shown = new PlainObject() as Record<string, JsonValue>;
  for (const key of Object.keys(value).slice(0, MAX_ITEMS)) shown[key] = readable(value[key], depth + 1);
  return shown;
}

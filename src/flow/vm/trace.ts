/**
 * Where an error was made or awaited, and how that is told: one form in a flow (`error.stack`), and in what is stored.
 *
 * A trace is a list of pairs, innermost first. A call is its function and its instruction. An activation that awaits is its function
 * and `~` its instruction. A combinator is `~` its kind and the place of its element.
 *
 * @module
 */

import { fitStack, STACK_LIMIT } from "../../shared/stack.ts";
import { COMBINATORS } from "./combinator.ts";
import { errorText } from "./convert.ts";
import { offsetAt, placeOf } from "./loaded.ts";
import type { FlowMachine } from "./machine.ts";
import { type FlowPromise, isLive, type Reaction, settledBy } from "./promise.ts";
import { FlowError, type Value } from "./value.ts";

const MAX_LENGTH = 20;
/** A chain of promises without an `await` tells nothing more. */
const MAX_PROMISES = 100;
/** More of those that wait for one promise tell nothing more, either. */
const MAX_REACTIONS = 16;
const MAX_CAUSES = 4;
const MAX_DEPTH = 5;

const COMBINATOR_NAMES = ["all", "allSettled", "any", "race", "any_kv", "race_kv"];

/** Where the machine stands, and who awaits that. */
export function traceOf(vm: FlowMachine): number[] {
  const trace: number[] = [];
  for (let depth = vm.depth - 1; depth >= 0 && trace.length < MAX_LENGTH; depth--) {
    const frame = vm.frames[depth]!;
    trace.push(frame.fn.index, frame.pc);
  }
  const outermost = vm.depth > 0 ? vm.frames[0]!.fibre?.promise : undefined;
  follow(trace, outermost?.reactions === undefined ? vm.reacting : outermost);
  return trace;
}

/** An error from outside is placed where it is awaited first. */
export function placeError(error: FlowError, reaction: Reaction): void {
  if (firstCall(error.trace) >= 0) return;
  error.trace = [];
  followReaction(error.trace, reaction);
}

function follow(trace: number[], awaited: FlowPromise | undefined): void {
  let promise = awaited;
  for (let count = 0; promise !== undefined && count < MAX_PROMISES; count++) {
    const live = promise.reactions?.slice(0, MAX_REACTIONS).filter(isLive) ?? [];
    const reaction = live.find(({ kind }) => kind === "await") ?? live[0];
    if (reaction === undefined || trace.length >= MAX_LENGTH) return;
    promise = pushReaction(trace, reaction);
  }
}

function followReaction(trace: number[], reaction: Reaction): void {
  follow(trace, pushReaction(trace, reaction));
}

function pushReaction(trace: number[], reaction: Reaction): FlowPromise | undefined {
  if (reaction.kind === "await") {
    const { fn, pc, promise } = reaction.fibre;
    trace.push(fn.index, ~pc);
    return promise;
  }
  if (reaction.kind === "element") trace.push(~COMBINATORS.indexOf(reaction.combinator.kind), reaction.index);
  return settledBy(reaction);
}

function firstCall(trace: readonly number[]): number {
  for (let index = 0; index < trace.length; index += 2) if (trace[index]! >= 0) return index;
  return -1;
}

/** The line and column where a trace begins; nothing: nobody awaited. */
export function placeOfTrace(
  vm: FlowMachine,
  trace: readonly number[],
): { line: number; column: number } | undefined {
  const index = firstCall(trace);
  return index < 0 ? undefined : place(vm, trace[index]!, trace[index + 1]!);
}

function place(vm: FlowMachine, fn: number, at: number): { line: number; column: number } {
  const offset = offsetAt(vm.functions[fn]!, at < 0 ? ~at : at);
  return placeOf(vm.program.program, offset);
}

/** A trace as the lines of a stack: `    at async pay (onboard.flow:12:3)`. */
export function traceLines(vm: FlowMachine, trace: readonly number[]): string {
  let lines = "";
  for (let index = 0; index < trace.length; index += 2) {
    const [fn, at] = [trace[index]!, trace[index + 1]!];
    lines += `\n    at ${fn < 0 || at < 0 ? "async " : ""}`;
    if (fn < 0) lines += `Promise.${COMBINATOR_NAMES[~fn]} (index ${at})`;
    else {
      const { line, column } = place(vm, fn, at);
      lines += `${vm.functions[fn]!.name || "<anonymous>"} (${vm.program.program.name}:${line}:${column})`;
    }
  }
  return lines;
}

/** The `stack` of an error: its own, and that of what caused it. */
export function renderStack(vm: FlowMachine, error: FlowError): string {
  return fitStack(stackWithCauses(vm, error, 0), STACK_LIMIT);
}

function stackWithCauses(vm: FlowMachine, error: FlowError, depth: number): string {
  const name = errorText(error, "name");
  const message = errorText(error, "message");
  vm.charge(16 * error.trace.length + (message.length >>> 4));
  const head = message === "" ? name : name === "" ? message : `${name}: ${message}`;
  const text = head + traceLines(vm, error.trace);
  if (error.origin !== undefined) return `${text}\nCaused by: ${error.origin}`;
  if (depth >= MAX_DEPTH) return text;
  const causes = causesOf(error).map((cause) => `\nCaused by: ${stackWithCauses(vm, cause, depth + 1)}`);
  return text + causes.join("");
}

function causesOf({ hidden }: FlowError): FlowError[] {
  const all: Value[] = [hidden.cause, ...(Array.isArray(hidden.errors) ? hidden.errors : [])];
  return all.filter((one) => one instanceof FlowError).slice(0, MAX_CAUSES);
}

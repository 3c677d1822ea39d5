import type { FunctionCode } from "../compile/program.ts";
import { errorMember } from "./convert.ts";
import { offsetAt, placeOf } from "./loaded.ts";
import type { FlowMachine } from "./machine.ts";
import { BoundNative, type FlowError, FlowFunction, NativeFunction, type Value } from "./value.ts";

const MAX_TRACE = 10;

/** Where the machine stands: function and pc, innermost first. */
export function traceOf(vm: FlowMachine): number[] {
  const trace: number[] = [];
  for (let depth = vm.depth - 1; depth >= 0 && trace.length < 2 * MAX_TRACE; depth--) {
    const frame = vm.frames[depth]!;
    trace.push(frame.fn.index, frame.pc);
  }
  return trace;
}

/** A trace as lines: `fn (onboard.flow:12:3)`. */
export function traceLines(vm: FlowMachine, trace: readonly number[]): string[] {
  const lines: string[] = [];
  const { name, source } = vm.program.program;
  for (let index = 0; index < trace.length; index += 2) {
    const code = vm.functions[trace[index]!]!;
    const { line, column } = placeOf(source, offsetAt(code, trace[index + 1]!));
    lines.push(`${code.name === "" ? "<anonymous>" : code.name} (${name}:${line}:${column})`);
  }
  return lines;
}

/** The `stack` of an error. */
export function renderStack(vm: FlowMachine, error: FlowError): string {
  const name = String(errorMember(error, "name") ?? "Error");
  const message = String(errorMember(error, "message") ?? "");
  const head = message === "" ? name : name === "" ? message : `${name}: ${message}`;
  return [head, ...traceLines(vm, error.trace).map((line) => `    at ${line}`)].join("\n");
}

/** How the callee of the current call is shown. */
export function describeCallee(vm: FlowMachine, fn: Value): string {
  const { frame } = vm;
  if (vm.depth > 0) {
    const shown = calleeAt(frame.code, frame.pc);
    if (shown >= 0) return String(vm.constants[shown]);
  }
  return vm.show(fn);
}

function calleeAt(code: FunctionCode, pc: number): number {
  const { callees } = code;
  for (let index = 0; index < callees.length; index += 2) {
    if (callees[index] === pc) return callees[index + 1]!;
  }
  return -1;
}

/** `fn.name` */
export function functionName(vm: FlowMachine, fn: Value): string {
  if (fn instanceof FlowFunction) return fn.name ?? vm.functions[fn.index]!.name;
  if (fn instanceof NativeFunction) return fn.name;
  return fn instanceof BoundNative ? fn.target.name : "";
}

/** `fn.length` */
export function functionLength(vm: FlowMachine, fn: Value): number {
  if (fn instanceof FlowFunction) return vm.functions[fn.index]!.length;
  if (fn instanceof NativeFunction) return fn.length;
  return fn instanceof BoundNative ? fn.target.length : 0;
}

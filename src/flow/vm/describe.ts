import type { FunctionCode } from "../compile/program.ts";
import type { FlowMachine } from "./machine.ts";
import { BoundNative, FlowFunction, NativeFunction, type Value } from "./value.ts";

/** How the callee of the current call is shown. */
export function describeCallee(vm: FlowMachine, fn: Value): string {
  const { frame } = vm;
  if (vm.depth > 0) {
    vm.charge(frame.code.callees.length >>> 4);
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

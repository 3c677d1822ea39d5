import type { JsonValue } from "../../shared/json.ts";
import type { ErrorJson, FlowFailure } from "../types.ts";
import { errorMember } from "../vm/convert.ts";
import { traceLines } from "../vm/describe.ts";
import { offsetAt, placeOf } from "../vm/loaded.ts";
import type { FlowMachine } from "../vm/machine.ts";
import type { LimitExceeded } from "../vm/throw.ts";
import type { FlowPromise } from "../vm/promise.ts";
import { FlowError, PlainObject, type Value } from "../vm/value.ts";
import { fromJsonValue } from "./boundary.ts";

/** The error that a flow sees for a failed operation. */
export function errorFromJson(json: ErrorJson, operation: FlowPromise): FlowError {
  const kind = json.type === "TimeoutError" ? "TimeoutError" : "Error";
  const error = new FlowError(kind, json.message);
  const { props } = error;
  if (json.type !== undefined) {
    if (json.type !== kind) error.hidden.name = json.type;
    props.type = json.type;
  }
  for (const key of ["code", "data", "executionId", "target", "attempt"] as const) {
    if (json[key] !== undefined) props[key] = fromJsonValue(json[key]);
  }
  // The operation of a task or child is its execution.
  if (operation.target !== undefined) {
    props.executionId ??= operation.id;
    props.target ??= operation.target;
  }
  return error;
}

/** How a thrown value ends the execution. */
export function failureOf(vm: FlowMachine, thrown: Value): FlowFailure {
  if (!(thrown instanceof FlowError)) {
    const own = thrown instanceof PlainObject ? thrown.message : thrown;
    const message = typeof own === "string" ? own : vm.library.format(vm, [thrown]);
    const data = jsonOrNothing(vm, thrown);
    const at = { line: 1, column: 1 };
    return { type: "ThrownValue", message, ...(data !== undefined && { data }), at, stack: [] };
  }
  const { trace } = thrown;
  const code = errorMember(thrown, "code");
  const data = jsonOrNothing(vm, errorMember(thrown, "data"));
  const at = trace.length > 0
    ? placeOf(vm.program.program.source, offsetAt(vm.functions[trace[0]!]!, trace[1]!))
    : { line: 1, column: 1 };
  return {
    type: String(errorMember(thrown, "name") ?? "Error"),
    message: String(errorMember(thrown, "message") ?? ""),
    ...(code !== undefined && { code: String(code) }),
    ...(data !== undefined && { data }),
    at,
    stack: traceLines(vm, trace),
  };
}

function jsonOrNothing(vm: FlowMachine, value: Value): JsonValue | undefined {
  if (value === undefined) return undefined;
  try {
    const text = vm.library.stringify(vm, value);
    return text === undefined ? undefined : JSON.parse(text);
  } catch {
    // The failure itself matters more than data that JSON cannot carry.
    return undefined;
  }
}

/** How a limit ends the execution. */
export function failureOfLimit(vm: FlowMachine, limit: LimitExceeded): FlowFailure {
  const frame = vm.depth > 0 ? vm.frame : undefined;
  const at = frame
    ? placeOf(vm.program.program.source, offsetAt(frame.code, frame.pc))
    : { line: 1, column: 1 };
  return { type: "LimitError", message: limit.message, code: limit.code, at, stack: [] };
}

import type { JsonValue } from "../../shared/json.ts";
import type { ErrorJson, FlowFailure } from "../types.ts";
import { errorMember } from "../vm/convert.ts";
import { traceLines, traceOf } from "../vm/describe.ts";
import type { Fibre } from "../vm/fibre.ts";
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
  if (!(thrown instanceof FlowError)) return failureOfValue(vm, thrown);
  const code = errorMember(thrown, "code");
  const data = jsonOrNothing(vm, errorMember(thrown, "data"));
  return {
    type: String(errorMember(thrown, "name") ?? "Error"),
    message: String(errorMember(thrown, "message") ?? ""),
    ...(code !== undefined && { code: String(code) }),
    ...(data !== undefined && { data }),
    ...placed(vm, thrown.trace),
  };
}

/** How a thrown value that is no error ends the execution. */
function failureOfValue(vm: FlowMachine, thrown: Value): FlowFailure {
  const own = thrown instanceof PlainObject ? thrown.message : thrown;
  const message = typeof own === "string" ? own : vm.library.format(vm, [thrown]);
  const data = jsonOrNothing(vm, thrown);
  const trace = vm.thrown !== undefined && Object.is(vm.thrown.value, thrown) ? vm.thrown.trace : [];
  return { type: "ThrownValue", message, ...(data !== undefined && { data }), ...placed(vm, trace) };
}

/** Where a trace begins, and the calls that led there. */
function placed(vm: FlowMachine, trace: readonly number[]): Pick<FlowFailure, "at" | "stack"> {
  const [index, pc] = trace;
  const offset = index === undefined ? 0 : offsetAt(vm.functions[index]!, pc!);
  return { at: placeOf(vm.program.program.source, offset), stack: traceLines(vm, trace) };
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
  return { type: "LimitError", message: limit.message, code: limit.code, ...placed(vm, traceOf(vm)) };
}

/** How an execution ends that nothing can wake: it stands where its body waits. */
export function failureOfStuck(vm: FlowMachine, main: Fibre): FlowFailure {
  const message = "This flow waits for something that can never happen";
  return { type: "StuckError", message, code: "FLOW_STUCK", ...placed(vm, [main.fn.index, main.pc]) };
}

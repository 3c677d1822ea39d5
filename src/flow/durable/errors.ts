import type { JsonValue } from "../../shared/json.ts";
import { fitStack, originOf, STACK_LIMIT } from "../../shared/stack.ts";
import type { ErrorJson, FlowFailure } from "../types.ts";
import { errorMember } from "../vm/convert.ts";
import type { Fibre } from "../vm/fibre.ts";
import type { FlowMachine } from "../vm/machine.ts";
import type { LimitExceeded } from "../vm/throw.ts";
import type { FlowPromise } from "../vm/promise.ts";
import { placeOfTrace, renderStack, traceLines, traceOf } from "../vm/trace.ts";
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
  error.origin = originOf(json);
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
    ...(thrown.origin !== undefined && failedIn(thrown)),
    ...atOf(vm, thrown.trace),
    stack: renderStack(vm, thrown),
  };
}

function failedIn({ props }: FlowError): Pick<FlowFailure, "executionId" | "target"> {
  return { executionId: String(props.executionId), target: String(props.target) };
}

/** How a thrown value that is no error ends the execution. */
function failureOfValue(vm: FlowMachine, thrown: Value): FlowFailure {
  const own = thrown instanceof PlainObject ? thrown.message : thrown;
  const message = typeof own === "string" ? own : vm.library.format(vm, [thrown]);
  const data = jsonOrNothing(vm, thrown);
  const trace = vm.thrown !== undefined && Object.is(vm.thrown.value, thrown) ? vm.thrown.trace : [];
  return placed(vm, { type: "ThrownValue", message, ...(data !== undefined && { data }) }, trace);
}

/** A failure that is no error of the flow, with its place and stack. */
function placed(vm: FlowMachine, failure: Omit<FlowFailure, "stack">, trace: readonly number[]): FlowFailure {
  const stack = `${failure.type}: ${failure.message}${traceLines(vm, trace)}`;
  return { ...failure, ...atOf(vm, trace), stack: fitStack(stack, STACK_LIMIT) };
}

function atOf(vm: FlowMachine, trace: readonly number[]): Pick<FlowFailure, "at"> {
  const at = placeOfTrace(vm, trace);
  return at === undefined ? {} : { at };
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
  return placed(vm, { type: "LimitError", message: limit.message, code: limit.code }, traceOf(vm));
}

/** The error of an execution that nothing can wake. Its place is where its body waits. */
export function failureOfStuck(vm: FlowMachine, main: Fibre): FlowFailure {
  const message = "This flow waits for something that can never happen";
  return placed(vm, { type: "StuckError", message, code: "FLOW_STUCK" }, [main.fn.index, ~main.pc]);
}

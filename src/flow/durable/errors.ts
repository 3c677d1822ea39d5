import type { JsonValue } from "../../shared/json.ts";
import { fitStack, originOf, STACK_LIMIT } from "../../shared/stack.ts";
import type { ErrorJson, FlowFailure } from "../types.ts";
import { errorMember, errorText } from "../vm/convert.ts";
import type { Fibre } from "../vm/fibre.ts";
import type { FlowMachine } from "../vm/machine.ts";
import type { LimitExceeded } from "../vm/throw.ts";
import type { FlowPromise } from "../vm/promise.ts";
import { placeOfTrace, renderStack, traceLines, traceOf } from "../vm/trace.ts";
import { isObject } from "../vm/tag.ts";
import { FlowError, PlainObject, type Value } from "../vm/value.ts";
import { fromJson } from "../builtins/json.ts";
import { fitted } from "./fitted.ts";

/** Characters of the name and the code of an error that is stored, and of its message. */
const MAX_NAME = 200;
const MAX_MESSAGE = 16_384;

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
    if (json[key] !== undefined) props[key] = fromJson(json[key]);
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
    type: fitted(errorText(thrown, "name"), MAX_NAME),
    message: fitted(errorText(thrown, "message"), MAX_MESSAGE),
    ...(code !== undefined && { code: isObject(code) ? "[object]" : fitted(String(code), MAX_NAME) }),
    ...(data !== undefined && { data }),
    ...(thrown.origin !== undefined && failedIn(thrown)),
    ...atOf(vm, thrown.trace),
    stack: renderStack(vm, thrown),
  };
}

function failedIn({ props }: FlowError): Pick<FlowFailure, "executionId" | "target"> {
  const [executionId, target] = [props.executionId, props.target].map((one) =>
    isObject(one) ? "" : String(one)
  );
  return { executionId: fitted(executionId!, MAX_NAME), target: fitted(target!, MAX_NAME) };
}

/** How a thrown value that is no error ends the execution. */
function failureOfValue(vm: FlowMachine, thrown: Value): FlowFailure {
  const own = thrown instanceof PlainObject ? thrown.message : thrown;
  const message = fitted(typeof own === "string" ? own : vm.library.format(vm, [thrown]), MAX_MESSAGE);
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

/** The error of an execution that waits although it wants to start over. Its place is where its body waits. */
export function failureOfContinued(vm: FlowMachine, main: Fibre): FlowFailure {
  const message = "This flow called Workflow.continueAs and then waited: it must return right after the call";
  return placed(vm, { type: "ContinueError", message, code: "FLOW_CONTINUED" }, [main.fn.index, ~main.pc]);
}

/** The error of an execution that nothing can wake. Its place is where its body waits. */
export function failureOfStuck(vm: FlowMachine, main: Fibre): FlowFailure {
  const message = "This flow waits for something that can never happen";
  return placed(vm, { type: "StuckError", message, code: "FLOW_STUCK" }, [main.fn.index, ~main.pc]);
}

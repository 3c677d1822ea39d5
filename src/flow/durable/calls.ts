import { fromJson } from "../builtins/json.ts";
import type { ErrorJson } from "../types.ts";
import type { FlowMachine } from "../vm/machine.ts";
import { BoundNative, NativeFunction, PlainObject, type Value } from "../vm/value.ts";
import type { JsonValue } from "../../shared/json.ts";
import { toJsonValue } from "./boundary.ts";
import { failureOf } from "./errors.ts";

/**
 * A question, as a flow gets it from `Signal.next()`: `payload`, `reply` and `reject`. The first call of the two counts. Both
 * share one object with the wait that took the question.
 */
export function callOf(wait: string, payload: JsonValue): PlainObject {
  const state = new PlainObject();
  state.called = false;
  state.wait = wait;
  const call = new PlainObject();
  call.payload = fromJson(payload);
  call.reply = new BoundNative(replyFunction, [state]);
  call.reject = new BoundNative(rejectFunction, [state]);
  return call;
}

/** `reply` of a question. */
export const replyFunction = new NativeFunction({
  id: "Signal/reply",
  name: "reply",
  length: 1,
  call: (machine, _self, [state, value]) => {
    const vm = machine as FlowMachine;
    const { called, wait } = state as PlainObject;
    if (called) return undefined;
    const json = value === undefined ? null : toJsonValue(vm, value, "the answer");
    vm.outbox.add({ type: "answer", wait: wait as string, value: json });
    (state as PlainObject).called = true;
    return undefined;
  },
});

/** `reject` of a question. */
export const rejectFunction = new NativeFunction({
  id: "Signal/reject",
  name: "reject",
  length: 1,
  call: (machine, _self, [state, reason]) => {
    const vm = machine as FlowMachine;
    const { called, wait } = state as PlainObject;
    if (called) return undefined;
    const error = errorOf(vm, reason);
    vm.outbox.count(JSON.stringify(error).length);
    vm.outbox.add({ type: "answer", wait: wait as string, error });
    (state as PlainObject).called = true;
    return undefined;
  },
});

function errorOf(vm: FlowMachine, reason: Value): ErrorJson {
  const { type, message, code, data } = failureOf(vm, reason);
  return {
    type: type === "ThrownValue" ? "Error" : type,
    message: reason === undefined ? "No reason was given" : message,
    ...(code !== undefined && { code }),
    ...(data !== undefined && typeof reason === "object" && { data }),
  };
}

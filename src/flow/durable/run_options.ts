import type { JsonObject } from "../../shared/json.ts";
import type { FlowRetryOptions, RunOptions } from "../types.ts";
import type { FlowMachine } from "../vm/machine.ts";
import { PlainObject, type Value } from "../vm/value.ts";
import {
  durationArgument,
  momentArgument,
  nameArgument,
  numberArgument,
  optionsArgument,
  refuse,
  shown,
  textArgument,
} from "./arguments.ts";
import { toJsonValue } from "./boundary.ts";

const KEYS = [
  "queue",
  "priority",
  "delay",
  "runAt",
  "timeout",
  "retry",
  "idempotencyKey",
  "idempotencyTtl",
  "concurrencyKey",
  "metadata",
] as const;
const RETRY_KEYS = ["maxAttempts", "backoff", "initial", "max", "factor", "jitter"] as const;
const BACKOFFS = ["exponential", "linear", "fixed"] as const;

/** The options of `Task.run` and `Workflow.run`, checked; undefined where there are none. */
export function runOptions(vm: FlowMachine, value: Value, call: string): RunOptions | undefined {
  const given = optionsArgument(vm, value, { what: `The options of ${call}`, keys: KEYS });
  const options: RunOptions = {};
  const duration = (what: string, value: Value): number | string => {
    durationArgument(vm, value, `The option ${what} of ${call}`);
    return value as number | string;
  };
  for (const key of KEYS) {
    const value = given[key];
    const what = `The option ${key} of ${call}`;
    if (value === undefined) continue;
    if (key === "queue") options.queue = nameArgument(vm, value, what);
    else if (key === "priority") {
      options.priority = numberArgument(vm, value, { what, from: -32768, to: 32767, whole: true });
    } else if (key === "delay") options.delay = duration(key, value);
    else if (key === "timeout" || key === "idempotencyTtl") {
      options[key] = duration(key, value);
      if (durationArgument(vm, value, what) === 0) refuse(vm, `${what} must be above zero`);
    } else if (key === "runAt") options.runAt = momentArgument(vm, value, what).toISOString();
    else if (key === "retry") options.retry = retryOptions(vm, value, { call, duration });
    else if (key === "metadata") options.metadata = metadata(vm, value, what);
    else options[key] = textArgument(vm, value, what);
  }
  if (options.delay !== undefined && options.runAt !== undefined) {
    refuse(vm, `The options delay and runAt of ${call} exclude each other`);
  }
  if (options.idempotencyTtl !== undefined && options.idempotencyKey === undefined) {
    refuse(vm, `The option idempotencyTtl of ${call} needs an idempotencyKey`);
  }
  return Object.keys(options).length === 0 ? undefined : options;
}

function retryOptions(
  vm: FlowMachine,
  value: Value,
  about: { call: string; duration: (what: string, value: Value) => number | string },
): FlowRetryOptions {
  const { call, duration } = about;
  const given = optionsArgument(vm, value, { what: `The option retry of ${call}`, keys: RETRY_KEYS });
  const retry: FlowRetryOptions = {};
  for (const key of RETRY_KEYS) {
    const value = given[key];
    const what = `The option retry.${key} of ${call}`;
    if (value === undefined) continue;
    if (key === "backoff") {
      const backoff = BACKOFFS.find((one) => one === value);
      retry.backoff = backoff ??
        refuse(vm, `${what} must be ${BACKOFFS.join(", ")}, not ${shown(vm, value)}`);
    } else if (key === "initial" || key === "max") retry[key] = duration(`retry.${key}`, value);
    else if (key === "maxAttempts") {
      retry.maxAttempts = numberArgument(vm, value, { what, from: 1, to: 9999, whole: true });
    } else if (key === "factor") retry.factor = numberArgument(vm, value, { what, from: 1, to: 100 });
    else retry.jitter = numberArgument(vm, value, { what, from: 0, to: 1 });
  }
  return retry;
}

function metadata(vm: FlowMachine, value: Value, what: string): JsonObject {
  if (!(value instanceof PlainObject)) refuse(vm, `${what} must be an object, not ${shown(vm, value)}`);
  return toJsonValue(vm, value, what) as JsonObject;
}

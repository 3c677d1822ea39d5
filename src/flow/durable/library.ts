/**
 * `Task`, `Workflow`, `Timer`, `Signal` and `console`: what a flow asks of the outside.
 *
 * @module
 */

import type { Machine } from "../builtins/builtin.ts";
import { DurationError, durationMs } from "../../shared/duration.ts";
import type { JsonObject } from "../../shared/json.ts";
import type { Effect, RunOptions } from "../types.ts";
import { offsetAt, placeOf } from "../vm/loaded.ts";
import type { FlowMachine } from "../vm/machine.ts";
import { FlowPromise } from "../vm/promise.ts";
import { LimitExceeded } from "../vm/throw.ts";
import { Namespace, NativeFunction, PlainObject, type Value } from "../vm/value.ts";
import { toJsonValue } from "./boundary.ts";

const BAD_ARGUMENT = { code: "FLOW_ARGUMENT" };
const OPTIONS = new Set([
  ...[
    "queue",
    "priority",
    "delay",
    "runAt",
    "timeout",
    "retry",
    "idempotencyKey",
    "concurrencyKey",
    "metadata",
  ],
]);

function start(vm: FlowMachine, effect: Effect & { id: string }): FlowPromise {
  if (vm.pending.size >= vm.limits.pendingPromises) {
    throw new LimitExceeded(
      "FLOW_PENDING_PROMISES",
      `This flow has ${vm.limits.pendingPromises} operations under way and may not start more`,
    );
  }
  const promise = new FlowPromise();
  promise.id = effect.id;
  if ("target" in effect) promise.target = effect.target;
  vm.pending.set(effect.id, promise);
  vm.outbox.push(effect);
  return promise;
}

function nameArgument(vm: FlowMachine, value: Value, what: string): string {
  if (typeof value === "string" && value !== "") return value;
  return vm.fail(
    "TypeError",
    `${what} must be text that is not empty, not ${vm.library.format(vm, [value])}`,
    BAD_ARGUMENT,
  );
}

function milliseconds(vm: FlowMachine, value: Value): number {
  try {
    return durationMs(value as string | number);
  } catch (error) {
    if (error instanceof DurationError) return vm.fail("TypeError", error.message, BAD_ARGUMENT);
    throw error;
  }
}

function after(vm: FlowMachine, ms: number): string {
  return new Date(vm.now() + Math.ceil(ms)).toISOString();
}

function runOptions(vm: FlowMachine, value: Value, call: string): RunOptions | undefined {
  if (value === undefined || value === null) return undefined;
  if (!(value instanceof PlainObject)) {
    return vm.fail(
      "TypeError",
      `The options of ${call} must be an object, not ${vm.library.format(vm, [value])}`,
      BAD_ARGUMENT,
    );
  }
  for (const key of Object.keys(value)) {
    if (!OPTIONS.has(key)) {
      vm.fail(
        "TypeError",
        `${call} has no option "${key}": expected ${[...OPTIONS].join(", ")}`,
        BAD_ARGUMENT,
      );
    }
  }
  const options = toJsonValue(vm, value, `the options of ${call}`) as JsonObject;
  if (options.delay !== undefined) milliseconds(vm, value.delay);
  if (options.timeout !== undefined) milliseconds(vm, value.timeout);
  return options as RunOptions;
}

function runner(space: "Task" | "Workflow"): NativeFunction {
  const type = space === "Task" ? "run_task" : "run_workflow";
  return new NativeFunction({
    id: `${space}.run`,
    length: 3,
    call: (machine, _self, [name, inputs, given]) => {
      const vm = machine as FlowMachine;
      const target = nameArgument(vm, name, `The name given to ${space}.run`);
      const json = inputs === undefined ? {} : toJsonValue(vm, inputs, `inputs of ${target}`);
      const options = runOptions(vm, given, `${space}.run`);
      const id = vm.newId();
      return start(vm, { type, id, target, inputs: json, ...(options && { options }) });
    },
  });
}

const delay = new NativeFunction({
  id: "Timer.delay",
  length: 1,
  call: (machine, _self, [duration]) => {
    const vm = machine as FlowMachine;
    const at = after(vm, milliseconds(vm, duration));
    return start(vm, { type: "start_timer", id: vm.newId(), at });
  },
});

const until = new NativeFunction({
  id: "Timer.until",
  length: 1,
  call: (machine, _self, [when]) => {
    const vm = machine as FlowMachine;
    const time = when instanceof Date
      ? when.getTime()
      : typeof when === "number"
      ? when
      : Date.parse(String(when));
    if (!Number.isFinite(time) || Math.abs(time) > 8.64e15) {
      return vm.fail(
        "TypeError",
        `Timer.until takes a date, not ${vm.library.format(vm, [when])}`,
        BAD_ARGUMENT,
      );
    }
    return start(vm, { type: "start_timer", id: vm.newId(), at: new Date(time).toISOString() });
  },
});

function next(name: "next" | "when"): NativeFunction {
  return new NativeFunction({
    id: `Signal.${name}`,
    length: 2,
    call: (machine, _self, [signal, options]) => {
      const vm = machine as FlowMachine;
      const text = nameArgument(vm, signal, `The name given to Signal.${name}`);
      const timeout = options instanceof PlainObject ? options.timeout : undefined;
      const limit = timeout === undefined ? undefined : after(vm, milliseconds(vm, timeout));
      const id = vm.newId();
      return start(vm, { type: "await_signal", id, name: text, ...(limit && { timeoutAt: limit }) });
    },
  });
}

const send = new NativeFunction({
  id: "Signal.send",
  length: 3,
  call: (machine, _self, [execution, signal, payload]) => {
    const vm = machine as FlowMachine;
    const executionId = nameArgument(vm, execution, "The execution given to Signal.send");
    const name = nameArgument(vm, signal, "The name given to Signal.send");
    const json = payload === undefined ? null : toJsonValue(vm, payload, `the payload of ${name}`);
    vm.outbox.push({ type: "send_signal", executionId, name, payload: json } satisfies Effect);
    return undefined;
  },
});

function logger(level: string): [string, NativeFunction] {
  const call = (machine: Machine, _self: Value, args: Value[]): Value => {
    const vm = machine as FlowMachine;
    const message = vm.library.format(vm, args);
    const { frame } = vm;
    const at = placeOf(vm.program.program.source, offsetAt(frame.code, frame.pc));
    vm.outbox.push({ type: "log", level, message, at } satisfies Effect);
    return undefined;
  };
  return [level, new NativeFunction({ id: `console.${level}`, length: 0, call })];
}

/** The names of the durable API. */
export const durableGlobals: ReadonlyMap<string, Value> = new Map<string, Value>([
  ["Task", new Namespace("Task", new Map([["run", runner("Task")]]))],
  ["Workflow", new Namespace("Workflow", new Map([["run", runner("Workflow")]]))],
  ["Timer", new Namespace("Timer", new Map([["delay", delay], ["until", until]]))],
  [
    "Signal",
    new Namespace("Signal", new Map([["next", next("next")], ["when", next("when")], ["send", send]])),
  ],
  ["console", new Namespace("console", new Map(["log", "info", "warn", "error", "debug"].map(logger)))],
]);

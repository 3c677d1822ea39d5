/**
 * `Task`, `Workflow`, `Timer`, `Signal` and `console`: what a flow asks of the outside.
 *
 * @module
 */

import type { Machine } from "../builtins/builtin.ts";
import type { Effect } from "../types.ts";
import { offsetAt, placeOf } from "../vm/loaded.ts";
import type { FlowMachine } from "../vm/machine.ts";
import { FlowPromise } from "../vm/promise.ts";
import { LimitExceeded } from "../vm/throw.ts";
import { Namespace, NativeFunction, type Value } from "../vm/value.ts";
import {
  durationArgument,
  momentArgument,
  nameArgument,
  optionsArgument,
  textArgument,
} from "./arguments.ts";
import { toJsonValue } from "./boundary.ts";
import { fitted } from "./fitted.ts";
import { runOptions } from "./run_options.ts";

function start(vm: FlowMachine, effect: Extract<Effect, { id: string }>): FlowPromise {
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
  vm.outbox.add(effect);
  return promise;
}

function after(vm: FlowMachine, ms: number): string {
  return new Date(vm.now() + Math.ceil(ms)).toISOString();
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

const continueAs = new NativeFunction({
  id: "Workflow.continueAs",
  length: 1,
  call: (machine, _self, [inputs]) => {
    const vm = machine as FlowMachine;
    vm.continued = {
      inputs: inputs === undefined ? {} : toJsonValue(vm, inputs, "inputs of the next round"),
    };
    return undefined;
  },
});

const delay = new NativeFunction({
  id: "Timer.delay",
  length: 1,
  call: (machine, _self, [duration]) => {
    const vm = machine as FlowMachine;
    const at = after(vm, durationArgument(vm, duration, "The duration given to Timer.delay"));
    return start(vm, { type: "start_timer", id: vm.newId(), at });
  },
});

const until = new NativeFunction({
  id: "Timer.until",
  length: 1,
  call: (machine, _self, [when]) => {
    const vm = machine as FlowMachine;
    const at = momentArgument(vm, when, "Timer.until").toISOString();
    return start(vm, { type: "start_timer", id: vm.newId(), at });
  },
});

function next(name: "next" | "when"): NativeFunction {
  return new NativeFunction({
    id: `Signal.${name}`,
    length: 2,
    call: (machine, _self, [signal, options]) => {
      const vm = machine as FlowMachine;
      const text = nameArgument(vm, signal, `The name given to Signal.${name}`);
      const { timeout } = optionsArgument(vm, options, {
        what: `The options of Signal.${name}`,
        keys: ["timeout"],
      });
      const limit = timeout === undefined
        ? undefined
        : after(vm, durationArgument(vm, timeout, `The option timeout of Signal.${name}`));
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
    const executionId = textArgument(vm, execution, "The execution given to Signal.send");
    const name = nameArgument(vm, signal, "The name given to Signal.send");
    const json = payload === undefined ? null : toJsonValue(vm, payload, `the payload of ${name}`);
    vm.outbox.add({ type: "send_signal", executionId, name, payload: json });
    return undefined;
  },
});

function logger(level: string): [string, NativeFunction] {
  const call = (machine: Machine, _self: Value, args: Value[]): Value => {
    const vm = machine as FlowMachine;
    const message = fitted(vm.library.format(vm, args), vm.limits.messageSize);
    // As the callback of a promise it has no frame below it: then the line has the place of the flow's beginning.
    const offset = vm.depth > 0 ? offsetAt(vm.frame.code, vm.frame.pc) : vm.functions[0]!.span[0];
    const at = placeOf(vm.program.program, offset);
    vm.outbox.log({ type: "log", level, message, at });
    return undefined;
  };
  return [level, new NativeFunction({ id: `console.${level}`, length: 0, call })];
}

/** The names of the durable API. */
export const durableGlobals: ReadonlyMap<string, Value> = new Map<string, Value>([
  ["Task", new Namespace("Task", new Map([["run", runner("Task")]]))],
  [
    "Workflow",
    new Namespace("Workflow", new Map([["run", runner("Workflow")], ["continueAs", continueAs]])),
  ],
  ["Timer", new Namespace("Timer", new Map([["delay", delay], ["until", until]]))],
  [
    "Signal",
    new Namespace("Signal", new Map([["next", next("next")], ["when", next("when")], ["send", send]])),
  ],
  ["console", new Namespace("console", new Map(["log", "info", "warn", "error", "debug"].map(logger)))],
]);

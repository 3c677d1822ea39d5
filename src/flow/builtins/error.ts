import { type ErrorKind, FlowError, NativeFunction, type Value } from "../vm/value.ts";
import type { Machine, MemberTable } from "./builtin.ts";
import { declare, isObject, memberTable, words } from "./define.ts";

const KINDS = [
  "Error",
  "EvalError",
  "RangeError",
  "ReferenceError",
  "SyntaxError",
  "TypeError",
  "URIError",
  "AggregateError",
] as const satisfies readonly ErrorKind[];

/** The members of errors. */
export const errorMembers: MemberTable = memberTable("Error.prototype", {
  toString: declare(0, (vm, self) => {
    if (!isObject(self)) {
      const shown = vm.show(self);
      vm.fail("TypeError", `Error.prototype.toString requires that 'this' be a JSReceiver: ${shown}`);
    }
    const name = textOf(vm, vm.getMember(self, "name"), "Error");
    const message = textOf(vm, vm.getMember(self, "message"), "");
    vm.checkString(name.length + message.length + 2);
    return name === "" ? message : message === "" ? name : `${name}: ${message}`;
  }),
});

function textOf(vm: Machine, value: Value, missing: string): string {
  return value === undefined ? missing : vm.toString(value);
}

function construct(vm: Machine, kind: ErrorKind, args: Value[]): Value {
  const [errors, message, options] = kind === "AggregateError" ? args : [undefined, ...args];
  const error = vm.createError(kind, message === undefined ? undefined : vm.toString(message));
  if (isObject(options) && hasCause(vm, options)) error.hidden.cause = vm.getMember(options, "cause");
  if (kind === "AggregateError") error.hidden.errors = vm.listFrom(errors);
  return error;
}

/** `"cause" in options`: no prototype has it. */
function hasCause(vm: Machine, options: Value): boolean {
  return vm.hasOwn(options, "cause");
}

function constructor(kind: ErrorKind): NativeFunction {
  return new NativeFunction({
    id: kind,
    length: kind === "AggregateError" ? 2 : 1,
    call: (vm, _self, args) => construct(vm, kind, args),
    construct: (vm, args) => construct(vm, kind, args),
    isInstance: (value) => value instanceof FlowError && (kind === "Error" || value.kind === kind),
    refused: words("captureStackTrace isError prepareStackTrace prototype stackTraceLimit"),
  });
}

/** The constructors of errors, by name. */
export const errorFunctions: ReadonlyMap<string, NativeFunction> = new Map(
  KINDS.map((kind) => [kind, constructor(kind)]),
);

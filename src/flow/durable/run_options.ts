import type { JsonObject } from "../../shared/json.ts";
import {
  fits,
  type OptionEntry,
  optionsIn,
  type OptionType,
  retryOptionsIn,
  wantedBy,
} from "../../shared/options.ts";
import type { RunOptions } from "../types.ts";
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

const CHILD = optionsIn("child");
const RETRY = retryOptionsIn("child");

/** The options of `Task.run` and `Workflow.run`, checked; undefined where there are none. */
export function runOptions(vm: FlowMachine, value: Value, call: string): RunOptions | undefined {
  const options: RunOptions = read(vm, value, {
    entries: CHILD,
    what: `The options of ${call}`,
    at: "",
    call,
  });
  if (options.delay !== undefined && options.runAt !== undefined) {
    refuse(vm, `The options delay and runAt of ${call} exclude each other`);
  }
  if (
    options.runAt !== undefined && fits({ kind: "moment" }, options.expires) &&
    Date.parse(options.expires as string) <= Date.parse(options.runAt)
  ) {
    refuse(vm, `The option expires of ${call} must be later than runAt`);
  }
  if (options.idempotencyTtl !== undefined && options.idempotencyKey === undefined) {
    refuse(vm, `The option idempotencyTtl of ${call} needs an idempotencyKey`);
  }
  if (options.unique !== undefined) {
    if (options.unique.key === undefined) refuse(vm, `The option unique of ${call} needs a key`);
    if (options.idempotencyKey !== undefined) {
      refuse(vm, `The options unique and idempotencyKey of ${call} exclude each other`);
    }
    if (!["existing", "reject", undefined].includes(options.unique.onConflict)) {
      refuse(vm, `The option unique.onConflict of ${call} must be existing or reject`);
    }
  }
  return Object.keys(options).length === 0 ? undefined : options;
}

function read(
  vm: FlowMachine,
  value: Value,
  about: { entries: readonly OptionEntry[]; what: string; at: string; call: string },
): JsonObject {
  const { entries, what, at, call } = about;
  const given = optionsArgument(vm, value, { what, keys: entries.map(({ name }) => name) });
  const options: JsonObject = {};
  for (const { name, type } of entries) {
    if (given[name] === undefined) continue;
    options[name] = valueOf(vm, given[name], {
      type,
      what: `The option ${at}${name} of ${call}`,
      name,
      call,
    });
  }
  return options;
}

function valueOf(
  vm: FlowMachine,
  value: Value,
  about: { type: OptionType; what: string; name: string; call: string },
): JsonObject[string] {
  const { type, what, name, call } = about;
  switch (type.kind) {
    case "name":
      return nameArgument(vm, value, what);
    case "key":
      return textArgument(vm, value, what);
    case "number":
      return numberArgument(vm, value, { what, ...type });
    case "duration":
      if (durationArgument(vm, value, what) === 0 && type.aboveZero) refuse(vm, `${what} must be above zero`);
      return value as number | string;
    case "moment":
      return momentArgument(vm, value, what).toISOString();
    case "until":
      if (fits(type, value) && !(value instanceof Date)) return value as number | string;
      if (value instanceof Date) return momentArgument(vm, value, what).toISOString();
      break;
    case "object":
      if (!(value instanceof PlainObject)) refuse(vm, `${what} must be an object, not ${shown(vm, value)}`);
      return toJsonValue(vm, value, what);
    case "parts":
      return read(vm, value, { entries: type.parts, what, at: `${name}.`, call });
    case "retry":
      if (typeof value === "number") break;
      return read(vm, value, { entries: RETRY, what, at: "retry.", call });
  }
  if (fits(type, value)) return value as number | string | boolean;
  return refuse(vm, `${what} must be ${wantedBy(type)}, not ${shown(vm, value)}`);
}

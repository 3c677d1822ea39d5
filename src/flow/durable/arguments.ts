/**
 * What the durable API accepts: the same as the functions of the database, said at the call.
 *
 * @module
 */

import { DurationError, durationMs } from "../../shared/duration.ts";
import { KEY_LENGTH, MOMENTS, NAME_LENGTH } from "../../shared/limits.ts";
import { momentMs } from "../../shared/moment.ts";
import { isKey, isName, NAME_WANTED } from "../../shared/names.ts";
import { didYouMean } from "../../shared/suggest.ts";
import type { FlowMachine } from "../vm/machine.ts";
import { PlainObject, type Value } from "../vm/value.ts";

/** Throw a TypeError for an argument. */
export function refuse(vm: FlowMachine, message: string): never {
  return vm.fail("TypeError", message, { code: "FLOW_ARGUMENT" });
}

/** A value in a message. */
export function shown(vm: FlowMachine, value: Value): string {
  return typeof value === "string" ? JSON.stringify(value) : vm.library.format(vm, [value]);
}

/** The name of a task, flow, queue or signal. */
export function nameArgument(vm: FlowMachine, value: Value, what: string): string {
  if (typeof value !== "string" || value === "") {
    return refuse(vm, `${what} must be text that is not empty, not ${shown(vm, value)}`);
  }
  if (isName(value)) return value;
  if (value.length > NAME_LENGTH) {
    return refuse(vm, `${what} has ${value.length} characters: expected 1 to ${NAME_LENGTH}`);
  }
  return refuse(vm, `${what} cannot be ${shown(vm, value.slice(0, 60))}: expected ${NAME_WANTED}`);
}

/** Any text that is not empty. */
export function textArgument(vm: FlowMachine, value: Value, what: string): string {
  if (typeof value === "string" && isKey(value)) return value;
  return refuse(
    vm,
    `${what} must be text of 1 to ${KEY_LENGTH} characters, none of them control characters, not ${
      shown(vm, value)
    }`,
  );
}

/** A duration in milliseconds. */
export function durationArgument(vm: FlowMachine, value: Value, what: string): number {
  if (typeof value !== "number" && typeof value !== "string") {
    return refuse(
      vm,
      `${what} must be seconds, or text such as "90s", "1h30m" or "2d", not ${shown(vm, value)}`,
    );
  }
  try {
    return durationMs(value);
  } catch (error) {
    if (error instanceof DurationError) return refuse(vm, error.message);
    throw error;
  }
}

/** A moment: a Date, milliseconds since 1970, or text that is a date. */
export function momentArgument(vm: FlowMachine, value: Value, what: string): Date {
  const time = value instanceof Date
    ? value.getTime()
    : typeof value === "number"
    ? value
    : typeof value === "string"
    ? momentMs(value)
    : NaN;
  if (time >= EARLIEST && time <= LATEST) return new Date(time);
  return refuse(vm, `${what} takes a date, not ${shown(vm, value)}`);
}

const EARLIEST = Date.parse(MOMENTS.from);
const LATEST = Date.parse(MOMENTS.to);

/** An object with no other keys than these. What it leaves out, or gives as `undefined`, is not in the result. */
export function optionsArgument<K extends string>(
  vm: FlowMachine,
  value: Value,
  about: { what: string; keys: readonly K[] },
): Partial<Record<K, Value>> {
  const { what, keys } = about;
  if (value === undefined || value === null) return {};
  if (!(value instanceof PlainObject)) {
    return refuse(vm, `${what} must be an object, not ${shown(vm, value)}`);
  }
  const given: Partial<Record<K, Value>> = {};
  for (const key of Object.keys(value)) {
    if (!(keys as readonly string[]).includes(key)) {
      const meant = didYouMean(key, keys);
      refuse(vm, `${what}: there is no option "${key}", expected ${keys.join(", ")}${meant && `.${meant}`}`);
    }
    if (value[key] !== undefined && value[key] !== null) given[key as K] = value[key];
  }
  return given;
}

/** A number in a range. */
export function numberArgument(
  vm: FlowMachine,
  value: Value,
  about: { what: string; from: number; to: number; whole?: true },
): number {
  const { what, from, to, whole } = about;
  const fits = typeof value === "number" && value >= from && value <= to &&
    (!whole || Number.isInteger(value));
  if (fits) return value;
  return refuse(
    vm,
    `${what} must be a ${whole ? "whole " : ""}number from ${from} to ${to}, not ${shown(vm, value)}`,
  );
}

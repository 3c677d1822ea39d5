import type { Value } from "../vm/value.ts";
import type { Machine } from "./builtin.ts";
import { isObject } from "./define.ts";

/** What the host's methods about languages take. */
export interface LocaleArguments {
  locales: string | string[];
  options: Record<string, string | number | boolean>;
}

/** The cost of comparing and of changing case. With options, the host makes a new collator for each call. */
const PLAIN_COST = 20;
const COLLATOR_COST = 150;
/** What the host takes to make a formatter, in instructions. */
export const FORMATTER_COST = 300;

/**
 * The arguments `locales` and `options` of a method, as data of the host. Without locales it is `en-US`, whatever the
 * machine; so the result never depends on where a flow runs.
 */
export function localeArguments(vm: Machine, [locales, options]: Value[]): LocaleArguments {
  vm.charge(options === undefined ? PLAIN_COST : COLLATOR_COST);
  const names = localeNames(vm, locales);
  const made: LocaleArguments = {
    locales: names.length === 0 ? "en-US" : names,
    options: Object.create(null),
  };
  if (options === undefined) return made;
  if (options === null) vm.fail("TypeError", "Cannot convert undefined or null to object");
  for (const key of isObject(options) ? vm.ownKeys(options) : []) {
    vm.charge(2);
    const value = vm.getMember(options, key);
    if (value === undefined) continue;
    made.options[key] = typeof value === "number" || typeof value === "boolean" ? value : vm.toString(value);
  }
  return made;
}

/** CanonicalizeLocaleList, but for what the host checks: which names there are. */
function localeNames(vm: Machine, locales: Value): string[] {
  if (locales === undefined) return [];
  if (locales === null) return vm.fail("TypeError", "Cannot convert undefined or null to object");
  if (typeof locales === "string") return [locales];
  if (!isObject(locales)) return [];
  const length = vm.toLength(vm.getMember(locales, "length"));
  vm.checkArray(length);
  const names: string[] = [];
  for (let index = 0; index < length; index++) {
    vm.charge(PLAIN_COST);
    if (!vm.hasOwn(locales, String(index))) continue;
    const name = vm.getMember(locales, String(index));
    if (typeof name !== "string" && !isObject(name)) {
      vm.fail("TypeError", "Incorrect locale information provided");
    }
    const text = vm.toString(name);
    vm.payFor(text);
    names.push(text);
  }
  return names;
}

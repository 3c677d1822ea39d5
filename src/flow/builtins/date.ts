import { NativeFunction, type Value } from "../vm/value.ts";
import type { Machine, MemberTable } from "./builtin.ts";
import { dateText, dateTimeText, parseDate, timeText } from "./date_text.ts";
import { declare, type Declared, guard, memberTable, natives } from "./define.ts";
import { FORMATTER_COST, localeArguments } from "./locale.ts";

function dateOf(vm: Machine, self: Value): Date {
  if (self instanceof Date) return self;
  return vm.fail("TypeError", "this is not a Date object.");
}

type Getter =
  | "getUTCDate"
  | "getUTCDay"
  | "getUTCFullYear"
  | "getUTCHours"
  | "getUTCMilliseconds"
  | "getUTCMinutes"
  | "getUTCMonth"
  | "getUTCSeconds";
type Setter =
  | "setUTCDate"
  | "setUTCFullYear"
  | "setUTCHours"
  | "setUTCMilliseconds"
  | "setUTCMinutes"
  | "setUTCMonth"
  | "setUTCSeconds";

const PARTS = ["Date", "Day", "FullYear", "Hours", "Milliseconds", "Minutes", "Month", "Seconds"];
/** How many arguments each setter takes. */
const SETTERS = { Date: 1, FullYear: 3, Hours: 4, Milliseconds: 1, Minutes: 3, Month: 2, Seconds: 2 };

const parts: Record<string, Declared> = {};
for (const part of PARTS) {
  const getter: Declared = [0, (vm, self) => dateOf(vm, self)[`getUTC${part}` as Getter]()];
  parts[`get${part}`] = getter;
  parts[`getUTC${part}`] = getter;
}
for (const [part, count] of Object.entries(SETTERS)) {
  const setter: Declared = [count, (vm, self, args) => set(vm, self, { part, count, args })];
  parts[`set${part}`] = setter;
  parts[`setUTC${part}`] = setter;
}

/** The date's time is read before the arguments are converted, and written after: they may change the date. */
function set(vm: Machine, self: Value, to: { part: string; count: number; args: Value[] }): number {
  const date = dateOf(vm, self);
  const copy = new Date(date.getTime());
  const numbers = to.args.slice(0, to.count).map((value) => vm.toNumber(value));
  if (numbers.length === 0) numbers.push(NaN);
  // An invalid date stays invalid, even if the arguments have changed it meanwhile, unless the year is set.
  if (Number.isNaN(copy.getTime()) && to.part !== "FullYear") return NaN;
  const setter = copy[`setUTC${to.part}` as Setter] as (...numbers: number[]) => number;
  Reflect.apply(setter, copy, numbers);
  return date.setTime(copy.getTime());
}

function localized(name: "toLocaleString" | "toLocaleDateString" | "toLocaleTimeString"): Declared {
  return [0, (vm, self, args) => {
    const date = dateOf(vm, self);
    vm.charge(3 * FORMATTER_COST);
    const { locales, options } = localeArguments(vm, args);
    const given = { timeZone: "UTC", ...options } as Intl.DateTimeFormatOptions;
    return guard(vm, () => date[name](locales, given));
  }];
}

/** The members of dates. All of a flow's time is UTC: the local getters are the UTC ones. */
export const dateMembers: MemberTable = memberTable("Date.prototype", {
  ...parts,
  getTime: [0, (vm, self) => dateOf(vm, self).getTime()],
  getTimezoneOffset: [0, (vm, self) => Number.isNaN(dateOf(vm, self).getTime()) ? NaN : 0],
  setTime: [1, (vm, self, [time]) => {
    const date = dateOf(vm, self);
    return date.setTime(vm.toNumber(time));
  }],
  toDateString: [0, (vm, self) => dateText(dateOf(vm, self))],
  toISOString: [0, (vm, self) => guard(vm, () => dateOf(vm, self).toISOString())],
  toJSON: [1, (vm, self) => {
    const date = dateOf(vm, self);
    return Number.isNaN(date.getTime()) ? null : date.toISOString();
  }],
  toLocaleString: localized("toLocaleString"),
  toLocaleDateString: localized("toLocaleDateString"),
  toLocaleTimeString: localized("toLocaleTimeString"),
  toString: declare(0, (vm, self) => dateTimeText(dateOf(vm, self))),
  toTimeString: [0, (vm, self) => timeText(dateOf(vm, self))],
  toUTCString: [0, (vm, self) => dateOf(vm, self).toUTCString()],
  valueOf: declare(0, (vm, self) => dateOf(vm, self).getTime()),
}, { refused: "getYear setYear toGMTString toTemporalInstant" });

/** Milliseconds of `(year, month, day, …)`. */
function fromParts(vm: Machine, args: Value[]): number {
  const numbers = args.slice(0, 7).map((value) => vm.toNumber(value));
  if (numbers.length === 0) return NaN;
  return Date.UTC(...numbers as [number, number]);
}

function construct(vm: Machine, args: Value[]): Value {
  if (args.length === 0) return new Date(vm.now());
  if (args.length > 1) return new Date(fromParts(vm, args));
  const [given] = args;
  if (given instanceof Date) return new Date(given.getTime());
  const value = vm.toPrimitive(given, "default");
  return new Date(typeof value === "string" ? parseDate(value) : vm.toNumber(value));
}

/** `Date`. */
export const dateFunction: NativeFunction = new NativeFunction({
  id: "Date",
  length: 7,
  call: (vm) => dateTimeText(new Date(vm.now())),
  construct,
  isInstance: (value) => value instanceof Date,
  statics: natives("Date", {
    now: [0, (vm) => vm.now()],
    parse: [1, (vm, _self, [text]) => parseDate(vm.toString(text))],
    UTC: [7, (vm, _self, args) => fromParts(vm, args)],
  }),
  refused: new Set(["prototype"]),
});

import { BareObject, FlowRegExp, NativeFunction, type Value } from "../vm/value.ts";
import type { Accessor, Machine, MemberTable } from "./builtin.ts";
import { declare, memberTable } from "./define.ts";
import { compileRegExp, UnsupportedRegExp } from "./regexp/compile.ts";
import { executeRegExp, isInsidePair } from "./regexp/execute.ts";
import type { RegExpProgram } from "./regexp/program.ts";

/** The program of a regular expression: made when first needed, so that a snapshot holds only source and flags. */
function programOf(vm: Machine, regexp: FlowRegExp): RegExpProgram {
  if (regexp.compiled === undefined) regexp.compiled = compile(vm, regexp.source, regexp.flags);
  return regexp.compiled as RegExpProgram;
}

/** Recently compiled programs, so that a literal in a loop is compiled once. The cost for a flow does not depend on this. */
const recent = new Map<string, RegExpProgram>();
const MAX_RECENT = 100;
/** Numbers of code: what is larger is not kept. */
const MAX_KEPT = 3_000;

function compile(vm: Machine, source: string, flags: string): RegExpProgram {
  vm.charge(source.length);
  const key = `${flags}/${source}`;
  const known = recent.get(key);
  const program = known ?? compileOrRefuse(vm, source, flags);
  vm.charge(program.code.length / 3);
  if (known === undefined && program.code.length <= MAX_KEPT && source.length <= MAX_KEPT) {
    if (recent.size === MAX_RECENT) recent.delete(recent.keys().next().value!);
    recent.set(key, program);
  }
  return program;
}

function shortened(source: string, flags: string): string {
  return source.length > 100 ? `/${source.slice(0, 100)}…/${flags}` : `/${source}/${flags}`;
}

function compileOrRefuse(vm: Machine, source: string, flags: string): RegExpProgram {
  try {
    return compileRegExp(source, flags);
  } catch (error) {
    if (!(error instanceof UnsupportedRegExp)) throw error;
    const message = `Cannot use the regular expression ${shortened(source, flags)}: ${error.message}`;
    return vm.fail("SyntaxError", message, { code: "FLOW_UNSUPPORTED_REGEXP" });
  }
}

/** A regular expression, checked as JavaScript checks it, then for what flows do not offer. */
export function createRegExp(vm: Machine, source: string, flags: string): FlowRegExp {
  if (flags.includes("v")) {
    const message = `Cannot use the regular expression ${
      shortened(source, flags)
    }: the flag v is not offered; use u`;
    vm.fail("SyntaxError", message, { code: "FLOW_UNSUPPORTED_REGEXP" });
  }
  vm.checkString(source.length);
  const canonical = recent.has(`${flags}/${source}`) ? flags : checkedFlags(vm, source, flags);
  const made = new FlowRegExp(source, canonical);
  made.compiled = compile(vm, source, canonical);
  return made;
}

/** The flags in JavaScript's order, if the host accepts pattern and flags. */
function checkedFlags(vm: Machine, source: string, flags: string): string {
  try {
    return new RegExp(source, flags).flags;
  } catch (error) {
    return vm.fail("SyntaxError", (error as Error).message);
  }
}

/** A match: the offsets of the groups, -1 where one took no part. */
export type Match = ArrayLike<number>;

/** Match from `from` on, whatever `lastIndex` says; only there, if `sticky`. */
export function matchFrom(
  vm: Machine,
  regexp: FlowRegExp,
  at: { text: string; from: number; sticky: boolean; wholePairs?: boolean },
): Match | null {
  const { text, from, sticky, wholePairs } = at;
  const program = programOf(vm, regexp);
  vm.charge(program.slots >>> 3);
  const charge = (units: number): void => vm.charge(units);
  if (program.unicode && isInsidePair(text, from)) {
    // As V8 does: the pair that `lastIndex` points into is tried first.
    const whole = executeRegExp(program, text, { from: from - 1, sticky: true, charge });
    if (whole !== null) return whole;
  }
  return executeRegExp(program, text, { from, sticky, wholePairs, charge });
}

/** RegExpBuiltinExec: match from `lastIndex` on, and set it. */
export function execute(vm: Machine, regexp: FlowRegExp, text: string): Match | null {
  const lastIndex = vm.toLength(regexp.lastIndex);
  const moving = regexp.flags.includes("g") || regexp.flags.includes("y");
  const from = moving ? lastIndex : 0;
  const match = from > text.length
    ? null
    : matchFrom(vm, regexp, { text, from, sticky: regexp.flags.includes("y") });
  if (moving) regexp.lastIndex = match === null ? 0 : match[1]!;
  return match;
}

/** The text of a group. */
export function groupText(match: Match, text: string, group: number): string | undefined {
  const start = match[2 * group]!;
  const end = match[2 * group + 1]!;
  return start < 0 || end < 0 ? undefined : text.slice(start, end);
}

/** The texts of all groups, the whole match first. */
export function groupTexts(match: Match, text: string): (string | undefined)[] {
  return Array.from({ length: match.length / 2 }, (_, group) => groupText(match, text, group));
}

/** The named groups, or undefined when the pattern names none. */
export function namedGroups(
  vm: Machine,
  regexp: FlowRegExp,
  list: readonly Value[],
): BareObject | undefined {
  const { names } = programOf(vm, regexp);
  if (names.size === 0) return undefined;
  const groups = new BareObject();
  for (const [name, numbers] of names) {
    const taken = numbers.find((number) => list[number] !== undefined);
    groups[name] = taken === undefined ? undefined : list[taken];
  }
  return groups;
}

/** What `exec` gives: an array with members of its own. */
export function matchArray(vm: Machine, regexp: FlowRegExp, of: { match: Match; text: string }): Value {
  const { match, text } = of;
  const list: Value[] = groupTexts(match, text);
  const members: Record<string, Value> = {
    index: match[0]!,
    input: text,
    groups: namedGroups(vm, regexp, list),
  };
  if (regexp.flags.includes("d")) members.indices = indicesOf(vm, regexp, match);
  vm.charge(list.length);
  return Object.assign(list, members);
}

function indicesOf(vm: Machine, regexp: FlowRegExp, match: Match): Value {
  const list = Array.from({ length: match.length / 2 }, (_, group): Value => {
    const start = match[2 * group]!;
    const end = match[2 * group + 1]!;
    return start < 0 || end < 0 ? undefined : [start, end];
  });
  return Object.assign(list, { groups: namedGroups(vm, regexp, list) });
}

/** The index behind an empty match. */
export function advance(regexp: FlowRegExp, text: string, index: number): number {
  return index + (regexp.flags.includes("u") && (text.codePointAt(index) ?? 0) > 0xffff ? 2 : 1);
}

/** The next match of a `matchAll` iterator, or `null`. */
export function matchNext(vm: Machine, regexp: FlowRegExp, text: string): Value {
  const match = execute(vm, regexp, text);
  if (match === null) return null;
  if (match[0] === match[1]) regexp.lastIndex = advance(regexp, text, vm.toLength(regexp.lastIndex));
  return matchArray(vm, regexp, { match, text });
}

function regexpOf(vm: Machine, self: Value, name: string): FlowRegExp {
  if (self instanceof FlowRegExp) return self;
  return vm.fail(
    "TypeError",
    `Method RegExp.prototype.${name} called on incompatible receiver ${vm.show(self)}`,
  );
}

const FLAGS = {
  hasIndices: "d",
  global: "g",
  ignoreCase: "i",
  multiline: "m",
  dotAll: "s",
  unicode: "u",
  unicodeSets: "v",
  sticky: "y",
};

/** `source`, written so that it can stand between two slashes. */
function sourceText(vm: Machine, regexp: FlowRegExp): string {
  vm.charge(regexp.source.length);
  return new RegExp(regexp.source, regexp.flags).source;
}

const accessors = new Map<string, Accessor>([
  ["source", { get: (vm, self) => sourceText(vm, regexpOf(vm, self, "source")) }],
  ["flags", { get: (vm, self) => regexpOf(vm, self, "flags").flags }],
  ["lastIndex", {
    get: (vm, self) => regexpOf(vm, self, "lastIndex").lastIndex,
    set: (vm, self, value) => void (regexpOf(vm, self, "lastIndex").lastIndex = value),
  }],
]);
for (const [name, flag] of Object.entries(FLAGS)) {
  accessors.set(name, { get: (vm, self) => regexpOf(vm, self, name).flags.includes(flag) });
}

/** The members of regular expressions. */
export const regexpMembers: MemberTable = memberTable("RegExp.prototype", {
  exec: [1, (vm, self, [given]) => {
    const regexp = regexpOf(vm, self, "exec");
    const text = vm.toString(given);
    const match = execute(vm, regexp, text);
    return match === null ? null : matchArray(vm, regexp, { match, text });
  }],
  test: [1, (vm, self, [given]) => {
    const regexp = regexpOf(vm, self, "test");
    return execute(vm, regexp, vm.toString(given)) !== null;
  }],
  toString: declare(0, (vm, self) => {
    const regexp = regexpOf(vm, self, "toString");
    return `/${sourceText(vm, regexp)}/${regexp.flags}`;
  }),
}, { accessors, refused: "compile" });

function construct(vm: Machine, [pattern, flags]: Value[]): Value {
  if (pattern instanceof FlowRegExp) {
    return createRegExp(vm, pattern.source, flags === undefined ? pattern.flags : vm.toString(flags));
  }
  const source = pattern === undefined ? "" : vm.toString(pattern);
  return createRegExp(vm, source, flags === undefined ? "" : vm.toString(flags));
}

/** `RegExp`. */
export const regexpFunction: NativeFunction = new NativeFunction({
  id: "RegExp",
  length: 2,
  call: (vm, _self, args) =>
    args[0] instanceof FlowRegExp && args[1] === undefined ? args[0] : construct(vm, args),
  construct,
  isInstance: (value) => value instanceof FlowRegExp,
  refused: new Set(
    [
      "escape",
      "input",
      "lastMatch",
      "lastParen",
      "leftContext",
      "rightContext",
      "prototype",
      "$_",
      "$&",
      "$+",
      "$`",
      "$'",
    ]
      .concat([1, 2, 3, 4, 5, 6, 7, 8, 9].map((group) => `$${group}`)),
  ),
});

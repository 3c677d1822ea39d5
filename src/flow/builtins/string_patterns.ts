import { FlowIterator, FlowRegExp, type Value } from "../vm/value.ts";
import type { Machine } from "./builtin.ts";
import type { Declared } from "./define.ts";
import { advance, createRegExp, execute, groupText, matchArray } from "./regexp.ts";
import { splitByRegExp, splitByText } from "./split.ts";
import { textOf } from "./string_self.ts";
import { find } from "./text_search.ts";

/** The regular expression that `match` and `search` make from a value that is not one. */
function toRegExp(vm: Machine, pattern: Value, flags: string): FlowRegExp {
  if (pattern instanceof FlowRegExp) return pattern;
  return createRegExp(vm, pattern === undefined ? "" : vm.toString(pattern), flags);
}

function match(vm: Machine, self: Value, [pattern]: Value[]): Value {
  const text = textOf(vm, self, "match");
  const regexp = toRegExp(vm, pattern, "");
  if (!regexp.flags.includes("g")) {
    const found = execute(vm, regexp, text);
    return found === null ? null : matchArray(vm, regexp, { match: found, text });
  }
  regexp.lastIndex = 0;
  const all: Value[] = [];
  for (let found = execute(vm, regexp, text); found !== null; found = execute(vm, regexp, text)) {
    const matched = groupText(found, text, 0)!;
    vm.checkArray(all.length + 1);
    vm.charge(1);
    all.push(matched);
    if (matched === "") regexp.lastIndex = advance(regexp, text, found[1]!);
  }
  return all.length === 0 ? null : all;
}

function matchAll(vm: Machine, self: Value, [pattern]: Value[]): Value {
  if (self === undefined || self === null) textOf(vm, self, "matchAll");
  if (pattern instanceof FlowRegExp && !pattern.flags.includes("g")) {
    vm.fail("TypeError", "String.prototype.matchAll called with a non-global RegExp argument");
  }
  const text = textOf(vm, self, "matchAll");
  const own = pattern instanceof FlowRegExp
    ? new FlowRegExp(pattern.source, pattern.flags)
    : toRegExp(vm, pattern, "g");
  if (pattern instanceof FlowRegExp) {
    own.compiled = pattern.compiled;
    own.lastIndex = vm.toLength(pattern.lastIndex);
  }
  return new FlowIterator(own, "values", text);
}

function search(vm: Machine, self: Value, [pattern]: Value[]): Value {
  const text = textOf(vm, self, "search");
  const regexp = toRegExp(vm, pattern, "");
  const previous = regexp.lastIndex;
  regexp.lastIndex = 0;
  const found = execute(vm, regexp, text);
  regexp.lastIndex = previous;
  return found === null ? -1 : found[0]!;
}

function split(vm: Machine, self: Value, [separator, limit]: Value[]): Value {
  const text = textOf(vm, self, "split");
  const max = limit === undefined ? 2 ** 32 - 1 : vm.toNumber(limit) >>> 0;
  if (separator instanceof FlowRegExp) return splitByRegExp(vm, text, { separator, limit: max });
  const by = vm.toString(separator);
  if (max === 0) return [];
  return separator === undefined ? [text] : splitByText(vm, text, { separator: by, limit: max });
}

/** `startsWith`, `endsWith`, `includes`: methods that refuse regular expressions. */
function finder(name: "startsWith" | "endsWith" | "includes"): Declared {
  return [1, (vm, self, [given, position]) => {
    const text = textOf(vm, self, name);
    if (given instanceof FlowRegExp) {
      vm.fail("TypeError", `First argument to String.prototype.${name} must not be a regular expression`);
    }
    const wanted = vm.toString(given);
    const at = position === undefined ? undefined : vm.toInteger(position);
    if (name === "includes") return find(vm, text, { wanted, from: at ?? 0 }) >= 0;
    vm.charge(wanted.length >> 4);
    return text[name](wanted, at);
  }];
}

/** The methods of strings that look for something. */
export const stringPatterns: Record<string, Declared> = {
  startsWith: finder("startsWith"),
  endsWith: finder("endsWith"),
  includes: finder("includes"),
  match: [1, match],
  matchAll: [1, matchAll],
  search: [1, search],
  split: [2, split],
};

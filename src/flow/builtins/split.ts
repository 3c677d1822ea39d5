import type { FlowRegExp, Value } from "../vm/value.ts";
import type { Machine } from "./builtin.ts";
import { advance, groupTexts, matchFrom } from "./regexp.ts";
import { occurrencesOf } from "./text_search.ts";

/** `text.split(separator, limit)` with a text. */
export function splitByText(vm: Machine, text: string, by: { separator: string; limit: number }): Value[] {
  const { separator, limit } = by;
  if (separator === "") {
    const count = Math.min(text.length, limit);
    vm.checkArray(count);
    vm.charge(count);
    return text.split("", limit);
  }
  const parts: Value[] = [];
  let start = 0;
  for (const at of occurrencesOf(vm, text, separator)) {
    parts.push(text.slice(start, at));
    if (parts.length === limit) return parts;
    start = at + separator.length;
  }
  parts.push(text.slice(start));
  return parts;
}

/** `text.split(separator, limit)` with a regular expression. */
export function splitByRegExp(
  vm: Machine,
  text: string,
  by: { separator: FlowRegExp; limit: number },
): Value[] {
  const { separator, limit } = by;
  const parts: Value[] = [];
  if (limit === 0) return parts;
  // V8 splits by a sticky pattern character by character, and searches for any other.
  const wholePairs = separator.flags.includes("y");
  const find = (from: number): ArrayLike<number> | null =>
    matchFrom(vm, separator, { text, from, sticky: false, wholePairs });
  if (text === "") return find(0) === null ? [text] : [];
  let start = 0;
  let from = 0;
  while (from < text.length) {
    const match = find(from);
    if (match === null) break;
    const [at, end] = [match[0]!, match[1]!];
    if (at >= text.length) break;
    if (end === start) {
      from = advance(separator, text, at);
      continue;
    }
    const groups: Value[] = groupTexts(match, text);
    groups[0] = text.slice(start, at);
    vm.checkArray(parts.length + groups.length);
    vm.charge(groups.length);
    for (const part of groups) {
      parts.push(part);
      if (parts.length === limit) return parts;
    }
    start = end;
    from = end === at ? advance(separator, text, end) : end;
  }
  parts.push(text.slice(start));
  return parts;
}

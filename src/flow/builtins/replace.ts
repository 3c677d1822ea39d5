import { FlowRegExp, type PlainObject, type Value } from "../vm/value.ts";
import type { Machine } from "./builtin.ts";
import { advance, execute, groupTexts, namedGroups } from "./regexp.ts";
import { occurrencesOf } from "./text_search.ts";
import { TextBuilder } from "./text_builder.ts";

/** One match to be replaced. */
interface Found {
  readonly matched: string;
  readonly position: number;
  /** The groups, without the whole match. */
  readonly groups: readonly (string | undefined)[];
  readonly named: PlainObject | undefined;
}

const NONE: never[] = [];

/** `text.replace(pattern, replacement)` and `replaceAll`. */
export function replace(
  vm: Machine,
  text: string,
  how: { pattern: Value; replacement: Value; every: boolean },
): string {
  const { pattern, replacement, every } = how;
  if (pattern instanceof FlowRegExp) {
    const template = vm.isCallable(replacement) ? replacement : vm.toString(replacement);
    return replaceMatches(vm, text, { found: matches(vm, pattern, text), replacement: template });
  }
  const search = vm.toString(pattern);
  const template = vm.isCallable(replacement) ? replacement : vm.toString(replacement);
  return replaceMatches(vm, text, { found: occurrences(vm, text, { search, every }), replacement: template });
}

function matches(vm: Machine, regexp: FlowRegExp, text: string): Found[] {
  const found: Found[] = [];
  const global = regexp.flags.includes("g");
  if (global) regexp.lastIndex = 0;
  for (;;) {
    const match = execute(vm, regexp, text);
    if (match === null) return found;
    const list = groupTexts(match, text);
    vm.checkArray(found.length + 1);
    vm.charge(list.length);
    found.push({
      matched: list[0]!,
      position: match[0]!,
      groups: list.slice(1),
      named: namedGroups(vm, regexp, list),
    });
    if (!global) return found;
    if (list[0] === "") regexp.lastIndex = advance(regexp, text, vm.toLength(regexp.lastIndex));
  }
}

function* occurrences(vm: Machine, text: string, of: { search: string; every: boolean }): Generator<Found> {
  const { search, every } = of;
  for (const position of occurrencesOf(vm, text, search)) {
    yield { matched: search, position, groups: NONE, named: undefined };
    if (!every) return;
  }
}

function replaceMatches(
  vm: Machine,
  text: string,
  of: { found: Iterable<Found>; replacement: Value },
): string {
  const builder = new TextBuilder(vm);
  let end = 0;
  for (const one of of.found) {
    const { position, matched } = one;
    const before = vm.isCallable(of.replacement)
      ? called(vm, text, { one, callback: of.replacement })
      : undefined;
    builder.add(text.slice(end, position));
    if (before !== undefined) builder.add(before);
    else expand(vm, text, { builder, one, template: of.replacement as string });
    end = position + matched.length;
  }
  builder.add(text.slice(end));
  return builder.toString();
}

function called(vm: Machine, text: string, of: { one: Found; callback: Value }): string {
  const { matched, groups, position, named } = of.one;
  const args: Value[] = [matched, ...groups, position, text];
  if (named !== undefined) args.push(named);
  return vm.toString(vm.call(of.callback, args));
}

/** GetSubstitution: `$$`, `$&`, `` $` ``, `$'`, `$1`, `$<name>`. */
function expand(vm: Machine, text: string, of: { builder: TextBuilder; one: Found; template: string }): void {
  const { builder, one, template } = of;
  let end = 0;
  for (let at = template.indexOf("$"); at >= 0; at = template.indexOf("$", end > at ? end : at + 1)) {
    const rest = template.slice(at, template[at + 1] === "<" ? undefined : at + 3);
    const [piece, length] = reference(vm, rest, { text, one });
    if (length === 0) continue;
    builder.add(template.slice(end, at));
    builder.add(piece);
    end = at + length;
  }
  builder.add(template.slice(end));
}

/** What a reference stands for, and its length; 0 when it is not one. */
function reference(vm: Machine, rest: string, of: { text: string; one: Found }): [string, number] {
  const { text, one: { matched, position, groups, named } } = of;
  switch (rest[1]) {
    case "$":
      return ["$", 2];
    case "&":
      return [matched, 2];
    case "`":
      return [text.slice(0, position), 2];
    case "'":
      return [text.slice(position + matched.length), 2];
    case "<": {
      if (named === undefined) return ["", 0];
      const close = rest.indexOf(">");
      vm.charge((close < 0 ? rest.length : close) >> 4);
      if (close < 0) return ["", 0];
      const name = rest.slice(2, close);
      return [name in named ? String(named[name] ?? "") : "", close + 1];
    }
    default:
  }
  const digits = /^\$(\d\d?)/.exec(rest)?.[1];
  if (digits === undefined) return ["", 0];
  for (const taken of [digits, digits.slice(0, 1)]) {
    const group = Number(taken);
    if (group >= 1 && group <= groups.length) return [groups[group - 1] ?? "", taken.length + 1];
  }
  return ["", 0];
}

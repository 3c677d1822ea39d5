import { FlowRegExp, NativeFunction, type Value } from "../vm/value.ts";
import type { Machine, MemberTable } from "./builtin.ts";
import { declare, type Declared, guard, memberTable, natives, relative, words } from "./define.ts";
import { localeArguments } from "./locale.ts";
import { replace } from "./replace.ts";
import { stringPatterns } from "./string_patterns.ts";
import { textOf } from "./string_self.ts";
import { find, findLast } from "./text_search.ts";
import { TextBuilder } from "./text_builder.ts";

/** Methods without arguments that the host has under the same name. */
const PLAIN = [
  "isWellFormed",
  "toLowerCase",
  "toUpperCase",
  "toWellFormed",
  "trim",
  "trimEnd",
  "trimStart",
] as const;

const plain: Record<string, Declared> = Object.fromEntries(PLAIN.map((name): [string, Declared] => [name, [
  0,
  (vm, self) => {
    const text = textOf(vm, self, name);
    vm.charge(text.length >> 4);
    // `ß` becomes two characters, some others three.
    if (name === "toUpperCase" || name === "toLowerCase") vm.checkString(text.length);
    return text[name]();
  },
]]));

function pad(name: "padStart" | "padEnd"): Declared {
  return [1, (vm, self, [length, filler]) => {
    const text = textOf(vm, self, name);
    const wanted = vm.toLength(length);
    if (wanted <= text.length) return text;
    const fill = filler === undefined ? " " : vm.toString(filler);
    if (fill === "") return text;
    vm.checkString(wanted);
    vm.charge(wanted >> 4);
    return text[name](wanted, fill);
  }];
}

function changeCase(name: "toLocaleLowerCase" | "toLocaleUpperCase"): Declared {
  return [0, (vm, self, args) => {
    const text = textOf(vm, self, name);
    const { locales } = localeArguments(vm, args.slice(0, 1));
    vm.charge(text.length >> 4);
    return guard(vm, () => text[name](locales));
  }];
}

/** Up to this length, a text is made without a check. */
const PIECE = 1_000_000;

/** How long a normalized text is, or a little more: put together at their borders, its pieces can only become shorter. */
function normalizedLength(text: string, form: string): number {
  let length = 0;
  for (let at = 0; at < text.length; at += PIECE / 18) {
    length += text.slice(at, at + PIECE / 18).normalize(form).length;
  }
  return length;
}

const declared: Record<string, Declared> = {
  ...plain,
  ...stringPatterns,
  padStart: pad("padStart"),
  padEnd: pad("padEnd"),
  toLocaleLowerCase: changeCase("toLocaleLowerCase"),
  toLocaleUpperCase: changeCase("toLocaleUpperCase"),
  at: [1, (vm, self, [at]) => {
    const text = textOf(vm, self, "at");
    return text.at(vm.toInteger(at));
  }],
  charAt: [1, (vm, self, [at]) => {
    const text = textOf(vm, self, "charAt");
    return text.charAt(vm.toInteger(at));
  }],
  charCodeAt: [1, (vm, self, [at]) => {
    const text = textOf(vm, self, "charCodeAt");
    return text.charCodeAt(vm.toInteger(at));
  }],
  codePointAt: [1, (vm, self, [at]) => {
    const text = textOf(vm, self, "codePointAt");
    return text.codePointAt(vm.toInteger(at));
  }],
  concat: [1, (vm, self, args) => {
    const builder = new TextBuilder(vm);
    builder.add(textOf(vm, self, "concat"));
    for (const arg of args) builder.add(vm.toString(arg));
    return builder.toString();
  }],
  indexOf: [1, (vm, self, [search, from]) => {
    const text = textOf(vm, self, "indexOf");
    const wanted = vm.toString(search);
    const start = vm.toInteger(from);
    return find(vm, text, { wanted, from: start });
  }],
  lastIndexOf: [1, (vm, self, [search, from]) => {
    const text = textOf(vm, self, "lastIndexOf");
    const wanted = vm.toString(search);
    const start = vm.toNumber(from);
    return findLast(vm, text, { wanted, from: start });
  }],
  localeCompare: [1, (vm, self, [other, ...args]) => {
    const text = textOf(vm, self, "localeCompare");
    const compared = vm.toString(other);
    const { locales, options } = localeArguments(vm, args);
    vm.charge((text.length + compared.length) >> 2);
    return guard(vm, () => text.localeCompare(compared, locales, options as Intl.CollatorOptions));
  }],
  normalize: [0, (vm, self, [form]) => {
    const text = textOf(vm, self, "normalize");
    const name = form === undefined ? "NFC" : vm.toString(form);
    vm.charge(text.length >> 1);
    return guard(vm, () => {
      // A character becomes as many as 18.
      if (text.length * 18 > PIECE) vm.checkString(normalizedLength(text, name));
      return text.normalize(name);
    });
  }],
  repeat: [1, (vm, self, [times]) => {
    const text = textOf(vm, self, "repeat");
    const count = vm.toInteger(times);
    if (count < 0 || count === Infinity) vm.fail("RangeError", `Invalid count value: ${vm.toString(times)}`);
    if (text === "") return "";
    vm.checkString(text.length * count);
    vm.charge((text.length * count) >> 4);
    return text.repeat(count);
  }],
  slice: [2, (vm, self, [from, to]) => {
    const text = textOf(vm, self, "slice");
    const start = relative(vm, from, { length: text.length, missing: 0 });
    return text.slice(start, relative(vm, to, { length: text.length, missing: text.length }));
  }],
  substring: [2, (vm, self, [from, to]) => {
    const text = textOf(vm, self, "substring");
    const start = vm.toInteger(from);
    return text.substring(start, to === undefined ? text.length : vm.toInteger(to));
  }],
  replace: [2, (vm, self, [pattern, replacement]) => {
    const text = textOf(vm, self, "replace");
    return replace(vm, text, { pattern, replacement, every: false });
  }],
  replaceAll: [2, (vm, self, [pattern, replacement]) => {
    if (pattern instanceof FlowRegExp && !pattern.flags.includes("g")) {
      vm.fail("TypeError", "String.prototype.replaceAll called with a non-global RegExp argument");
    }
    const text = textOf(vm, self, "replaceAll");
    return replace(vm, text, { pattern, replacement, every: true });
  }],
  toString: declare(0, (vm, self) => ownText(vm, self, "toString")),
  valueOf: declare(0, (vm, self) => ownText(vm, self, "valueOf")),
};

function ownText(vm: Machine, self: Value, name: string): string {
  if (typeof self === "string") return self;
  return vm.fail("TypeError", `String.prototype.${name} requires that 'this' be a String`);
}

/** The members of strings. */
export const stringMembers: MemberTable = memberTable("String.prototype", declared, {
  refused:
    "anchor big blink bold fixed fontcolor fontsize italics link small strike sub substr sup trimLeft trimRight",
});

function raw(vm: Machine, _self: Value, [strings, ...substitutions]: Value[]): string {
  if (strings === undefined || strings === null) {
    vm.fail("TypeError", "Cannot convert undefined or null to object");
  }
  const texts = vm.getMember(strings, "raw");
  if (texts === undefined || texts === null) {
    vm.fail("TypeError", "Cannot convert undefined or null to object");
  }
  const length = vm.toLength(vm.getMember(texts, "length"));
  const builder = new TextBuilder(vm);
  for (let index = 0; index < length; index++) {
    builder.add(vm.toString(vm.getMember(texts, String(index))));
    if (index + 1 < length && index < substitutions.length) builder.add(vm.toString(substitutions[index]));
  }
  return builder.toString();
}

function fromCodePoint(vm: Machine, _self: Value, args: Value[]): string {
  const builder = new TextBuilder(vm);
  for (const arg of args) {
    const code = vm.toNumber(arg);
    if (!Number.isInteger(code) || code < 0 || code > 0x10ffff) {
      vm.fail("RangeError", `Invalid code point ${code}`);
    }
    builder.add(String.fromCodePoint(code));
  }
  return builder.toString();
}

/** `String`. */
export const stringFunction: NativeFunction = new NativeFunction({
  id: "String",
  length: 1,
  call: (vm, _self, args) => args.length === 0 ? "" : vm.toString(args[0]),
  isInstance: () => false,
  statics: natives("String", {
    fromCharCode: [1, (vm, _self, args) => {
      const builder = new TextBuilder(vm);
      for (const arg of args) builder.add(String.fromCharCode(vm.toNumber(arg)));
      return builder.toString();
    }],
    fromCodePoint: [1, fromCodePoint],
    raw: [1, raw],
  }),
  refused: words("prototype"),
});

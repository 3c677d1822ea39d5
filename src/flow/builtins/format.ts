import { FlowError, FlowRegExp, PlainObject, type Value } from "../vm/value.ts";
import type { Machine } from "./builtin.ts";
import { dateTimeText } from "./date_text.ts";
import { isObject } from "./define.ts";

/** Values nested deeper, longer lists and longer texts are cut short: a log line is for people. */
const MAX_DEPTH = 4;
const MAX_ITEMS = 100;
const MAX_TEXT = 10_000;

/** What `console.log` and its kin write: texts and other primitives as they are, everything else readable. */
export function format(vm: Machine, args: Value[]): string {
  const [first, ...rest] = args;
  const head = typeof first === "string" && rest.length > 0 ? [directed(vm, first, rest)] : [];
  const texts = (head.length > 0 ? rest : args).map((value) =>
    typeof value === "string" ? value : show(vm, value, [])
  );
  let length = 0;
  for (const text of [...head, ...texts]) length += text.length + 1;
  vm.charge(length >> 4);
  vm.checkString(length);
  return [...head, ...texts].join(" ");
}

/** The first text of a line, with the arguments behind it where it says `%s`, `%d`, `%o` …; those are taken from the list. */
function directed(vm: Machine, text: string, rest: Value[]): string {
  vm.charge(text.length >> 4);
  return text.replace(/%([sdifoOjc%])/g, (directive, letter: string) => {
    if (letter === "%") return "%";
    if (rest.length === 0) return directive;
    const value = rest.shift();
    switch (letter) {
      case "s":
        return typeof value === "string" ? value : show(vm, value, []);
      case "d":
      case "i":
      case "f":
        return numberText(letter, value);
      case "c":
        return "";
      default:
        return show(vm, value, []);
    }
  });
}

function numberText(letter: string, value: Value): string {
  if (typeof value !== "number" && typeof value !== "string") return "NaN";
  return String(letter === "f" ? parseFloat(String(value)) : parseInt(String(value)));
}

function show(vm: Machine, value: Value, path: Value[]): string {
  vm.charge(1);
  if (typeof value === "string") return JSON.stringify(cut(value));
  if (Object.is(value, -0)) return "-0";
  if (!isObject(value)) return String(value);
  if (path.includes(value)) return "[Circular]";
  if (value instanceof Date) return Number.isNaN(value.getTime()) ? dateTimeText(value) : value.toISOString();
  if (value instanceof FlowRegExp) return `/${value.source}/${value.flags}`;
  if (vm.isCallable(value)) return functionText(vm, value);
  if (value instanceof FlowError) return errorText(vm, value, path);
  return nested(vm, value, path);
}

function functionText(vm: Machine, value: Value): string {
  const name = vm.getMember(value, "name");
  return name === "" || typeof name !== "string" ? "[Function]" : `[Function: ${name}]`;
}

function errorText(vm: Machine, error: FlowError, path: Value[]): string {
  const [name, message] = ["name", "message"].map((key) => {
    const part = vm.getMember(error, key);
    return isObject(part) ? show(vm, part, [...path, error]) : String(part);
  });
  const head = message === "" ? name! : `${name}: ${message}`;
  const members = pairs(vm, error, path);
  return members.length === 0 ? head : `${head} { ${members.join(", ")} }`;
}

function nested(vm: Machine, value: Value, path: Value[]): string {
  const tag = vm.tag(value);
  const inside = [...path, value];
  const each = (item: Value): string => show(vm, item, inside);
  if (path.length >= MAX_DEPTH) return Array.isArray(value) ? "[Array]" : `[${title(tag)}]`;
  if (Array.isArray(value)) return wrap("[", list(value, value.length, each), "]");
  if (value instanceof Map) {
    const entries = list(value, value.size, ([key, item]) => `${each(key)} => ${each(item)}`);
    return `Map(${value.size}) ${wrap("{", entries, "}")}`;
  }
  if (value instanceof Set) return `Set(${value.size}) ${wrap("{", list(value, value.size, each), "}")}`;
  if (value instanceof PlainObject) return wrap("{", pairs(vm, value, path), "}");
  return `[${title(tag)}]`;
}

function title(tag: string): string {
  return tag.charAt(0).toUpperCase() + tag.slice(1);
}

function pairs(vm: Machine, value: Value, path: Value[]): string[] {
  const keys = vm.ownKeys(value);
  vm.charge(keys.length >> 2);
  return list(keys, keys.length, (key) => {
    const name = /^[\p{ID_Start}$_][\p{ID_Continue}$]*$/u.test(key) ? key : JSON.stringify(cut(key));
    return `${cut(name)}: ${show(vm, vm.getMember(value, key), [...path, value])}`;
  });
}

function list<T>(items: Iterable<T>, size: number, toText: (item: T) => string): string[] {
  const texts: string[] = [];
  for (const item of items) {
    if (texts.length === MAX_ITEMS) {
      texts.push(`... ${size - MAX_ITEMS} more`);
      break;
    }
    texts.push(toText(item));
  }
  return texts;
}

function wrap(open: string, texts: string[], close: string): string {
  if (texts.length === 0) return `${open}${close}`;
  return open === "[" ? `[ ${texts.join(", ")} ]` : `${open} ${texts.join(", ")} ${close}`;
}

function cut(text: string): string {
  return text.length > MAX_TEXT ? `${text.slice(0, MAX_TEXT)}...` : text;
}

import { FlowPromise } from "../vm/promise.ts";
import { type FlowError, PlainObject, type Value } from "../vm/value.ts";
import type { Machine } from "./builtin.ts";
import { TextBuilder } from "./text_builder.ts";
import { isObject } from "./define.ts";

/** How deep objects may nest when a replacer gives them. */
const MAX_REPLACED_DEPTH = 2_000;

/** How `JSON.stringify` was called. */
export interface StringifyOptions {
  /** A function `(key, value)`. */
  readonly replacer?: Value;
  /** The keys that are written. */
  readonly allowed?: readonly string[];
  /** What one level is indented by. */
  readonly gap?: string;
}

/** An object or array that is being written. */
interface Open {
  readonly value: Exclude<Value, undefined | null | boolean | number | string>;
  readonly keys: readonly string[] | undefined;
  readonly length: number;
  /** The key it was found under. */
  readonly key: string;
  index: number;
  written: boolean;
}

/** `JSON.stringify(value)`, without recursion: how deep a value is nested does not matter to the host's stack. */
export function stringify(vm: Machine, value: Value, options: StringifyOptions = {}): string | undefined {
  return new Writer(vm, options).write(value);
}

class Writer {
  readonly #vm: Machine;
  readonly #options: StringifyOptions;
  readonly #gap: string;
  readonly #text: TextBuilder;
  readonly #open: Open[] = [];
  readonly #inside = new Set<Value>();

  constructor(vm: Machine, options: StringifyOptions) {
    this.#vm = vm;
    this.#options = options;
    this.#gap = options.gap ?? "";
    this.#text = new TextBuilder(vm);
  }

  write(value: Value): string | undefined {
    const root = new PlainObject();
    root[""] = value;
    const first = this.#prepare(root, "", value);
    if (!this.#isWritten(first)) return undefined;
    this.#begin("", first);
    for (let top = this.#open.at(-1); top !== undefined; top = this.#open.at(-1)) this.#step(top);
    return this.#text.toString();
  }

  /** What stands in the text for a member: `toJSON` first, then the replacer. */
  #prepare(holder: Value, key: string, found: Value): Value {
    const vm = this.#vm;
    let value = found;
    if (isObject(value)) {
      const toJson = vm.tag(value) === "namespace" ? undefined : vm.getMember(value, "toJSON");
      if (vm.isCallable(toJson)) value = vm.call(toJson, [key], value);
    }
    const { replacer } = this.#options;
    return replacer === undefined ? value : vm.call(replacer, [key, value], holder);
  }

  #isWritten(value: Value): boolean {
    return value !== undefined && !this.#vm.isCallable(value);
  }

  #begin(key: string, value: Value): void {
    if (!isObject(value)) {
      this.#text.add(typeof value === "number" && !Number.isFinite(value) ? "null" : JSON.stringify(value));
      return;
    }
    if (this.#inside.has(value)) this.#refuseCycle(key, value);
    this.#checkDepth();
    this.#inside.add(value);
    const isArray = Array.isArray(value);
    const keys = isArray ? undefined : this.#options.allowed ?? this.#vm.ownKeys(value);
    this.#open.push({
      value,
      keys,
      length: isArray ? value.length : keys!.length,
      key,
      index: 0,
      written: false,
    });
    this.#text.add(isArray ? "[" : "{");
  }

  /** A replacer can go on for ever giving new objects: that ends as JavaScript ends it, with an error that can be caught. */
  #checkDepth(): void {
    const depth = this.#open.length + 1;
    this.#vm.checkArray(depth);
    this.#vm.charge(4);
    if (this.#options.replacer === undefined || depth <= MAX_REPLACED_DEPTH) return;
    this.#vm.fail("RangeError", "Maximum call stack size exceeded", { code: "FLOW_CALL_DEPTH" });
  }

  /** Write the next member of the innermost object. */
  #step(top: Open): void {
    const { value, keys } = top;
    if (top.index >= top.length) return this.#end(top);
    const key = keys === undefined ? String(top.index) : keys[top.index]!;
    top.index++;
    this.#vm.charge(1);
    // Only a list of allowed keys can name what the object has not; the member would then come from its prototype.
    const found = keys === undefined || !this.#options.allowed || this.#vm.hasOwn(value, key)
      ? this.#vm.getMember(value, key)
      : undefined;
    const member = this.#prepare(value, key, found);
    const written = this.#isWritten(member);
    if (!written && keys !== undefined) return;
    if (top.written) this.#text.add(",");
    top.written = true;
    this.#indent(this.#open.length);
    if (keys !== undefined) this.#text.add(`${JSON.stringify(key)}:${this.#gap === "" ? "" : " "}`);
    if (written) this.#begin(key, member);
    else this.#text.add("null");
  }

  #end(top: Open): void {
    this.#open.pop();
    this.#inside.delete(top.value);
    if (top.written) this.#indent(this.#open.length);
    this.#text.add(top.keys === undefined ? "]" : "}");
  }

  #indent(depth: number): void {
    if (this.#gap === "") return;
    this.#text.add(`\n${this.#gap.repeat(depth)}`);
  }

  #refuseCycle(key: string, value: Value): never {
    const start = this.#open.findIndex((one) => one.value === value);
    const cycle = this.#open.slice(start);
    const lines = cycle.map((one, index) =>
      index === 0
        ? `\n    --> starting at object with constructor '${constructorName(this.#vm, one.value)}'`
        : `\n    |     ${place(cycle[index - 1]!, one.key)} -> object with constructor '${
          constructorName(this.#vm, one.value)
        }'`
    );
    const shown = lines.length > 4 ? [...lines.slice(0, 3), "\n    |     ...", lines.at(-1)!] : lines;
    const last = `\n    --- ${place(cycle.at(-1)!, key)} closes the circle`;
    return this.#vm.fail("TypeError", `Converting circular structure to JSON${shown.join("")}${last}`);
  }
}

function place(holder: Open, key: string): string {
  return holder.keys === undefined ? `index ${key}` : `property '${key}'`;
}

function constructorName(vm: Machine, value: Value): string {
  if (value instanceof FlowPromise) return "Promise";
  const tag = vm.tag(value);
  if (tag === "error") return (value as FlowError).kind;
  return tag.charAt(0).toUpperCase() + tag.slice(1);
}

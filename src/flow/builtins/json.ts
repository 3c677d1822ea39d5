import { Namespace, PlainObject, type Value } from "../vm/value.ts";
import type { Machine } from "./builtin.ts";
import { natives } from "./define.ts";
import { stringify } from "./json_text.ts";

/**
 * Fresh flow values from the host's JSON, without recursion.
 *
 * @param value what the host's `JSON.parse` gave
 */
export function fromJson(value: unknown): Value {
  const root: Value[] = [];
  const pending: { from: unknown; into: Value[] | PlainObject; key: string | number }[] = [
    { from: value, into: root, key: 0 },
  ];
  for (let next = pending.pop(); next !== undefined; next = pending.pop()) {
    const { from, into, key } = next;
    const made = shell(from);
    (into as Record<string | number, Value>)[key] = made;
    if (Array.isArray(made)) {
      (from as unknown[]).forEach((item, index) => put(pending, made, { key: index, item }));
    } else if (made instanceof PlainObject) {
      for (const name of Object.keys(from as object)) {
        put(pending, made, { key: name, item: (from as Record<string, unknown>)[name] });
      }
    }
  }
  return root[0];
}

/** Write a member: primitives at once, and a place for the rest so that the order of keys is kept. */
function put(
  pending: { from: unknown; into: Value[] | PlainObject; key: string | number }[],
  into: Value[] | PlainObject,
  of: { key: string | number; item: unknown },
): void {
  const { key, item } = of;
  const isNested = typeof item === "object" && item !== null;
  (into as Record<string | number, Value>)[key] = isNested ? undefined : item as Value;
  if (isNested) pending.push({ from: item, into, key });
}

function shell(from: unknown): Value {
  if (Array.isArray(from)) return [];
  if (typeof from === "object" && from !== null) return new PlainObject();
  return from as Value;
}

function parse(vm: Machine, _self: Value, [text, reviver]: Value[]): Value {
  const source = vm.toString(text);
  // A value may take as few as two characters of the text.
  vm.charge(2 * source.length);
  let host: unknown;
  try {
    host = JSON.parse(source);
  } catch (error) {
    return vm.fail("SyntaxError", (error as Error).message);
  }
  const value = fromJson(host);
  if (!vm.isCallable(reviver)) return value;
  const root = new PlainObject();
  root[""] = value;
  const sources = sourcesByHolder(root, { "": sourcesOf(source) });
  return revive(vm, root, { reviver, sources });
}

/** How the primitives of a text are written there, by where they are: a list or an object of the same shape. */
type Sources = undefined | string | Members;
interface Members {
  readonly [key: string]: Sources;
}

function sourcesOf(text: string): Sources {
  try {
    return JSON.parse(
      text,
      (_key, value, context?: { source?: string }) => context?.source ?? value,
    ) as Sources;
  } catch {
    // Nested too deep for the host, which reads a value first and then revives it by recursion.
    return undefined;
  }
}

/** What a reviver is called with: how the members of each object that was read are written. */
interface Revival {
  readonly reviver: Value;
  readonly sources: ReadonlyMap<Value, Sources>;
}

/** The sources of the members of each object. */
function sourcesByHolder(root: Value, sources: Sources): Map<Value, Sources> {
  const known = new Map<Value, Sources>();
  const ahead: [Value, Sources][] = [[root, sources]];
  for (let next = ahead.pop(); next !== undefined; next = ahead.pop()) {
    const [holder, members] = next;
    if (typeof members !== "object") continue;
    known.set(holder, members);
    for (const key of Object.keys(members)) {
      if (typeof members[key] === "object") {
        ahead.push([(holder as Record<string, Value>)[key], members[key]]);
      }
    }
  }
  return known;
}

/** A member whose own members are revived before it. */
interface Reviving {
  readonly holder: Value[] | PlainObject;
  readonly key: string;
  readonly value: Value;
  readonly keys: readonly string[];
  index: number;
}

/** InternalizeJSONProperty, without recursion. */
function revive(vm: Machine, root: PlainObject, revival: Revival): Value {
  const stack: Reviving[] = [visit(vm, root, "")];
  for (;;) {
    const top = stack.at(-1)!;
    vm.charge(1);
    if (top.index < top.keys.length) {
      stack.push(visit(vm, top.value as Value[] | PlainObject, top.keys[top.index++]!));
      continue;
    }
    stack.pop();
    const result = vm.call(revival.reviver, [top.key, top.value, contextOf(top, revival)], top.holder);
    if (stack.length === 0) return result;
    store(vm, top, result);
  }
}

/** The third argument of a reviver: how a primitive is written, unless something else has taken its place. */
function contextOf({ holder, key, value }: Reviving, { sources }: Revival): PlainObject {
  const context = new PlainObject();
  const members = sources.get(holder);
  const source = typeof members === "object" ? members[key] : undefined;
  if (typeof source === "string" && Object.is(JSON.parse(source), value)) context.source = source;
  return context;
}

function visit(vm: Machine, holder: Value[] | PlainObject, key: string): Reviving {
  const value = (holder as Record<string, Value>)[key];
  const keys = Array.isArray(value) || value instanceof PlainObject ? vm.ownKeys(value) : [];
  return { holder, key, value, keys, index: 0 };
}

function store(vm: Machine, { holder, key }: Reviving, result: Value): void {
  if (holder instanceof PlainObject) {
    if (result === undefined) delete holder[key];
    else holder[key] = result;
  } else if (result === undefined && Number(key) < holder.length) {
    // Removing an element would leave a hole.
    const hint = "an array may not have holes: give null instead";
    vm.fail("TypeError", `Cannot remove element ${key} of an array in JSON.parse: ${hint}`, {
      code: "FLOW_SPARSE_ARRAY",
    });
  } else vm.setMember(holder, key, result);
}

function stringifyCall(vm: Machine, _self: Value, [value, replacer, space]: Value[]): Value {
  return stringify(vm, value, {
    replacer: vm.isCallable(replacer) ? replacer : undefined,
    allowed: Array.isArray(replacer) ? allowedKeys(vm, replacer) : undefined,
    gap: typeof space === "number"
      ? " ".repeat(Math.min(10, Math.max(0, vm.toInteger(space))))
      : typeof space === "string"
      ? space.slice(0, 10)
      : "",
  });
}

function allowedKeys(vm: Machine, replacer: Value[]): string[] {
  vm.charge(replacer.length);
  const names = replacer.filter((one) => typeof one === "string" || typeof one === "number").map(String);
  return [...new Set(names)];
}

/** `JSON`. */
export const json: Namespace = new Namespace(
  "JSON",
  natives("JSON", { parse: [2, parse], stringify: [3, stringifyCall] }),
  new Set(["isRawJSON", "rawJSON"]),
);

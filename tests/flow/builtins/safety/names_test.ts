import assert from "node:assert/strict";
import { library } from "../../../../src/flow/builtins/mod.ts";
import { BUILT_INS, REFUSED_MEMBERS } from "../../../../src/flow/check/names.ts";
import { createWorld } from "../../../../src/flow/durable/globals.ts";
import { Namespace, NativeFunction, type TypeTag, type Value } from "../../../../src/flow/vm/value.ts";

const { globals, library: whole } = createWorld(library);
const GIVEN = ["Inputs", "Context"];

function membersOf(value: Value): string[] {
  if (value instanceof Namespace) return [...value.members.keys()];
  return value instanceof NativeFunction ? [...value.statics.keys()] : [];
}

Deno.test("the names that the checker knows are the names that a flow finds", () => {
  const known = [...BUILT_INS.keys()].filter((name) => !GIVEN.includes(name));
  assert.deepEqual([...globals.keys()].sort(), known.sort());
});

Deno.test("the members that the checker knows are the members of each built-in", () => {
  for (const [name, { kind, members }] of BUILT_INS) {
    if (kind === "data") continue;
    assert.deepEqual(membersOf(globals.get(name)).sort(), [...members].sort(), name);
  }
});

Deno.test("what the checker calls a constructor, a converter, a function or a namespace is one", () => {
  for (const [name, { kind }] of BUILT_INS) {
    const value = globals.get(name);
    if (kind === "namespace") assert(value instanceof Namespace, name);
    else if (kind === "constructor") assert(value instanceof NativeFunction && value.construct, name);
    else if (kind === "converter" || kind === "function") {
      assert(value instanceof NativeFunction && !value.construct, name);
    }
  }
});

Deno.test("a static member that JavaScript has is offered or refused by name, never undefined", () => {
  for (const [name, value] of globals) {
    const host = (globalThis as unknown as Record<string, unknown>)[name];
    if (!(value instanceof Namespace || value instanceof NativeFunction)) continue;
    if (host === undefined || host === null || name === "console" || name === "crypto") continue;
    const missing = Object.getOwnPropertyNames(host).filter((member) =>
      !["name", "length"].includes(member) && !membersOf(value).includes(member) && !value.refused.has(member)
    );
    // Every function's `prototype` is refused in the table of functions.
    assert.deepEqual(missing.filter((member) => member !== "prototype"), [], name);
  }
});

/** What JavaScript finds on the values of each type. */
const PROTOTYPES: Partial<Record<TypeTag, object>> = {
  object: Object.prototype,
  array: Array.prototype,
  string: String.prototype,
  number: Number.prototype,
  boolean: Boolean.prototype,
  function: Function.prototype,
  error: Error.prototype,
  regexp: RegExp.prototype,
  promise: Promise.prototype,
  map: Map.prototype,
  set: Set.prototype,
  date: Date.prototype,
  iterator: Object.getPrototypeOf([].values()),
};
/** Own members that the machine itself reads. */
const OWN: Partial<Record<TypeTag, string[]>> = {
  array: ["length"],
  string: ["length"],
  function: ["name", "length"],
  error: ["name", "message", "stack"],
};

function chain(start: object): string[] {
  const names: string[] = [];
  for (let at: object | null = start; at !== null; at = Object.getPrototypeOf(at)) {
    names.push(...Object.getOwnPropertyNames(at));
  }
  return [...new Set(names)];
}

Deno.test("a member that JavaScript finds on a prototype is offered or refused by name, never undefined", () => {
  for (const [tag, prototype] of Object.entries(PROTOTYPES) as [TypeTag, object][]) {
    const table = whole.members[tag]!;
    const missing = chain(prototype).filter((name) =>
      !table.methods.has(name) && !table.accessors?.has(name) && !table.refused.has(name) &&
      !OWN[tag]?.includes(name)
    );
    assert.deepEqual(missing, [], tag);
  }
});

Deno.test("no table offers what JavaScript has not", () => {
  for (const [tag, prototype] of Object.entries(PROTOTYPES) as [TypeTag, object][]) {
    const names = chain(prototype);
    const offered = [...whole.members[tag]!.methods.keys()];
    assert.deepEqual(offered.filter((name) => !names.includes(name)), [], tag);
  }
});

Deno.test("what the checker refuses for certain, the machine refuses too", () => {
  const tags: Record<string, TypeTag[]> = {
    any: [
      "object",
      "array",
      "string",
      "number",
      "boolean",
      "map",
      "set",
      "date",
      "regexp",
      "promise",
      "error",
    ],
    function: ["function"],
    string: ["string"],
    array: ["array"],
    regexp: ["regexp"],
  };
  for (const [kind, names] of Object.entries(REFUSED_MEMBERS)) {
    for (const tag of tags[kind]!) {
      for (const name of names) assert(whole.members[tag]!.refused.has(name), `${tag}.${name}`);
    }
  }
});

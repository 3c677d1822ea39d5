import assert from "node:assert/strict";
import { library } from "../../../../src/flow/builtins/mod.ts";
import { createWorld } from "../../../../src/flow/durable/globals.ts";
import { compileFlow } from "../../../../src/flow/mod.ts";
import { loadProgram } from "../../../../src/flow/vm/loaded.ts";
import { FlowMachine } from "../../../../src/flow/vm/machine.ts";
import { FlowPromise } from "../../../../src/flow/vm/promise.ts";
import { FlowThrow } from "../../../../src/flow/vm/throw.ts";
import {
  BareObject,
  BoundNative,
  FlowError,
  FlowFunction,
  FlowIterator,
  FlowRegExp,
  Namespace,
  NativeFunction,
  PlainObject,
  type Value,
} from "../../../../src/flow/vm/value.ts";

const world = createWorld(library);

/** The only classes whose objects a flow may hold; each exactly, none of its subclasses. */
const ALLOWED: ReadonlySet<unknown> = new Set([
  PlainObject.prototype,
  BareObject.prototype,
  FlowFunction.prototype,
  NativeFunction.prototype,
  BoundNative.prototype,
  Namespace.prototype,
  FlowError.prototype,
  FlowRegExp.prototype,
  FlowIterator.prototype,
  FlowPromise.prototype,
  Array.prototype,
  Map.prototype,
  Set.prototype,
  Date.prototype,
]);

/** Every name that anything on the host's prototypes or in its global object has. */
function hostNames(): string[] {
  const names = new Set([
    "__proto__",
    "arguments",
    "caller",
    "callee",
    "then",
    "0",
    "-1",
    "",
    "kind",
    "trace",
  ]);
  const seen = new Set<unknown>();
  const visit = (value: unknown, depth: number): void => {
    if ((typeof value !== "object" && typeof value !== "function") || value === null || seen.has(value)) {
      return;
    }
    seen.add(value);
    for (const name of Object.getOwnPropertyNames(value)) {
      names.add(name);
      const descriptor = Object.getOwnPropertyDescriptor(value, name)!;
      if (depth > 0) visit(descriptor.value, depth - 1);
    }
    visit(Object.getPrototypeOf(value), depth);
  };
  for (
    const root of [
      Object,
      Function,
      Array,
      String,
      Number,
      Boolean,
      Date,
      Map,
      Set,
      RegExp,
      Error,
      Promise,
      Math,
      JSON,
    ]
  ) {
    visit(root, 2);
  }
  for (
    const shape of [
      NativeFunction,
      FlowFunction,
      FlowRegExp,
      FlowIterator,
      FlowPromise,
      Namespace,
      FlowMachine,
    ]
  ) {
    visit(shape, 2);
  }
  for (
    const name of [
      "id",
      "call",
      "construct",
      "statics",
      "refused",
      "source",
      "compiled",
      "captures",
      "live",
      "hidden",
      "props",
    ]
  ) {
    names.add(name);
  }
  return [...names];
}

function createMachine(): FlowMachine {
  const { program } = compileFlow({ name: "x.flow", source: "return (x) => x" });
  const vm = new FlowMachine({
    program: loadProgram(program!),
    library: world.library,
    globals: world.globals,
    host: { executionId: "1", seed: "1", epoch: 0, step: 1, moment: new Date(0) },
    limits: { instructions: 1e9 },
  });
  // Built-ins are only ever called from code that runs.
  vm.enter(new FlowFunction(0, []), 0, 0);
  return vm;
}

Deno.test("whatever members a flow reads and whatever it calls, it never holds anything of the host", () => {
  const vm = createMachine();
  const names = hostNames();
  assert(names.length > 300, String(names.length));
  const seen = new Set<Value>();
  const probed = new Map<unknown, number>();
  const pending: { value: Value; path: string }[] = [];
  const meet = (value: Value, path: string): void => {
    if (typeof value === "function" || typeof value === "symbol") {
      assert.fail(`${path} is a ${typeof value} of the host`);
    }
    if (typeof value !== "object" || value === null || seen.has(value)) return;
    assert(ALLOWED.has(Object.getPrototypeOf(value)), `${path} is of the host`);
    seen.add(value);
    pending.push({ value, path });
  };
  const attempt = (path: string, run: () => Value): void => {
    let value: Value;
    try {
      value = run();
    } catch (thrown) {
      if (!(thrown instanceof FlowThrow)) throw new Error(`${path} throws ${String(thrown)}`);
      value = thrown.value;
    }
    meet(value, path);
  };
  for (const [name, value] of world.globals) meet(value, name);
  const specimens: [string, Value][] = [
    ["a text", "abc"],
    ["a number", 1.5],
    ["a truth", true],
  ];
  for (const [path, value] of specimens) {
    for (const name of names) attempt(`${path}.${name}`, () => vm.getMember(value, name));
  }
  const argumentLists: Value[][] = [[], ["abc", "b"], [[1, 2], 1], [new PlainObject(), new PlainObject()], [
    new FlowRegExp("b", "g"),
    "x",
  ]];
  const selves: Value[] = [
    undefined,
    "abc",
    1,
    [3, 1, 2],
    new PlainObject(),
    new Map<Value, Value>([[1, 2]]),
    new Set<Value>([1]),
    new Date(0),
    new FlowRegExp("b", "dg"),
    new FlowError("Error", "x"),
    new FlowIterator([1, 2], "entries"),
  ];
  for (let next = pending.pop(); next !== undefined; next = pending.pop()) {
    const { value, path } = next;
    const kind = Object.getPrototypeOf(value);
    probed.set(kind, (probed.get(kind) ?? 0) + 1);
    // All of a kind have the same names: after many of them the names of their own are enough.
    if (value instanceof NativeFunction || probed.get(kind)! < 20) {
      for (const name of names) attempt(`${path}.${name}`, () => vm.getMember(value, name));
    }
    // Whatever its names: a flow can list them.
    for (const key of vm.ownKeys(value)) attempt(`${path}.${key}`, () => vm.getMember(value, key));
    if (value instanceof Map || value instanceof Set) {
      value.forEach((item, key) => (meet(item, `${path} value`), meet(key as Value, `${path} key`)));
    }
    if (!(value instanceof NativeFunction) || /^(?:Task|Workflow|Timer|Signal|console)\b/.test(value.id)) {
      continue;
    }
    for (const args of argumentLists) {
      for (const self of selves) {
        attempt(`${path}(…)`, () => value.call(vm, self, structuredArguments(args)));
      }
      if (value.construct) attempt(`new ${path}(…)`, () => value.construct!(vm, structuredArguments(args)));
    }
  }
  assert(seen.size > 300, String(seen.size));
});

/** Fresh arrays, so that a method that changes its arguments changes no later call's. */
function structuredArguments(args: Value[]): Value[] {
  return args.map((value) => Array.isArray(value) ? [...value] : value);
}

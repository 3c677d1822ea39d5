import type { Library } from "../builtins/builtin.ts";
import type { Registry } from "../snapshot/decode.ts";
import { promiseConstructor, promiseMembers } from "../vm/promise_library.ts";
import { rejectFunction, resolveFunction } from "../vm/promises.ts";
import { Namespace, NativeFunction, type Value } from "../vm/value.ts";
import { rejectFunction as rejectCall, replyFunction } from "./calls.ts";
import { durableGlobals } from "./library.ts";

/** The library with everything that the machine itself adds, and a way to find each of its objects by name. */
export interface World {
  library: Library;
  globals: ReadonlyMap<string, Value>;
  registry: Registry;
}

/** Put the world of a flow together. */
export function createWorld(builtins: Library): World {
  const library: Library = { ...builtins, members: { ...builtins.members, promise: promiseMembers } };
  const globals = new Map<string, Value>([
    ...builtins.globals,
    ["Promise", promiseConstructor],
    ...durableGlobals,
  ]);
  const natives = new Map<string, NativeFunction>();
  const namespaces = new Map<string, Namespace>();
  const note = (value: Value): void => {
    if (value instanceof Namespace) {
      namespaces.set(value.name, value);
      for (const member of value.members.values()) note(member);
    } else if (value instanceof NativeFunction && !natives.has(value.id)) {
      natives.set(value.id, value);
      for (const member of value.statics.values()) note(member);
    }
  };
  for (const value of globals.values()) note(value);
  for (const table of Object.values(library.members)) {
    for (const method of table.methods.values()) note(method);
  }
  note(resolveFunction);
  note(rejectFunction);
  note(replyFunction);
  note(rejectCall);
  return {
    library,
    globals,
    registry: { native: (id) => natives.get(id), namespace: (name) => namespaces.get(name) },
  };
}

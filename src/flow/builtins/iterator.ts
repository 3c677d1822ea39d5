import { FlowIterator, FlowRegExp, PlainObject, type Value } from "../vm/value.ts";
import type { Machine, MemberTable } from "./builtin.ts";
import { declare, memberTable } from "./define.ts";

/** How JavaScript calls an iterator of this kind. */
function kindOf(iterator: FlowIterator): string {
  const { source } = iterator;
  if (Array.isArray(source)) return "Array Iterator";
  if (typeof source === "string") return "String Iterator";
  if (source instanceof FlowRegExp) return "RegExp String Iterator";
  return source instanceof Map ? "Map Iterator" : "Set Iterator";
}

function iteratorOf(vm: Machine, self: Value, name: string): FlowIterator {
  if (self instanceof FlowIterator) return self;
  return vm.fail(
    "TypeError",
    `Method Array Iterator.prototype.${name} called on incompatible receiver ${vm.show(self)}`,
  );
}

/** The members of iterators. */
export const iteratorMembers: MemberTable = memberTable("Iterator.prototype", {
  next: [0, (vm, self) => {
    const value = vm.next(iteratorOf(vm, self, "next"));
    const result = new PlainObject();
    result.value = value === vm.END ? undefined : value;
    result.done = value === vm.END;
    return result;
  }],
  toString: declare(0, (vm, self) => `[object ${kindOf(iteratorOf(vm, self, "toString"))}]`),
}, { refused: "drop every filter find flatMap forEach map reduce some take toArray" });

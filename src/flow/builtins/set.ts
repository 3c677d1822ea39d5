import { FlowIterator, NativeFunction, type Value } from "../vm/value.ts";
import type { Machine, MemberTable } from "./builtin.ts";
import { declare, type Declared, memberTable, needCallable } from "./define.ts";
import { setRecord } from "./set_record.ts";

function setOf(vm: Machine, self: Value, name: string): Set<Value> {
  if (self instanceof Set) return self;
  return vm.fail(
    "TypeError",
    `Method Set.prototype.${name} called on incompatible receiver ${vm.show(self)}`,
  );
}

const ALGEBRA = [
  "union",
  "intersection",
  "difference",
  "symmetricDifference",
  "isSubsetOf",
  "isSupersetOf",
  "isDisjointFrom",
] as const;

const algebra: Record<string, Declared> = Object.fromEntries(
  ALGEBRA.map((name): [string, Declared] => [name, [
    1,
    (vm, self, [other]) => {
      const set = setOf(vm, self, name);
      const record = setRecord(vm, other, name);
      vm.charge(set.size + (Number.isFinite(record.size) ? record.size : 0));
      const made = set[name](record);
      if (made instanceof Set) vm.checkArray(made.size);
      return made;
    },
  ]]),
);

/** The members of sets. */
export const setMembers: MemberTable = memberTable("Set.prototype", {
  ...algebra,
  has: [1, (vm, self, [value]) => {
    vm.payFor(value);
    return setOf(vm, self, "has").has(value);
  }],
  add: [1, (vm, self, [value]) => {
    const set = setOf(vm, self, "add");
    vm.payFor(value);
    vm.checkArray(set.size + 1);
    return set.add(value);
  }],
  delete: [1, (vm, self, [value]) => {
    vm.payFor(value);
    return setOf(vm, self, "delete").delete(value);
  }],
  clear: [0, (vm, self) => void setOf(vm, self, "clear").clear()],
  forEach: [1, (vm, self, [callback]) => {
    const set = setOf(vm, self, "forEach");
    needCallable(vm, callback);
    set.forEach((value) => {
      vm.charge(1);
      vm.call3(callback, value, value, set);
    });
    return undefined;
  }],
  entries: [0, (vm, self) => new FlowIterator(setOf(vm, self, "entries"), "entries")],
  keys: [0, (vm, self) => new FlowIterator(setOf(vm, self, "keys"), "values")],
  values: [0, (vm, self) => new FlowIterator(setOf(vm, self, "values"), "values")],
  toString: declare(0, () => "[object Set]"),
}, { accessors: new Map([["size", { get: (vm, self) => setOf(vm, self, "size").size }]]) });

function construct(vm: Machine, [values]: Value[]): Value {
  const set = new Set<Value>();
  if (values === undefined || values === null) return set;
  const iterator = vm.iterate(values);
  for (let value = vm.next(iterator); value !== vm.END; value = vm.next(iterator)) {
    vm.charge(3);
    vm.payFor(value);
    set.add(value);
    vm.checkArray(set.size);
  }
  return set;
}

/** `Set`. */
export const setFunction: NativeFunction = new NativeFunction({
  id: "Set",
  length: 0,
  call: (vm) => vm.fail("TypeError", "Constructor Set requires 'new'"),
  construct,
  isInstance: (value) => value instanceof Set,
  refused: new Set(["prototype"]),
});

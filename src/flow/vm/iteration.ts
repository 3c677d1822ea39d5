import type { FlowMachine } from "./machine.ts";
import { hasMember, ownKeys } from "./members.ts";
import { isObject } from "./tag.ts";
import { FlowIterator, FlowRegExp, type Value } from "./value.ts";

/** GetIterator; `shown` is the iterable in the message. */
export function iteratorOf(vm: FlowMachine, value: Value, shown: string): FlowIterator {
  if (Array.isArray(value) || typeof value === "string" || value instanceof Set) {
    return new FlowIterator(value, "values");
  }
  if (value instanceof Map) return new FlowIterator(value, "entries");
  if (value instanceof FlowIterator) return value;
  const vague = shown === "" || shown === "(intermediate value)" || shown.endsWith("(...)");
  const what = vague || value === undefined || value === null ? `${describe(vm, value, shown)}` : shown;
  return vm.fail("TypeError", `${what} is not iterable`);
}

function describe(vm: FlowMachine, value: Value, shown: string): string {
  if (value === undefined || value === null) {
    return shown === "" || shown === "(intermediate value)" ? String(value) : shown;
  }
  if (shown.endsWith("(...)")) return `${shown} is not a function or its return value`;
  return isObject(value) ? vm.show(value) : `${typeof value} ${vm.show(value)}`;
}

/** One step of an iterator. */
export function stepIterator(vm: FlowMachine, iterator: FlowIterator): Value {
  if (iterator.done) return vm.END;
  const { source, mode } = iterator;
  if (Array.isArray(source)) {
    const { index } = iterator;
    if (index >= source.length) return finish(vm, iterator);
    iterator.index = index + 1;
    return mode === "values" ? source[index] : mode === "keys" ? index : [index, source[index]];
  }
  if (typeof source === "string") return stepText(vm, iterator, source);
  if (source instanceof FlowRegExp) {
    const match = vm.library.matchNext(vm, source, iterator.subject!);
    return match === null ? finish(vm, iterator) : match;
  }
  iterator.live ??= source[mode]() as Iterator<Value>;
  const step = iterator.live.next();
  return step.done ? finish(vm, iterator) : step.value;
}

function stepText(vm: FlowMachine, iterator: FlowIterator, text: string): Value {
  const { index } = iterator;
  if (index >= text.length) return finish(vm, iterator);
  const code = text.codePointAt(index)!;
  const length = code > 0xffff ? 2 : 1;
  iterator.index = index + length;
  return text.slice(index, index + length);
}

function finish(vm: FlowMachine, iterator: FlowIterator): Value {
  iterator.done = true;
  iterator.live = undefined;
  return vm.END;
}

/** Append all that an iterable gives. */
export function spread(vm: FlowMachine, into: Value[], value: Value): void {
  if (Array.isArray(value)) {
    vm.checkArray(into.length + value.length);
    vm.charge(value.length);
    for (let index = 0; index < value.length; index++) into.push(value[index]);
    return;
  }
  const iterator = vm.iterator(value, vm.show(value));
  for (let item = vm.next(iterator); item !== vm.END; item = vm.next(iterator)) {
    vm.charge(1);
    if (into.length % 1024 === 0) vm.checkArray(into.length + 1);
    into.push(item);
  }
}

/** What is left of an iterator, as an array. */
export function drain(vm: FlowMachine, iterator: FlowIterator): Value[] {
  const list: Value[] = [];
  spread(vm, list, iterator);
  return list;
}

/** The keys that `for…in` walks. */
export function keysIterator(vm: FlowMachine, value: Value): FlowIterator {
  vm.charge(1);
  return new FlowIterator(value === undefined || value === null ? [] : ownKeys(value), "values");
}

/** The next key that is still there. */
export function nextKey(vm: FlowMachine, iterator: FlowIterator, object: Value): string | undefined {
  for (;;) {
    const key = stepIterator(vm, iterator);
    if (key === vm.END) return undefined;
    if (!isObject(object) || hasMember(vm, object, key as string)) return key as string;
  }
}

import type { FlowMachine } from "./machine.ts";
import { hasMember } from "./members.ts";
import { describeValue, isObject } from "./tag.ts";
import { FlowIterator, FlowRegExp, type Value } from "./value.ts";

/**
 * GetIterator.
 *
 * @param shown how the message names the value; empty: the message describes it
 */
export function iteratorOf(vm: FlowMachine, value: Value, shown: string): FlowIterator {
  if (Array.isArray(value) || typeof value === "string" || value instanceof Set) {
    return new FlowIterator(value, "values");
  }
  if (value instanceof Map) return new FlowIterator(value, "entries");
  if (value instanceof FlowIterator) return value;
  const what = shown === "" ? `${describeValue(value)} is not iterable` : `${shown} is not iterable`;
  return vm.fail("TypeError", shown === "" ? `${what} (cannot read property Symbol(Symbol.iterator))` : what);
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
export function spread(vm: FlowMachine, into: Value[], value: Value, shown: string): void {
  if (Array.isArray(value)) {
    vm.checkArray(into.length + value.length);
    vm.charge(value.length);
    for (let index = 0; index < value.length; index++) into.push(value[index]);
    return;
  }
  const iterator = iteratorOf(vm, value, shown);
  for (let item = vm.next(iterator); item !== vm.END; item = vm.next(iterator)) {
    vm.charge(1);
    if (into.length % 1024 === 0) vm.checkArray(into.length + 1);
    into.push(item);
  }
}

/** What is left of an iterator, as an array. */
export function drain(vm: FlowMachine, iterator: FlowIterator): Value[] {
  const list: Value[] = [];
  spread(vm, list, iterator, "");
  return list;
}

/** The keys that `for…in` walks. */
export function keysIterator(vm: FlowMachine, value: Value): FlowIterator {
  const keys = value === undefined || value === null ? [] : vm.ownKeys(value);
  vm.charge(1 + keys.length);
  return new FlowIterator(keys, "values");
}

/** The next key that is still there. */
export function nextKey(vm: FlowMachine, iterator: FlowIterator, object: Value): string | undefined {
  for (;;) {
    const key = stepIterator(vm, iterator);
    if (key === vm.END) return undefined;
    if (!isObject(object) || hasMember(vm, object, key as string)) return key as string;
  }
}

/** The last argument of a call, spread. */
export function spreadArguments(vm: FlowMachine, into: Value[], value: Value, shown: string): void {
  if (value === undefined || value === null) {
    vm.fail("TypeError", `${shown} is not iterable (cannot read property ${value})`);
  }
  const walkable = Array.isArray(value) || typeof value === "string" || value instanceof Map ||
    value instanceof Set || value instanceof FlowIterator;
  if (!walkable) vm.fail("TypeError", "Spread syntax requires ...iterable[Symbol.iterator] to be a function");
  spread(vm, into, value, shown);
}

import type { Value } from "../vm/value.ts";
import type { Machine } from "./builtin.ts";
import { TextBuilder } from "./text_builder.ts";

/** How deep arrays may nest in `join`: each level is a call of the host. */
const MAX_DEPTH = 1_000;

/** The arrays that each machine is joining now: JavaScript writes a cycle as an empty text. */
const joining = new WeakMap<Machine, Value[][]>();

/** How the elements of an array become one text. */
interface Joining {
  separator: Value;
  /** Elements are written by their `toLocaleString`, with these arguments. */
  locale?: Value[];
}

/** `array.join(separator)`, `toString` and `toLocaleString`. */
export function join(vm: Machine, array: Value[], how: Joining): string {
  let stack = joining.get(vm);
  if (stack === undefined) joining.set(vm, stack = []);
  if (stack.includes(array)) return "";
  if (stack.length >= MAX_DEPTH) vm.fail("RangeError", "Maximum call stack size exceeded");
  stack.push(array);
  try {
    return joined(vm, array, how);
  } finally {
    stack.pop();
  }
}

function joined(vm: Machine, array: Value[], how: Joining): string {
  const { length } = array;
  const separator = how.separator === undefined ? "," : vm.toString(how.separator);
  const builder = new TextBuilder(vm, separator);
  for (let index = 0; index < length; index++) {
    const item = array[index];
    builder.add(item === undefined || item === null ? "" : textOf(vm, item, how.locale));
  }
  return builder.toString();
}

function textOf(vm: Machine, item: Value, locale: Value[] | undefined): string {
  if (typeof item === "string") return item;
  return vm.toString(
    locale === undefined ? item : vm.call(vm.getMember(item, "toLocaleString"), locale, item),
  );
}

/** `array.flat(depth)`, without recursion: a cycle runs into the limit of arrays and not into the host's stack. */
export function flat(vm: Machine, array: Value[], depth: number): Value[] {
  const made: Value[] = [];
  const stack = [{ array, index: 0 }];
  for (let top = stack.at(-1); top !== undefined; top = stack.at(-1)) {
    if (top.index >= top.array.length) {
      stack.pop();
      continue;
    }
    const item = top.array[top.index++];
    vm.charge(1);
    if (Array.isArray(item) && stack.length <= depth) {
      vm.checkArray(stack.length);
      stack.push({ array: item, index: 0 });
    } else {
      vm.checkArray(made.length + 1);
      made.push(item);
    }
  }
  return made;
}

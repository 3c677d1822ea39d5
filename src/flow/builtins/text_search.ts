import type { Machine } from "./builtin.ts";

/** Above this product of lengths the host's search, whose worst case is quadratic, is not trusted. */
const HOST_WORK = 2 ** 26;

/** Where to look for what. */
interface Search {
  readonly wanted: string;
  readonly from: number;
}

/** `text.indexOf(wanted, from)` in time that grows with the lengths and not with their product. */
export function find(vm: Machine, text: string, { wanted, from }: Search): number {
  vm.charge((text.length + wanted.length) >> 4);
  if (text.length * wanted.length <= HOST_WORK) return text.indexOf(wanted, from);
  const start = Math.min(Math.max(from, 0), text.length);
  const char = (index: number): number => wanted.charCodeAt(index);
  const at = scan(vm, { length: wanted.length, char }, {
    length: text.length - start,
    char: (index) => text.charCodeAt(start + index),
  });
  return at < 0 ? -1 : at + start;
}

/** `text.lastIndexOf(wanted, from)`, alike. */
export function findLast(vm: Machine, text: string, { wanted, from }: Search): number {
  vm.charge((text.length + wanted.length) >> 4);
  if (text.length * wanted.length <= HOST_WORK) return text.lastIndexOf(wanted, from);
  const begin = Number.isNaN(from) ? Infinity : Math.trunc(from);
  const end = Math.min(Math.max(begin, 0) + wanted.length, text.length);
  const last = wanted.length - 1;
  const at = scan(
    vm,
    { length: wanted.length, char: (index) => wanted.charCodeAt(last - index) },
    { length: end, char: (index) => text.charCodeAt(end - 1 - index) },
  );
  return at < 0 ? -1 : end - at - wanted.length;
}

/** All places of a text, none overlapping. */
export function* occurrencesOf(vm: Machine, text: string, wanted: string): Generator<number> {
  const step = Math.max(wanted.length, 1);
  const trusted = text.length * wanted.length <= HOST_WORK;
  vm.charge(text.length >> 4);
  let count = 0;
  for (let from = 0; from <= text.length;) {
    const at = trusted ? text.indexOf(wanted, from) : find(vm, text, { wanted, from });
    if (at < 0) return;
    vm.charge(1);
    vm.checkArray(++count);
    yield at;
    from = at + step;
  }
}

interface Chars {
  readonly length: number;
  char(index: number): number;
}

/** Knuth, Morris and Pratt. */
function scan(vm: Machine, wanted: Chars, text: Chars): number {
  vm.charge((text.length + wanted.length) >> 2);
  if (wanted.length === 0) return 0;
  if (wanted.length > text.length) return -1;
  const border = new Int32Array(wanted.length);
  for (let index = 1, length = 0; index < wanted.length; index++) {
    while (length > 0 && wanted.char(index) !== wanted.char(length)) length = border[length - 1]!;
    if (wanted.char(index) === wanted.char(length)) length++;
    border[index] = length;
  }
  for (let index = 0, length = 0; index < text.length; index++) {
    while (length > 0 && text.char(index) !== wanted.char(length)) length = border[length - 1]!;
    if (text.char(index) === wanted.char(length)) length++;
    if (length === wanted.length) return index - length + 1;
  }
  return -1;
}

import type { Machine } from "./builtin.ts";

/** The host's search takes up to the product of both lengths. It is used up to this length of a text, and up to this product. */
const SHORT = 16;
const SMALL = 4_096;

/** Where to look for what. */
interface Search {
  readonly wanted: string;
  readonly from: number;
}

/** `text.indexOf(wanted, from)` in time that grows with what is looked at and not with the product of the lengths. */
export function find(vm: Machine, text: string, { wanted, from }: Search): number {
  const start = Math.min(Math.max(from, 0), text.length);
  const room = text.length - start;
  if (wanted.length > room) return -1;
  if (wanted.length <= SHORT || wanted.length * room <= SMALL) {
    const at = text.indexOf(wanted, start);
    pay(vm, wanted, at < 0 ? room : at - start);
    return at;
  }
  const at = scan(vm, { length: wanted.length, char: (index) => wanted.charCodeAt(index) }, {
    length: room,
    char: (index) => text.charCodeAt(start + index),
  });
  return at < 0 ? -1 : at + start;
}

/** `text.lastIndexOf(wanted, from)`, alike. */
export function findLast(vm: Machine, text: string, { wanted, from }: Search): number {
  const begin = Number.isNaN(from) ? Infinity : Math.trunc(from);
  const end = Math.min(Math.max(begin, 0) + wanted.length, text.length);
  if (wanted.length > end) return -1;
  if (wanted.length <= SHORT || wanted.length * end <= SMALL) {
    const at = text.lastIndexOf(wanted, from);
    pay(vm, wanted, end - Math.max(at, 0));
    return at;
  }
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
  let count = 0;
  for (let from = 0; from <= text.length;) {
    const at = find(vm, text, { wanted, from });
    if (at < 0) return;
    vm.charge(1);
    vm.checkArray(++count);
    yield at;
    from = at + step;
  }
}

/** Pay for a search of the host's that looked at so many places. */
function pay(vm: Machine, wanted: string, places: number): void {
  const read = places + wanted.length;
  vm.charge((read >>> 4) + Math.floor(read * wanted.length / 128));
}

interface Chars {
  readonly length: number;
  char(index: number): number;
}

/** Knuth, Morris and Pratt. */
function scan(vm: Machine, wanted: Chars, text: Chars): number {
  vm.charge(wanted.length >> 2);
  const border = new Int32Array(wanted.length);
  for (let index = 1, length = 0; index < wanted.length; index++) {
    while (length > 0 && wanted.char(index) !== wanted.char(length)) length = border[length - 1]!;
    if (wanted.char(index) === wanted.char(length)) length++;
    border[index] = length;
  }
  for (let index = 0, length = 0; index < text.length; index++) {
    while (length > 0 && text.char(index) !== wanted.char(length)) length = border[length - 1]!;
    if (text.char(index) === wanted.char(length)) length++;
    if (length === wanted.length) {
      vm.charge(index >> 2);
      return index - length + 1;
    }
  }
  vm.charge(text.length >> 2);
  return -1;
}

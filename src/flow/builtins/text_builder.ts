import type { Machine } from "./builtin.ts";

/** Up to this length nothing is asked. */
const FREE = 65_536;

/** Puts a text together from pieces, and stops well before it would be too long to exist. */
export class TextBuilder {
  readonly #vm: Machine;
  readonly #pieces: string[] = [];
  #length = 0;
  #nextCheck = FREE;

  constructor(vm: Machine) {
    this.#vm = vm;
  }

  add(piece: string): void {
    this.#length += piece.length;
    this.#vm.charge(1 + (piece.length >> 4));
    this.#pieces.push(piece);
    if (this.#length <= this.#nextCheck) return;
    // A check costs as much as the text is long: with doubling distances all of them cost about one.
    this.#vm.checkString(this.#length);
    this.#nextCheck = this.#length * 2;
  }

  /** The whole text, with `separator` between the pieces. */
  join(separator: string): string {
    const length = this.#length + separator.length * Math.max(this.#pieces.length - 1, 0);
    if (length > FREE) this.#vm.checkString(length);
    return this.#pieces.join(separator);
  }

  toString(): string {
    return this.join("");
  }
}

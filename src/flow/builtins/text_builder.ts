import type { Machine } from "./builtin.ts";

/** Puts a text together from pieces, and checks its length before it exists. */
export class TextBuilder {
  readonly #vm: Machine;
  readonly #pieces: string[] = [];
  #length = 0;

  constructor(vm: Machine) {
    this.#vm = vm;
  }

  add(piece: string): void {
    this.#length += piece.length;
    this.#vm.checkString(this.#length);
    this.#vm.charge(1 + (piece.length >> 4));
    this.#pieces.push(piece);
  }

  toString(): string {
    return this.#pieces.join("");
  }
}

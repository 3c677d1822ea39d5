import type { Machine } from "./builtin.ts";

/** Up to this length nothing is checked. */
const FREE = 65_536;
/** How many pieces are kept before they are joined: millions of small texts take more memory than one long text. */
const APART = 4_096;

/** Puts a text together from pieces, and stops well before it would be too long to exist. */
export class TextBuilder {
  readonly #vm: Machine;
  readonly #separator: string;
  readonly #chunks: string[] = [];
  #pieces: string[] = [];
  #length = 0;
  #nextCheck = FREE;

  /**
   * @param vm who pays
   * @param separator what stands between the pieces
   */
  constructor(vm: Machine, separator = "") {
    this.#vm = vm;
    this.#separator = separator;
  }

  add(piece: string): void {
    const separated = this.#pieces.length > 0 || this.#chunks.length > 0;
    this.#length += piece.length + (separated ? this.#separator.length : 0);
    this.#vm.charge(1 + (piece.length >> 4));
    if (this.#length > this.#nextCheck) {
      // A check costs as much as the text is long. The distance between checks doubles, so all of them cost about as much as the last.
      this.#vm.checkString(this.#length);
      this.#nextCheck = this.#length * 2;
    }
    this.#pieces.push(piece);
    if (this.#pieces.length === APART) this.#gather();
  }

  #gather(): void {
    this.#chunks.push(this.#pieces.join(this.#separator));
    this.#pieces = [];
  }

  toString(): string {
    if (this.#length > FREE) this.#vm.checkString(this.#length);
    if (this.#pieces.length > 0) this.#gather();
    return this.#chunks.length === 1 ? this.#chunks[0]! : this.#chunks.join(this.#separator);
  }
}

const HEX = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, "0"));

/** Makes UUIDs of version 7, each greater than the one before, also within one millisecond. */
export class Uuids {
  readonly #now: () => number;
  readonly #random = new Uint8Array(16 * 256);
  #offset = this.#random.length;
  #lastMs = 0;
  #count = 0;

  /** @param now the clock, in milliseconds */
  constructor(now: () => number = Date.now) {
    this.#now = now;
  }

  /** The next one. */
  next(): string {
    const ms = Math.max(this.#now(), this.#lastMs);
    if (this.#offset === this.#random.length) {
      crypto.getRandomValues(this.#random);
      this.#offset = 0;
    }
    const bytes = this.#random.subarray(this.#offset, this.#offset += 16);
    // The twelve bits after the version count within a millisecond, from a random start that leaves room.
    this.#count = ms === this.#lastMs ? this.#count + 1 : bytes[6]! << 2;
    this.#lastMs = this.#count > 0xfff ? ms + 1 : ms;
    if (this.#count > 0xfff) this.#count = 0;
    const time = this.#lastMs.toString(16).padStart(12, "0");
    const count = this.#count.toString(16).padStart(3, "0");
    let rest = HEX[(bytes[8]! & 0x3f) | 0x80]! + HEX[bytes[9]!] + "-";
    for (let index = 10; index < 16; index++) rest += HEX[bytes[index]!];
    return `${time.slice(0, 8)}-${time.slice(8)}-7${count}-${rest}`;
  }
}

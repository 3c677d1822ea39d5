/** Chance that follows from a seed. A fork has chance of its own, so that what one part draws changes nothing for another. */
export class Dice {
  readonly #seed: string;
  #a: number;
  #b: number;
  #c: number;
  #d: number;

  /** @param seed any text */
  constructor(seed: string) {
    this.#seed = seed;
    [this.#a, this.#b, this.#c, this.#d] = hash(seed);
    for (let turn = 0; turn < 12; turn++) this.next();
  }

  /** Chance of its own for a part of the whole. */
  fork(name: string): Dice {
    return new Dice(`${this.#seed}/${name}`);
  }

  /** A number from 0 up to, but not including, 1 (sfc32). */
  next(): number {
    const sum = (this.#a + this.#b + this.#d) | 0;
    this.#d = (this.#d + 1) | 0;
    this.#a = this.#b ^ (this.#b >>> 9);
    this.#b = (this.#c + (this.#c << 3)) | 0;
    this.#c = (this.#c << 21) | (this.#c >>> 11);
    this.#c = (this.#c + sum) | 0;
    return (sum >>> 0) / 4_294_967_296;
  }

  /** A number between two others. */
  between(from: number, to: number): number {
    return from + this.next() * (to - from);
  }

  /** A whole number, both ends included. */
  whole(from: number, to: number): number {
    return Math.floor(this.between(from, to + 1));
  }

  /** Whether something of this likelihood happens. */
  happens(likelihood: number): boolean {
    return this.next() < likelihood;
  }

  /** One of several. */
  pick<T>(items: readonly T[]): T {
    return items[Math.floor(this.next() * items.length)]!;
  }

  /** One of several, by weight. */
  weighted<T>(items: readonly (readonly [weight: number, item: T])[]): T {
    let left = this.next() * items.reduce((sum, [weight]) => sum + weight, 0);
    for (const [weight, item] of items) {
      left -= weight;
      if (left < 0) return item;
    }
    return items.at(-1)![1];
  }
}

// FNV-1a, four times.
function hash(text: string): [number, number, number, number] {
  const words: [number, number, number, number] = [0x811c9dc5, 0x1000193, 0x9e3779b9, 0x85ebca6b];
  for (let index = 0; index < text.length; index++) {
    for (let word = 0; word < 4; word++) {
      words[word] = Math.imul(words[word]! ^ (text.charCodeAt(index) + word), 0x01000193);
    }
  }
  return words;
}

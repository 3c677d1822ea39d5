/**
 * Regular expressions at random, with texts that they have a chance to match.
 *
 * @module
 */

import type { SeededDice } from "./dice.ts";

/** What both machines are asked about. */
export interface RegExpCase {
  source: string;
  flags: string;
  text: string;
  /** The replacement text. */
  template: string;
  lastIndex: number;
  limit: number;
}

const CHARS = [
  "a",
  "b",
  "c",
  "A",
  "B",
  "1",
  "_",
  " ",
  "-",
  "é",
  "ſ",
  "K",
  "k",
  "ß",
  "\n",
  "\u2028",
  "😀",
  "\ud83d",
];
const ESCAPES = [
  "\\d",
  "\\D",
  "\\w",
  "\\W",
  "\\s",
  "\\S",
  "\\t",
  "\\n",
  "\\x61",
  "\\u0061",
  "\\cJ",
  "\\0",
  "\\.",
  "\\/",
];
const UNICODE = [
  "\\p{L}",
  "\\P{L}",
  "\\p{Lu}",
  "\\p{Script=Latin}",
  "\\u{1F600}",
  "\\u{61}",
  "\\ud83d\\ude00",
];
const LEGACY = ["]", "{", "}", "a{", "{,2}", "\\_", "\\c", "\\u", "\\x1", "\\8", "\\08", "\\k", "\\p{L}"];
const TEMPLATES = [
  "",
  "x",
  "$&",
  "[$1]",
  "$2$1",
  "$$",
  "$`|$'",
  "$<n>",
  "$<m",
  "$10",
  "$01",
  "$0",
  "$",
  "$1$",
  "<$<x>>",
  "$11",
];

/** A random case; the same dice give the same one. */
export function randomCase(dice: SeededDice): RegExpCase {
  const flags = ["d", "g", "i", "m", "s", "u", "y"].filter((flag) => dice.chance(flag === "g" ? 0.5 : 0.25))
    .join("");
  const writer = new Writer(dice, flags.includes("u"));
  const source = writer.disjunction(3);
  return {
    source,
    flags,
    text: Array.from(
      { length: dice.below(11) },
      () => dice.chance(0.7) ? dice.pick(["a", "b", "A"]) : dice.pick(CHARS),
    ).join(""),
    template: dice.pick(TEMPLATES),
    lastIndex: dice.below(8) - 1,
    limit: dice.below(4),
  };
}

class Writer {
  readonly #dice: SeededDice;
  readonly #unicode: boolean;
  #names = ["n", "m", "x", "y", "z"];

  constructor(dice: SeededDice, unicode: boolean) {
    this.#dice = dice;
    this.#unicode = unicode;
  }

  disjunction(depth: number): string {
    const count = this.#dice.chance(0.3) ? 2 + this.#dice.below(2) : 1;
    return Array.from({ length: count }, () => this.#alternative(depth)).join("|");
  }

  #alternative(depth: number): string {
    return Array.from({ length: this.#dice.below(4) }, () => this.#term(depth)).join("");
  }

  #term(depth: number): string {
    const dice = this.#dice;
    if (dice.chance(0.12)) return dice.pick(["^", "$", "\\b", "\\B"]);
    const atom = depth > 0 && dice.chance(0.4) ? this.#group(depth - 1) : this.#char();
    return dice.chance(0.4) ? atom + this.#quantifier() : atom;
  }

  #group(depth: number): string {
    const dice = this.#dice;
    const body = this.disjunction(depth);
    const kind = dice.below(10);
    if (kind < 5) return `(${body})`;
    if (kind < 7) return `(?:${body})`;
    if (kind < 8) return `(?${this.#modifiers()}:${body})`;
    const name = this.#names.shift();
    return name === undefined ? `(${body})` : `(?<${name}>${body})`;
  }

  #modifiers(): string {
    // Not i: V8 loses it where it repeats such a group, and behind one that removed it.
    return this.#dice.pick(["m", "s", "m-s", "-m", "-s", "s-m", "-ms"]);
  }

  #char(): string {
    const dice = this.#dice;
    const roll = dice.below(20);
    if (roll < 9) return dice.pick(["a", "b", "A"]);
    if (roll < 11) return ".";
    if (roll < 14) return this.#class();
    if (roll < 16) return dice.pick(ESCAPES);
    if (roll < 17) return dice.pick(this.#unicode ? UNICODE : LEGACY);
    return dice.pick(CHARS).replace(/[-/]/, "\\$&").replace("\\-", "-");
  }

  #class(): string {
    const dice = this.#dice;
    const parts = Array.from({ length: dice.below(4) }, () => {
      const roll = dice.below(10);
      if (roll < 4) return dice.pick(["a-c", "A-Z", "b-b", "0-9", "é-ÿ"]);
      if (roll < 6) return dice.pick(ESCAPES);
      if (roll < 7) {
        return dice.pick(
          this.#unicode ? ["\\p{L}", "\\u{1F600}", "😀-😂", "\\-"] : ["\\b", "\\c1", "^", "\\7", "-"],
        );
      }
      return dice.pick(["a", "b", "k", "ſ", "\\]", "."]);
    });
    return `[${dice.chance(0.3) ? "^" : ""}${parts.join("")}]`;
  }

  #quantifier(): string {
    const text = this.#dice.pick(["*", "+", "?", "{2}", "{0}", "{1,}", "{0,2}", "{1,3}", "{2,}", "{0,1}"]);
    return this.#dice.chance(0.3) ? `${text}?` : text;
  }
}

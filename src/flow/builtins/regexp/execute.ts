import type { Assertion, CharTest, RegExpProgram } from "./program.ts";

/** What a match is asked for. */
export interface MatchOptions {
  /** Where to begin. */
  readonly from: number;
  /** Whether the match has to begin there. */
  readonly sticky: boolean;
  /** Told how much work was done, every now and then. */
  readonly charge: (units: number) => void;
}

/** How much work is done between two charges. */
const STRIDE = 4_096;

/**
 * The match that a backtracking engine would find: leftmost, and of those the first in the order of preference. All
 * alternatives walk over the text together, in that order. Two of them at the same instruction have the same future, so the
 * second one is dropped: time is the length of the text times the size of the program, whatever the pattern.
 *
 * @returns the offsets of the groups, -1 where one took no part; `null` without a match
 */
export function executeRegExp(
  program: RegExpProgram,
  text: string,
  options: MatchOptions,
): Int32Array | null {
  return new Run(program, text, options).search();
}

/** The alternatives that wait for the next character, best first. */
class Threads {
  readonly places: number[] = [];
  readonly captures: Int32Array[] = [];
}

class Run {
  readonly #program: RegExpProgram;
  readonly #text: string;
  readonly #options: MatchOptions;
  /** The step that last reached each instruction: two places each, for what has moved in its loop and what has not. */
  readonly #seen: Int32Array;
  #step = 0;
  #work = 0;
  #found: Int32Array | null = null;
  /** What is still to be followed: state (twice the place, plus one if moved) and captures. */
  readonly #states: number[] = [];
  readonly #stateCaptures: Int32Array[] = [];

  constructor(program: RegExpProgram, text: string, options: MatchOptions) {
    this.#program = program;
    this.#text = text;
    this.#options = options;
    this.#seen = new Int32Array(program.code.length * 2);
  }

  search(): Int32Array | null {
    const { sticky, from } = this.#options;
    const { length } = this.#text;
    const empty = new Int32Array(this.#program.slots).fill(-1);
    let now = new Threads();
    let next = new Threads();
    let index = from;
    this.#step = 1;
    for (;;) {
      if (this.#found === null && (!sticky || index === from)) {
        if (!sticky && now.places.length === 0) index = this.#skip(index);
        this.#follow(now, { state: 0, captures: empty, index });
      }
      if (index >= length) break;
      if (now.places.length === 0 && (sticky || this.#found !== null)) break;
      const code = this.#charAt(index);
      index += code > 0xffff ? 2 : 1;
      this.#advance({ now, next, code, index });
      [now, next] = [next, now];
    }
    this.#options.charge((this.#work >> 3) + 1);
    return this.#found;
  }

  /** The next place where a match can begin. */
  #skip(index: number): number {
    const { first, unicode } = this.#program;
    if (first === undefined) return index;
    const start = index;
    while (index < this.#text.length) {
      const code = unicode ? this.#text.codePointAt(index)! : this.#text.charCodeAt(index);
      if (first(code)) break;
      index += code > 0xffff ? 2 : 1;
    }
    this.#pay((index - start) >> 1);
    return index;
  }

  #charAt(index: number): number {
    return this.#program.unicode ? this.#text.codePointAt(index)! : this.#text.charCodeAt(index);
  }

  #pay(work: number): void {
    this.#work += work;
    if (this.#work < STRIDE) return;
    this.#options.charge(this.#work >> 3);
    this.#work = 0;
  }

  /** Move every alternative over one character. `index` is behind it. */
  #advance(over: { now: Threads; next: Threads; code: number; index: number }): void {
    const { now, next, code, index } = over;
    const instructions = this.#program.code;
    next.places.length = next.captures.length = 0;
    this.#step++;
    this.#pay(now.places.length + 1);
    for (let rank = 0; rank < now.places.length; rank++) {
      const place = now.places[rank]!;
      const instruction = instructions[place]!;
      const fits = instruction.op === "char"
        ? instruction.code === code
        : instruction.op === "test" && instruction.test(code);
      if (!fits) continue;
      const matched = this.#follow(next, { state: 2 * place + 3, captures: now.captures[rank]!, index });
      // What ranks behind a match is never preferred to it.
      if (matched) return;
    }
  }

  /** Follow an alternative to everything that waits for a character; says whether it came to a match. */
  #follow(into: Threads, from: { state: number; captures: Int32Array; index: number }): boolean {
    const { index } = from;
    const states = this.#states;
    const stateCaptures = this.#stateCaptures;
    states.push(from.state);
    stateCaptures.push(from.captures);
    while (states.length > 0) {
      let state = states.pop()!;
      let captures = stateCaptures.pop()!;
      for (;;) {
        if (this.#seen[state] === this.#step) break;
        this.#seen[state] = this.#step;
        this.#work++;
        const place = state >> 1;
        const moved = state & 1;
        const instruction = this.#program.code[place]!;
        if (instruction.op === "char" || instruction.op === "test") {
          into.places.push(place);
          into.captures.push(captures);
          break;
        }
        if (instruction.op === "match") {
          this.#found = captures;
          states.length = stateCaptures.length = 0;
          return true;
        }
        if (instruction.op === "split") {
          states.push(2 * instruction.second + moved);
          stateCaptures.push(captures);
          state = 2 * instruction.first + moved;
        } else if (instruction.op === "jump") state = 2 * instruction.to + moved;
        else if (instruction.op === "begin") state = 2 * place + 2;
        else if (instruction.op === "progress") {
          if (moved === 0) break;
          state += 2;
        } else if (instruction.op === "assert") {
          if (!this.#holds(instruction.what, index)) break;
          state += 2;
        } else if (instruction.op === "boundary") {
          const { isWord, negate } = instruction;
          if ((this.#isWordAt(index - 1, isWord) === this.#isWordAt(index, isWord)) !== negate) break;
          state += 2;
        } else {
          captures = captures.slice();
          this.#work += captures.length >> 3;
          if (instruction.op === "save") captures[instruction.slot] = index;
          else captures.fill(-1, instruction.from, instruction.to);
          state += 2;
        }
      }
    }
    return false;
  }

  #holds(what: Assertion, index: number): boolean {
    const text = this.#text;
    switch (what) {
      case "start":
        return index === 0;
      case "end":
        return index === text.length;
      case "lineStart":
        return index === 0 || isLineEnd(text.charCodeAt(index - 1));
      case "lineEnd":
        return index === text.length || isLineEnd(text.charCodeAt(index));
    }
  }

  #isWordAt(index: number, isWord: CharTest): boolean {
    return index >= 0 && index < this.#text.length && isWord(this.#text.charCodeAt(index));
  }
}

function isLineEnd(code: number): boolean {
  return code === 10 || code === 13 || code === 0x2028 || code === 0x2029;
}

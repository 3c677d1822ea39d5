import { type Captures, Scratch, type Threads } from "./scratch.ts";
import { ASSERTIONS, Op, type RegExpProgram } from "./program.ts";

/** What a match is asked for. */
export interface MatchOptions {
  /** Where to begin. */
  readonly from: number;
  /** Whether the match has to begin there. */
  readonly sticky: boolean;
  /** Whether no match may begin between the two halves of a pair. */
  readonly wholePairs?: boolean;
  /** Told how much work was done, every now and then. */
  readonly charge: (units: number) => void;
}

const CHAR = Op.char;

/** What beginning a match costs, however short it is. */
const CALL = 8;

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
): Captures | null {
  return new Run(program, text, options).search();
}

class Run {
  readonly #program: RegExpProgram;
  readonly #code: Int32Array;
  readonly #text: string;
  readonly #options: MatchOptions;
  readonly #scratch: Scratch;
  readonly #empty: Captures;
  #work = 0;
  #index: number;
  #found: Captures | null = null;

  constructor(program: RegExpProgram, text: string, options: MatchOptions) {
    this.#program = program;
    this.#code = program.code;
    this.#text = text;
    this.#options = options;
    this.#scratch = Scratch.of(program);
    this.#empty = new Array<number>(program.slots).fill(-1);
    this.#index = options.from;
  }

  search(): Captures | null {
    const { sticky, from } = this.#options;
    const { length } = this.#text;
    const empty = this.#empty;
    let { now, next } = this.#scratch;
    if (this.#program.unicode && isInsidePair(this.#text, from)) {
      // A half of a pair is no character: only an empty match may begin before it.
      this.#index--;
      this.#found = this.#betweenPair(next);
      this.#index += 2;
      if (this.#found !== null || sticky) return this.#found;
    }
    now.count = 0;
    this.#scratch.step();
    for (;;) {
      if (this.#found === null && (!sticky || this.#index === from)) {
        if (!sticky && now.count === 0) this.#skip();
        this.#follow(now, 0, empty);
      }
      if (this.#index >= length) break;
      if (now.count === 0 && (sticky || this.#found !== null)) break;
      this.#advance(now, next);
      [now, next] = [next, now];
    }
    this.#options.charge((this.#work >> 3) + CALL);
    return this.#found;
  }

  /** Go to the next place where a match can begin. */
  #skip(): void {
    const { first, unicode } = this.#program;
    if (first === undefined) return;
    const text = this.#text;
    let index = this.#index;
    while (index < text.length) {
      const code = unicode ? text.codePointAt(index)! : text.charCodeAt(index);
      if (first(code)) break;
      index += code > 0xffff ? 2 : 1;
    }
    this.#pay((index - this.#index) >> 1);
    this.#index = index;
  }

  #pay(work: number): void {
    this.#work += work;
    if (this.#work < STRIDE) return;
    this.#options.charge(this.#work >> 3);
    this.#work = 0;
  }

  /** Move every alternative over one character. */
  #advance(now: Threads, next: Threads): void {
    const code = this.#code;
    const { tests, unicode } = this.#program;
    const char = unicode ? this.#text.codePointAt(this.#index)! : this.#text.charCodeAt(this.#index);
    const { sticky, wholePairs } = this.#options;
    const between = char > 0xffff && !sticky && !wholePairs ? this.#betweenPair(next) : null;
    this.#index += char > 0xffff ? 2 : 1;
    next.count = 0;
    this.#scratch.step();
    this.#pay(now.count + 1);
    const { places, captures, count } = now;
    for (let rank = 0; rank < count; rank++) {
      const place = places[rank]!;
      const operand = code[3 * place + 1]!;
      const fits = code[3 * place] === CHAR ? operand === char : tests[operand]!(char);
      // An alternative behind a match is never preferred to it.
      if (fits && this.#follow(next, 2 * place + 3, captures[rank]!)) return;
    }
    this.#found ??= between;
  }

  /** As V8 does: an empty match may stand between the two halves of a pair. What began before is preferred to it. */
  #betweenPair(unused: Threads): Captures | null {
    if (this.#found !== null || this.#program.first !== undefined) return null;
    this.#index++;
    unused.count = 0;
    this.#scratch.step();
    this.#follow(unused, 0, this.#empty);
    this.#index--;
    const found = this.#found;
    this.#found = null;
    return found;
  }

  /**
   * Follow an alternative to everything that waits for a character; says whether it came to a match.
   *
   * @param start twice the place, plus one if the innermost iteration of a loop has moved
   */
  #follow(into: Threads, start: number, given: Captures): boolean {
    const code = this.#code;
    const { seen, now: step, states, stateCaptures } = this.#scratch.following;
    let depth = 0;
    let state = start;
    let captures = given;
    for (;;) {
      let alive = seen[state] !== step;
      if (alive) {
        seen[state] = step;
        this.#work++;
        const at = 3 * (state >> 1);
        // The numbers of the instructions are literals here: the host makes a table of jumps of them.
        switch (code[at]) {
          case 0: // char
          case 1: // test
            into.places[into.count] = state >> 1;
            into.captures[into.count++] = captures;
            alive = false;
            break;
          case 2: // split
            states[depth] = 2 * code[at + 2]! + (state & 1);
            stateCaptures[depth++] = captures;
            state = 2 * code[at + 1]! + (state & 1);
            break;
          case 3: // jump
            state = 2 * code[at + 1]! + (state & 1);
            break;
          case 6: // begin
            state = (state | 1) + 1;
            break;
          case 7: // progress
            alive = (state & 1) === 1;
            state += 2;
            break;
          case 10: // match
            this.#found = captures;
            return true;
          case 4: // save
            captures = captures.slice();
            captures[code[at + 1]!] = this.#index;
            this.#work += captures.length >> 3;
            state += 2;
            break;
          case 5: // reset
            captures = captures.slice().fill(-1, code[at + 1], code[at + 2]);
            this.#work += captures.length >> 3;
            state += 2;
            break;
          case 8: // assert
            alive = this.#holds(code[at + 1]!);
            state += 2;
            break;
          default:
            alive = this.#isBoundary(code[at + 1]!) === (code[at + 2] === 0);
            state += 2;
        }
      }
      if (alive) continue;
      if (depth === 0) return false;
      state = states[--depth]!;
      captures = stateCaptures[depth]!;
    }
  }

  #holds(assertion: number): boolean {
    const text = this.#text;
    const index = this.#index;
    switch (ASSERTIONS[assertion]!) {
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

  #isBoundary(test: number): boolean {
    const isWord = this.#program.tests[test]!;
    const text = this.#text;
    const index = this.#index;
    const before = index > 0 && isWord(text.charCodeAt(index - 1));
    return before !== (index < text.length && isWord(text.charCodeAt(index)));
  }
}

/** Whether an index stands between the two halves of a pair. */
export function isInsidePair(text: string, index: number): boolean {
  return index > 0 && index < text.length && text.codePointAt(index - 1)! > 0xffff;
}

function isLineEnd(code: number): boolean {
  return code === 10 || code === 13 || code === 0x2028 || code === 0x2029;
}

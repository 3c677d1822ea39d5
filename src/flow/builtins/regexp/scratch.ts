import type { RegExpProgram } from "./program.ts";

/** The offsets of groups, -1 where one took no part: a start and an end each. */
export type Captures = number[];

/** The alternatives that wait for the next character, best first. */
export class Threads {
  readonly places: Int32Array;
  readonly captures: Captures[] = [];
  count = 0;

  constructor(size: number) {
    this.places = new Int32Array(size);
  }
}

/** What following the instructions of one step needs. */
export interface Following {
  /** The step that last reached each instruction: two places each, for what has moved in its loop and what has not. */
  readonly seen: Int32Array;
  /** The current step. */
  now: number;
  /** What is still to be followed. */
  readonly states: Int32Array;
  readonly stateCaptures: Captures[];
}

/** The memory of a run, which the next run of the same program takes over: runs never overlap. */
export class Scratch {
  readonly now: Threads;
  readonly next: Threads;
  readonly following: Following;

  constructor(size: number) {
    this.now = new Threads(2 * size);
    this.next = new Threads(2 * size);
    this.following = {
      seen: new Int32Array(2 * size),
      now: 0,
      states: new Int32Array(2 * size),
      stateCaptures: [],
    };
  }

  /** The scratch memory of a program. */
  static of(program: RegExpProgram): Scratch {
    const known = program.scratch;
    if (known instanceof Scratch) return known;
    const fresh = new Scratch(program.code.length / 3);
    program.scratch = fresh;
    return fresh;
  }

  /** Begin a step: nothing has been reached yet. */
  step(): void {
    const { following } = this;
    if (following.now === 0x7fffffff) {
      following.seen.fill(0);
      following.now = 0;
    }
    following.now++;
  }
}

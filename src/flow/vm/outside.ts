/**
 * What differs from run to run: the time, chance and ids. Here all of it follows from what is stored, so that every step
 * of an execution can be done again.
 *
 * @module
 */

import { compress, digest } from "../compile/hash.ts";

/** Which step is taken, and when. */
export interface StepMoment {
  /** The number of the step, from 1. */
  readonly step: number;
  /** When it is taken: the time, for as long as the step lasts. */
  readonly moment: Date;
}

/** All the outside there is. The same, and the same items in the same order, give the same step. */
export interface FlowHost extends StepMoment {
  /** The execution's id. */
  readonly executionId: string;
  /** The source of its random numbers and ids. Anyone who knows it can compute future ones. */
  readonly seed: string;
  /** How often the execution was started again, or put back to an earlier step; from 0. Ids of different epochs differ. */
  readonly epoch: number;
  /** Asked before each job; true stops the machine there. For tests of snapshots. */
  readonly pause?: () => boolean;
}

/** Step, moment, place of the next id, random numbers drawn; zeros at the end are left out. */
export type OutsideState = number[];

// Bits of the place within a millisecond: the twelve after the version of an id.
const PLACES = 4096;
// Two bits of variant, then ten for the number of the cell, which is 0: as in SQL's cell_digits().
const CELL_DIGITS = "800";
// No step has this number.
const RANDOM = 0xffff_ffff;

/** The time, chance and ids of one execution. */
export class Outside {
  readonly #host: FlowHost;
  #key: Uint32Array | undefined;
  readonly #words = new Int32Array(64);
  #ids: Uint32Array | undefined;
  #randoms: Uint32Array | undefined;
  #step = 0;
  #moment = 0;
  #before = 0;
  /** Of the next id, in 4,096ths of a millisecond since the moment. */
  #place = 0;
  #drawn = 0;

  /** @param host what it follows from */
  constructor(host: FlowHost) {
    this.#host = host;
  }

  /** The moment of the step, in milliseconds since 1970. */
  get moment(): number {
    return this.#moment;
  }

  /** The moment of the step before. */
  get before(): number {
    return this.#before;
  }

  /** What a snapshot keeps. */
  get state(): OutsideState {
    const state = [this.#step, this.#moment, this.#place, this.#drawn];
    while (state.at(-1) === 0) state.pop();
    return state;
  }

  /** Goes on from what a snapshot kept. */
  restore(state: OutsideState): void {
    [this.#step = 0, this.#moment = 0, this.#place = 0, this.#drawn = 0] = state;
    this.#ids = this.#randoms = undefined;
  }

  /** Begins a step. Its time is never before that of the last step. A step that was paused continues. */
  begin({ step, moment }: StepMoment): void {
    if (step === this.#step) return;
    const later = Math.max(this.#moment, Math.floor(moment.getTime()));
    // Ids sort as they were made, also those of two steps in one millisecond.
    this.#place = Math.max(0, this.#place - (later - this.#moment) * PLACES);
    this.#step = step;
    this.#before = this.#moment;
    this.#moment = later;
    this.#ids = undefined;
  }

  /** A number from 0 to below 1. */
  random(): number {
    const at = (this.#drawn & 3) * 2;
    if (at === 0 || this.#randoms === undefined) {
      this.#randoms = this.#block(RANDOM, Math.floor(this.#drawn / 4));
    }
    this.#drawn++;
    return ((this.#randoms[at]! >>> 5) * 2 ** 26 + (this.#randoms[at + 1]! >>> 6)) / 2 ** 53;
  }

  /** A UUID of version 7. Those made later sort later. */
  newId(): string {
    const place = this.#place++;
    const at = (place & 3) * 2;
    if (at === 0 || this.#ids === undefined) this.#ids = this.#block(this.#step, Math.floor(place / 4));
    const time = hex(this.#moment + Math.floor(place / PLACES), 12);
    const rest = hex(this.#ids[at]!, 8) + hex(this.#ids[at + 1]! >>> 12, 5);
    return `${time.slice(0, 8)}-${time.slice(8)}-7${hex(place % PLACES, 3)}-` +
      `${CELL_DIGITS}${rest[0]}-${rest.slice(1)}`;
  }

  /** 256 bits that follow from the seed, and from which nobody finds the seed or other bits. */
  #block(of: number, nth: number): Uint32Array {
    const { seed, executionId, epoch } = this.#host;
    this.#key ??= digest(`${seed}\n${executionId}\n${epoch}`);
    const words = this.#words;
    words.fill(0, 0, 16);
    words.set(this.#key);
    words[8] = of;
    words[9] = nth;
    // The end of the message and its length in bits, as SHA-256 wants them.
    words[10] = 0x8000_0000;
    words[15] = 10 * 32;
    return compress(words);
  }
}

function hex(number: number, digits: number): string {
  return number.toString(16).padStart(digits, "0");
}

import { addTook, countTook, type Took } from "../../shared/took.ts";
import { offsetAt, placeOf } from "./loaded.ts";
import type { FlowMachine } from "./machine.ts";

/** What happened at one line since it was asked last. */
export interface LineHeat {
  /** The line, from 1. */
  readonly line: number;
  /** How often an activation came to an `await` there. */
  readonly came: number;
  /** How long those waited in all that have gone on, in milliseconds. */
  readonly totalMs: number;
  /** How many of them waited up to each bound: 1, 2, 5, 10 ms … 1 day; the last number is of those that waited longer. */
  readonly took: readonly number[];
}

interface Counts extends Took {
  came: number;
}

/** Counts at which awaits activations wait, and for how long. No snapshot has it, and nothing that a flow does depends on it. */
export class Heat {
  readonly #counts = new Map<number, Counts>();

  /** An activation awaits. */
  came(index: number, pc: number): void {
    this.#at(index, pc).came++;
  }

  /** An activation goes on. */
  went(index: number, pc: number, ms: number): void {
    countTook(this.#at(index, pc), ms);
  }

  /** What was counted since it was asked last, by line. */
  take(vm: FlowMachine): LineHeat[] {
    const lines = new Map<number, Counts>();
    for (const [place, counts] of this.#counts) {
      const code = vm.functions[Math.floor(place / PLACES)]!;
      const { line } = placeOf(vm.program.program, offsetAt(code, place % PLACES));
      const known = lines.get(line);
      if (known === undefined) lines.set(line, counts);
      else {
        known.came += counts.came;
        addTook(known, counts);
      }
    }
    this.#counts.clear();
    return [...lines].map(([line, { came, total_ms: totalMs, took }]) => ({ line, came, totalMs, took }));
  }

  #at(index: number, pc: number): Counts {
    const place = index * PLACES + pc;
    let counts = this.#counts.get(place);
    if (counts === undefined) this.#counts.set(place, counts = { came: 0, total_ms: 0, took: [] });
    return counts;
  }
}

// More than a function has instructions.
const PLACES = 2 ** 32;

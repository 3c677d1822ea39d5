import { type CancelTimer, systemClock } from "../../runtime/clock.ts";

/** So many alike lines become one. */
export const MANY = 5;

const LOOK_EVERY_MS = 50;
const QUIET_MS = 150;
const LONGEST_MS = 3_000;

/** A line, and what it says where many are alike. */
export interface Told {
  /** Lines with the same key are alike; the empty one is like no other. */
  readonly key: string;
  /** What it is about: `task greet`. */
  readonly name: string;
  /** The line. */
  readonly line: string;
  /** How long that took, in milliseconds. */
  readonly tookMs?: number | undefined;
  /** Whether it is held back for others of that name that are under way. */
  readonly waitsForOthers?: boolean;
  /** Whether it stands behind all that was told before it: a workflow's line behind those of its children. */
  readonly isLast?: boolean;
  /** One line for all of them: how many, and the shortest and longest time. */
  readonly summary?: (count: number, took: readonly [least?: number, most?: number]) => string;
}

/** Where lines go, and what is known of what they are about. */
export interface CrowdParts {
  /** Prints a line. */
  readonly print: (line: string) => void;
  /** Whether something of that name is under way. */
  readonly isBusy: (name: string) => boolean;
  /** Whether many of that name are under way. */
  readonly isMany: (name: string) => boolean;
}

interface Crowd {
  readonly told: Told[];
  readonly since: number;
  last: number;
}

/** Holds lines back for a moment, and prints those that are alike as one. */
export class Crowds {
  readonly #parts: CrowdParts;
  readonly #crowds = new Map<string, Crowd>();
  #cancel: CancelTimer | undefined;
  #unlike = 0;

  /** @param parts where lines go */
  constructor(parts: CrowdParts) {
    this.#parts = parts;
  }

  /** Takes a line. */
  add(told: Told): void {
    const now = systemClock.monotonic();
    const key = told.key === "" ? `#${++this.#unlike}` : told.key;
    const crowd = this.#crowds.get(key);
    if (crowd === undefined) this.#crowds.set(key, { told: [told], since: now, last: now });
    else {
      crowd.told.push(told);
      crowd.last = now;
    }
    this.#cancel ??= systemClock.after(LOOK_EVERY_MS, () => this.#look());
  }

  /** Prints everything. */
  close(): void {
    this.#cancel?.();
    this.#cancel = undefined;
    for (const crowd of this.#crowds.values()) this.#print(crowd);
    this.#crowds.clear();
  }

  #look(): void {
    const now = systemClock.monotonic();
    let isHeld = false;
    for (const [key, crowd] of this.#crowds) {
      const isBehind = isHeld && crowd.told[0]!.isLast === true && now - crowd.since < LONGEST_MS;
      if (isBehind || this.#isGrowing(crowd, now)) {
        isHeld = true;
        continue;
      }
      this.#crowds.delete(key);
      this.#print(crowd);
    }
    this.#cancel = this.#crowds.size === 0 ? undefined : systemClock.after(LOOK_EVERY_MS, () => this.#look());
  }

  #isGrowing({ told, since, last }: Crowd, now: number): boolean {
    const { name, summary, waitsForOthers } = told[0]!;
    if (summary === undefined || now - since >= LONGEST_MS) return false;
    if (told.length < MANY && !this.#parts.isMany(name)) return false;
    return now - last < QUIET_MS || (waitsForOthers === true && this.#parts.isBusy(name));
  }

  #print({ told }: Crowd): void {
    const { summary } = told[0]!;
    if (told.length < MANY || summary === undefined) {
      for (const { line } of told) this.#parts.print(line);
      return;
    }
    const took = told.flatMap(({ tookMs }) => tookMs === undefined ? [] : [tookMs]);
    this.#parts.print(summary(told.length, took.length === 0 ? [] : [Math.min(...took), Math.max(...took)]));
  }
}

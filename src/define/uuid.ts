import { type Clock, systemClock } from "../runtime/clock.ts";

const HEX = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, "0"));

/** The number of this installation in every id, so that several databases can share ids one day. There is only 0 today. */
export const CELL = 0;

// Two bits of variant, then the ten of the cell.
const CELL_DIGITS = (0x800 | CELL).toString(16);

/**
 * Makes UUIDs of version 7, each greater than the one before, also within one millisecond. They have 48 bits of time, 12 that
 * count within a millisecond, 10 with the number of the cell, and 52 that nobody can guess. SQL's `new_id()` makes the same.
 */
export class Uuids {
  readonly #clock: Pick<Clock, "now" | "randomBytes">;
  readonly #random = new Uint8Array(16 * 256);
  #offset = this.#random.length;
  #lastMs = 0;
  #count = 0;

  /** @param clock says the time, and draws the random bits */
  constructor(clock: Pick<Clock, "now" | "randomBytes">) {
    this.#clock = clock;
  }

  /** The next one. */
  next(): string {
    const ms = Math.max(this.#clock.now(), this.#lastMs);
    if (this.#offset === this.#random.length) {
      this.#clock.randomBytes(this.#random);
      this.#offset = 0;
    }
    const bytes = this.#random.subarray(this.#offset, this.#offset += 16);
    // The twelve bits after the version count within a millisecond, from a random start that leaves room.
    this.#count = ms === this.#lastMs ? this.#count + 1 : bytes[6]! << 2;
    this.#lastMs = this.#count > 0xfff ? ms + 1 : ms;
    if (this.#count > 0xfff) this.#count = 0;
    const time = this.#lastMs.toString(16).padStart(12, "0");
    const count = this.#count.toString(16).padStart(3, "0");
    let rest = CELL_DIGITS + HEX[bytes[9]!]![1] + "-";
    for (let index = 10; index < 16; index++) rest += HEX[bytes[index]!];
    return `${time.slice(0, 8)}-${time.slice(8)}-7${count}-${rest}`;
  }
}

let uuids: Uuids | undefined;

/**
 * Makes an id for a new execution. With `{ id: newId() }` a program knows the id before it starts the execution.
 *
 * @returns a UUID of version 7, greater than those this process made before
 *
 * @example Keep the id before the execution exists
 * ```ts
 * import { newId, queueTask } from "@rhythm/core";
 *
 * async function pay(save: (id: string) => Promise<void>): Promise<void> {
 *   const id = newId();
 *   await save(id);
 *   await queueTask("pay", {}, { id });
 * }
 * ```
 */
export function newId(): string {
  return (uuids ??= new Uuids(systemClock)).next();
}

/**
 * Why a text cannot be the id of a new execution, in the words of SQL's `id_problem()`. Whether it lies too far in the
 * future only the database can tell: its clock decides.
 *
 * @param id the text
 * @returns the sentence; nothing if the text can be an id
 */
export function idProblem(id: unknown): string | undefined {
  if (typeof id !== "string" || !UUID.test(id)) return "id must be a UUID";
  const shown = id.toLowerCase();
  if (!/^.{14}7.{4}[89ab]/.test(shown)) {
    return `${shown} cannot be an id: expected a UUID of version 7, as new_id() makes it`;
  }
  const cell = Number.parseInt(shown.slice(19, 22), 16) & 0x3ff;
  if (cell === CELL) return undefined;
  return `${shown} cannot be an id: it belongs to cell ${cell}, expected cell ${CELL}, as new_id() makes it`;
}

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;

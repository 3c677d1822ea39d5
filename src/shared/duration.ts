import { RhythmError } from "./error.ts";

/** A length of time: seconds as a number (fractions allowed), or text such as `"90s"`, `"1h30m"`, `"250ms"`, `"2d"`. */
export type Duration = number | string;

/** Thrown for a duration that is not one. */
export class DurationError extends RhythmError {
  /** The name of the class, also where code was minified. */
  override readonly name = "DurationError";

  /**
   * Makes the error and its sentence.
   *
   * @param value what was given
   * @param problem what is wrong with it
   */
  constructor(value: unknown, problem: string) {
    const shown = typeof value === "string" ? JSON.stringify(value) : String(value);
    super(
      `Cannot read ${shown} as a duration: ${problem}; expected seconds (5, 0.25) or text such as "90s", "1h30m", "250ms", "2d"`,
      {
        code: "DURATION_INVALID",
      },
    );
  }
}

const unitMs: Record<string, number> = {
  ms: 1,
  s: 1000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
  w: 604_800_000,
};
const unitOrder = ["w", "d", "h", "m", "s", "ms"];

/** A hundred years: longer ones are mistakes, and overflow dates. */
const maxMs = 100 * 366 * unitMs.d!;

/**
 * The milliseconds of a duration.
 *
 * @param value seconds as a number, or text: parts from `w` down to `ms`, each at most once, largest first
 * @returns milliseconds, not negative, possibly fractional
 * @throws {DurationError} when the value is negative, not finite, over a hundred years, or not of that form
 *
 * @example Seconds and text
 * ```ts
 * import assert from "node:assert/strict";
 *
 * assert.equal(durationMs(5), 5000);
 * assert.equal(durationMs("1h30m"), 5_400_000);
 * assert.equal(durationMs("250ms"), 250);
 * ```
 */
export function durationMs(value: Duration): number {
  const ms = typeof value === "number" ? value * 1000 : typeof value === "string" ? textMs(value) : NaN;
  if (typeof value === "number" && !Number.isFinite(value)) {
    throw new DurationError(value, "it is not a finite number");
  }
  if (Number.isNaN(ms)) {
    throw new DurationError(value, `it is of type ${value === null ? "null" : typeof value}`);
  }
  if (ms < 0) throw new DurationError(value, "it is negative");
  if (ms > maxMs) throw new DurationError(value, "it is longer than a hundred years");
  return ms;
}

function textMs(text: string): number {
  const trimmed = text.trim();
  if (trimmed === "") throw new DurationError(text, "it is empty");
  if (/^\d+(\.\d+)?$/.test(trimmed)) return Number(trimmed) * 1000;
  let ms = 0;
  let lastUnit = -1;
  let rest = trimmed;
  while (rest !== "") {
    const part = /^(\d+(?:\.\d+)?)\s*([a-z]+)\s*/i.exec(rest);
    if (part === null) throw new DurationError(text, `${JSON.stringify(rest)} is not a number with a unit`);
    const unit = part[2]!.toLowerCase();
    const order = unitOrder.indexOf(unit);
    if (order < 0) {
      throw new DurationError(text, `${JSON.stringify(part[2])} is not a unit (${unitOrder.join(", ")})`);
    }
    if (order <= lastUnit) throw new DurationError(text, "its units must go from large to small, each once");
    ms += Number(part[1]) * unitMs[unit]!;
    lastUnit = order;
    rest = rest.slice(part[0].length);
  }
  return ms;
}

import { RhythmError } from "./error.ts";
import { LONGEST_DURATION_MS } from "./limits.ts";

/** A length of time: seconds as a number (fractions allowed), or text such as `"90s"`, `"1h30m"`, `"250ms"`, `"2d"`. */
export type Duration = number | string;

/** Thrown for a duration that is not one. */
export class DurationError extends RhythmError {
  /** The name of the class, also where code was minified. */
  override readonly name = "DurationError";

  /**
   * Makes the error and its message.
   *
   * @param value what was given
   * @param problem what is wrong with it
   */
  constructor(value: unknown, problem: string) {
    const shown = typeof value === "string"
      ? quoted(value)
      : value !== null && typeof value === "object"
      ? "an object"
      : String(value);
    super(
      `Cannot read ${shown} as a duration: ${problem}; expected seconds (5, 0.25) or text such as "90s", "1h30m", "250ms", "2d"`,
      {
        code: "DURATION_INVALID",
      },
    );
  }
}

function quoted(text: string): string {
  return JSON.stringify(text.length > 40 ? `${text.slice(0, 40)}…` : text);
}

const unitMs: Record<string, bigint> = {
  w: 604_800_000n,
  d: 86_400_000n,
  h: 3_600_000n,
  m: 60_000n,
  s: 1000n,
  ms: 1n,
};
const unitOrder = Object.keys(unitMs);

// One grammar with SQL's duration_ms(): ASCII digits and spaces, so that no locale reads them otherwise.
const NUMBER = /^(\d{1,15})(?:\.(\d{1,9}))?$/;
const PART = /^(\d{1,15})(?:\.(\d{1,9}))?[ \t\n\r]*([a-z]+)[ \t\n\r]*/i;
const SPACE_AROUND = /^[ \t\n\r]+|[ \t\n\r]+$/g;

// Sums are exact, in the smallest part that text can name: a billionth of a millisecond.
const SCALE = 9;

/**
 * The milliseconds of a duration; SQL's `duration_ms()` gives the same.
 *
 * @param value seconds as a number, or text: seconds, or parts from `w` down to `ms`, each at most once, largest first,
 *   with up to 15 digits, and 9 behind the point
 * @returns whole milliseconds, rounded up, not negative
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
  if (typeof value !== "number" && typeof value !== "string") {
    throw new DurationError(value, `it is of type ${value === null ? "null" : typeof value}`);
  }
  const ms = typeof value === "number" ? numberMs(value) : textMs(value);
  if (ms > LONGEST_DURATION_MS) throw new DurationError(value, "it is longer than a hundred years");
  return ms;
}

function numberMs(seconds: number): number {
  if (!Number.isFinite(seconds)) throw new DurationError(seconds, "it is not a finite number");
  if (seconds < 0) throw new DurationError(seconds, "it is negative");
  const decimal = /^(\d+)(?:\.(\d+))?$/.exec(String(seconds));
  // In between, JavaScript writes no exponents: such a number is below a millionth, or longer than a hundred years.
  if (decimal === null) return seconds < 1 ? 1 : Infinity;
  return roundedUp(scaled(decimal[1]!, decimal[2]) * 1000n);
}

function textMs(text: string): number {
  const trimmed = text.replaceAll(SPACE_AROUND, "");
  if (trimmed === "") throw new DurationError(text, "it is empty");
  const plain = NUMBER.exec(trimmed);
  if (plain !== null) return roundedUp(scaled(plain[1]!, plain[2]) * 1000n);
  let sum = 0n;
  let lastUnit = -1;
  let rest = trimmed;
  while (rest !== "") {
    const part = PART.exec(rest);
    if (part === null) throw new DurationError(text, `${quoted(rest)} is not a number with a unit`);
    const unit = part[3]!.toLowerCase();
    const order = unitOrder.indexOf(unit);
    if (order < 0) {
      throw new DurationError(text, `${quoted(part[3]!)} is not a unit (${unitOrder.join(", ")})`);
    }
    if (order <= lastUnit) throw new DurationError(text, "its units must go from large to small, each once");
    sum += scaled(part[1]!, part[2]) * unitMs[unit]!;
    lastUnit = order;
    rest = rest.slice(part[0].length);
  }
  return roundedUp(sum);
}

// A number of JavaScript has at most 17 digits, but may have twenty behind the point.
function scaled(whole: string, fraction = ""): bigint {
  const digits = fraction.slice(0, SCALE).padEnd(SCALE, "0");
  const more = /[1-9]/.test(fraction.slice(SCALE)) ? 1n : 0n;
  return BigInt(whole + digits) + more;
}

function roundedUp(scaledMs: bigint): number {
  const unit = 10n ** BigInt(SCALE);
  return Number((scaledMs + unit - 1n) / unit);
}

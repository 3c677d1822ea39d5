/**
 * Compares two outcomes of one program.
 *
 * @module
 */

import type { Outcome } from "./world.ts";

/** The first difference between two outcomes, as text; undefined when there is none. */
export function difference(expected: Outcome, actual: Outcome): string | undefined {
  const length = Math.max(expected.lines.length, actual.lines.length);
  for (let index = 0; index < length; index++) {
    if (expected.lines[index] !== actual.lines[index]) {
      return `line ${index + 1}\n  V8:   ${expected.lines[index]}\n  ours: ${actual.lines[index]}${
        tail(actual, index)
      }`;
    }
  }
  if (expected.end === actual.end) return undefined;
  return `end\n  V8:   ${expected.end}\n  ours: ${actual.end}`;
}

function tail(actual: Outcome, index: number): string {
  return actual.lines[index] === undefined ? `\n  ours ended: ${actual.end}` : "";
}

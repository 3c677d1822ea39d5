/**
 * Compares two outcomes of one program.
 *
 * @module
 */

import type { Outcome } from "./world.ts";

/** Ends of messages in front of which V8 quotes the source, and what may follow them. */
const QUOTING = /(?:is not a function|is not iterable|is not a constructor|could not be cloned)/.source;

/** What V8's side says of a thrown object, which ours prints like `console.log`. */
export const SOME_OBJECT = "<object>";

/** Where V8's messages quote the program's text or print pictures, only what they say is compared. */
const SAID: readonly (readonly [RegExp, string])[] = [
  [/is not a function or its return value is not iterable/g, "is not iterable"],
  [new RegExp(`(Error<)[^]*?(${QUOTING})[^>]*`, "g"), "$1$2"],
  [new RegExp(`^(failed \\w+: )[^]*(${QUOTING})[^]*`), "$1$2"],
  [new RegExp(`"(?:[^"\\\\]|\\\\.)*(${QUOTING})(?:[^"\\\\]|\\\\.)*"`, "g"), '"$1"'],
  [/Spread syntax requires [^>"]* to be a function/g, "is not iterable"],
  [/Cannot destructure .*? as it is (undefined|null)\.?/g, "Cannot destructure $1"],
  // V8 words a nested pattern like a member access.
  [/Cannot read properties of (undefined|null) \(reading '[^']*'\)/g, "Cannot destructure $1"],
  [/(The comparison function must be either a function or undefined)[^>"]*/g, "$1"],
  [/Invalid regular expression: [^>"]*/g, "Invalid regular expression"],
  [/(Converting circular structure to JSON)[^>]*/g, "$1"],
  // Ours has a code, with which a flow tells it from RangeErrors of its own.
  [/("Maximum call stack size exceeded") (?:undefined|"FLOW_CALL_DEPTH")/g, "$1"],
];

/** The first difference between two outcomes, as text; undefined when there is none. */
export function difference(expected: Outcome, actual: Outcome): string | undefined {
  // V8 logs without limits: where ours left lines out, those before them are compared.
  const left = actual.lines.findIndex((line) => /^warn … and \d+ more lines$/.test(line));
  const length = left >= 0 ? left : Math.max(expected.lines.length, actual.lines.length);
  for (let index = 0; index < length; index++) {
    if (!same(expected.lines[index], actual.lines[index])) {
      const [theirs, ours] = [short(expected.lines[index]), short(actual.lines[index])];
      return `line ${index + 1}\n  V8:   ${theirs}\n  ours: ${ours}${tail(actual, index)}`;
    }
  }
  if (same(expected.end, actual.end)) return undefined;
  return `end\n  V8:   ${short(expected.end)}\n  ours: ${short(actual.end)}`;
}

function short(text = "nothing"): string {
  return text.length > 500 ? `${text.slice(0, 500)}…` : text;
}

function same(left: string | undefined, right: string | undefined): boolean {
  if (left === right) return true;
  if (left?.endsWith(`ThrownValue: ${SOME_OBJECT}`)) return /ThrownValue: [[{/\w]/.test(right ?? "");
  return left !== undefined && right !== undefined && said(left) === said(right);
}

function said(line: string): string {
  return SAID.reduce((text, [pattern, replacement]) => text.replace(pattern, replacement), line);
}

function tail(actual: Outcome, index: number): string {
  return actual.lines[index] === undefined ? `\n  ours ended: ${actual.end}` : "";
}

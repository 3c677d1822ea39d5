const ISO = /^[+-]?\d{4,6}-\d{2}/;

/**
 * The time of a moment that is written as text, in milliseconds since 1970.
 *
 * @param text ISO 8601. What else JavaScript would guess ("5" is a day in 2001) is a mistake
 * @returns NaN if it is none
 */
export function momentMs(text: string): number {
  return ISO.test(text) ? Date.parse(text) : NaN;
}

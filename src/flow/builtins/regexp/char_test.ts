import type { CharTest } from "./program.ts";

/**
 * A test for one character, by the host's own regular expressions: the pattern is never longer than one class and the text
 * never longer than one character, so this is exact and takes constant time.
 *
 * @param pattern what matches one character, such as `[a-z]` or `\d`
 * @param flags those of `i`, `s`, `u` that are set
 */
export function hostTest(pattern: string, flags: string): CharTest {
  const host = new RegExp(`^(?:${pattern})$`, flags);
  const unicode = flags.includes("u");
  const latin = new Uint8Array(256);
  const known = new Map<number, boolean>();
  const ask = (code: number): boolean =>
    host.test(unicode ? String.fromCodePoint(code) : String.fromCharCode(code));
  return (code) => {
    if (code < 256) {
      if (latin[code] === 0) latin[code] = ask(code) ? 1 : 2;
      return latin[code] === 1;
    }
    let answer = known.get(code);
    if (answer === undefined) {
      if (known.size >= 4096) known.clear();
      known.set(code, answer = ask(code));
    }
    return answer;
  };
}

/** The pattern that matches exactly this character. */
export function escapeCode(code: number, unicode: boolean): string {
  if (unicode) return `\\u{${code.toString(16)}}`;
  return `\\u${code.toString(16).padStart(4, "0")}`;
}

import type { CharTest } from "./program.ts";

/** How much one regular expression may remember about characters: so many pages of 256 bytes. */
export interface PageBudget {
  left: number;
}

const LATIN = 0;

/**
 * A test for one character, by the host's own regular expressions: the pattern is never longer than one class and the text
 * never longer than one character, so this is exact and takes constant time. Answers are remembered.
 *
 * @param pattern what matches one character, such as `[a-z]` or `\d`
 * @param options the flags that matter, those of `i`, `s`, `u`; and how much may be remembered
 */
export function hostTest(pattern: string, options: { flags: string; budget: PageBudget }): CharTest {
  const { flags, budget } = options;
  const host = new RegExp(`^(?:${pattern})$`, flags);
  const unicode = flags.includes("u");
  const ask = (code: number): boolean =>
    host.test(unicode ? String.fromCodePoint(code) : String.fromCharCode(code));
  // A page has a byte for each of 256 characters: 0 not asked yet, 1 no, 2 yes.
  const pages = new Map<number, Uint8Array<ArrayBuffer>>();
  let page = new Uint8Array(256);
  let number = LATIN;
  pages.set(number, page);

  return (code) => {
    if (code >> 8 !== number) {
      const other = pages.get(code >> 8) ?? turn(code >> 8);
      if (other === undefined) return ask(code);
      page = other;
      number = code >> 8;
    }
    const known = page[code & 255]!;
    if (known !== 0) return known === 2;
    const answer = ask(code);
    page[code & 255] = answer ? 2 : 1;
    return answer;
  };

  /** Start another page, unless there are as many as allowed. */
  function turn(to: number): Uint8Array<ArrayBuffer> | undefined {
    if (budget.left === 0) return undefined;
    budget.left--;
    const fresh = new Uint8Array(256);
    pages.set(to, fresh);
    return fresh;
  }
}

/** The pattern that matches exactly this character. */
export function escapeCode(code: number, unicode: boolean): string {
  if (unicode) return `\\u{${code.toString(16)}}`;
  return `\\u${code.toString(16).padStart(4, "0")}`;
}

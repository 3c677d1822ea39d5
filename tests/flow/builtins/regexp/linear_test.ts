import assert from "node:assert/strict";
import { compileRegExp, UnsupportedRegExp } from "../../../../src/flow/builtins/regexp/compile.ts";
import { executeRegExp } from "../../../../src/flow/builtins/regexp/execute.ts";
import { end } from "../agree.ts";

/** The steps that one search takes, as a flow pays for them. */
function steps(source: string, text: string): number {
  let paid = 0;
  const charge = (units: number): void => void (paid += units);
  executeRegExp(compileRegExp(source, ""), text, { from: 0, sticky: false, charge });
  return paid;
}

/** Patterns on which backtracking engines hang, and what the text consists of. */
const PATTERNS: [source: string, piece: string][] = [
  ["(a+)+b", "a"],
  ["(a*)*b", "a"],
  ["(a|a)*b", "a"],
  ["(a|aa)+$b", "a"],
  ["(.*)*=", "x"],
  ["(x+x+)+y", "x"],
  ["^(([a-z])+.)+[A-Z]([a-z])+$", "a"],
  ["(?:a{1,10}){1,10}b", "a"],
  ["((a{0,5}){0,5}){0,5}b", "a"],
  ["(?:(?:a?)*)*b", "a"],
  ["(a?){50}a{50}b", "a"],
  ["(\\w+\\s?)*!", "word "],
  ["^(\\d+)*$", "1"],
  ["(?:.*,){12}P", "1,"],
  ["([^<]|<[^!])*>", "<"],
];

for (const [source, piece] of PATTERNS) {
  Deno.test(`RegExp: /${source}/ takes time that grows with the text`, () => {
    const [short, long] = [2_000, 16_000].map((length) => steps(source, `${piece.repeat(length)}x`));
    assert(long! / short! < 9, `${short} steps for the short text, ${long} for eight times as much`);
  });
}

Deno.test("RegExp: steps are paid from the budget of instructions", () => {
  assert.match(String(end('return /(a+)+b/.test("a".repeat(8_000_000))')), /^FLOW_INSTRUCTIONS /);
  assert.equal(end('return /(a+)+b/.test("a".repeat(100_000))'), false);
});

Deno.test("RegExp: a search from every match to the end of the text runs into the budget", () => {
  assert.match(String(end('return "a".repeat(200_000).match(/a(?:.*b)?/g)')), /^FLOW_INSTRUCTIONS /);
});

Deno.test("RegExp: what is not regular or too large is refused", () => {
  for (
    const source of ["(?=a)", "(?!a)", "(?<=a)", "(?<!a)", "(a)\\1", "(?<n>a)\\k<n>", "(?:a{1,1000}){1,1000}"]
  ) {
    assert.throws(() => compileRegExp(source, ""), UnsupportedRegExp, source);
    const made = `try { new RegExp(Inputs.source ?? ${
      JSON.stringify(source)
    }) } catch (e) { return e.name + e.code }`;
    assert.equal(end(made), "SyntaxErrorFLOW_UNSUPPORTED_REGEXP", source);
  }
});

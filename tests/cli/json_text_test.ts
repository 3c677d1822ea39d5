import { deepStrictEqual as equal, strictEqual as same } from "node:assert/strict";
import fc from "fast-check";
import { faultOf } from "../../src/cli/json_text.ts";
import { testSeed } from "../support/seed.ts";

Deno.test("faultOf() finds nothing in any JSON text", () => {
  fc.assert(
    fc.property(fc.json({ maxDepth: 4 }), fc.constantFrom(0, 1, "\t"), (text, indent) => {
      same(faultOf(JSON.stringify(JSON.parse(text), null, indent)), undefined);
    }),
    { seed: testSeed },
  );
});

Deno.test("faultOf() finds a fault exactly where JSON.parse() throws", () => {
  const character = fc.constantFrom(..."{}[]\":,0123-+.eE\\ \nntrufals'x\u0001");
  fc.assert(
    fc.property(fc.string({ unit: character, maxLength: 20 }), (text) => {
      let valid = true;
      try {
        JSON.parse(text);
      } catch {
        valid = false;
      }
      same(faultOf(text) === undefined, valid, JSON.stringify(text));
    }),
    { numRuns: 5_000, seed: testSeed },
  );
});

Deno.test("faultOf() leaves what stands before the fault as it is: only a later text can be wrong earlier", () => {
  fc.assert(
    fc.property(fc.json({ maxDepth: 3 }), fc.nat(), (text, cut) => {
      const head = text.slice(0, cut % (text.length + 1));
      const fault = faultOf(`${head}\u0001`);
      if (fault !== undefined) same(fault.at <= head.length, true);
    }),
    { seed: testSeed },
  );
});

const FAULTS: [text: string, at: number, problem: string][] = [
  ["", 0, "it ends where a value was expected"],
  ["{", 1, "expected a key in double quotes"],
  ['{"a" 1}', 5, 'expected ":"'],
  ['{"a": 1 "b": 2}', 8, 'expected "," or "}"'],
  ["[1 2]", 3, 'expected "," or "]"'],
  ["[1,]", 3, "expected a value"],
  ["{'a': 1}", 1, "expected a key in double quotes"],
  ["['a']", 1, "texts stand in double quotes"],
  ['"abc', 0, "this text is never closed"],
  ['"a\nb"', 2, "a line break in a text is written \\n"],
  ['"\\x41"', 1, "there is no such escape"],
  ["1 2", 2, "the value ends before this"],
  ["01", 0, "expected a value"],
  ["NaN", 0, "expected a value"],
];

for (const [text, at, problem] of FAULTS) {
  Deno.test(`faultOf(${JSON.stringify(text)}) points at ${at}: ${problem}`, () => {
    const { at: where, problem: what } = faultOf(text)!;
    equal([where, what], [at, problem]);
  });
}

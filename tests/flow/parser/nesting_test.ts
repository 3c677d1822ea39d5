import assert from "node:assert/strict";
import { analyzeFlow } from "../../../src/flow/check/mod.ts";

const N = 10_000;
const DEEP: Record<string, string> = {
  parentheses: "(".repeat(N) + "1" + ")".repeat(N),
  "unclosed parentheses": "(".repeat(N),
  brackets: "[".repeat(N) + "]".repeat(N),
  blocks: "{".repeat(N) + "}".repeat(N),
  objects: "x=" + "{a:".repeat(N) + "1" + "}".repeat(N),
  ternaries: "a?1:".repeat(N) + "2",
  arrows: "a=>".repeat(N) + "1",
  "else if": "if(a);else ".repeat(N) + ";",
  unary: "!".repeat(N) + "1",
  awaits: "await ".repeat(N) + "1",
  members: "a" + ".b".repeat(N),
  calls: "a" + "()".repeat(N),
  templates: "`${".repeat(N) + "1" + "}`".repeat(N),
  powers: "a" + "**a".repeat(N),
  assignments: "a=".repeat(N) + "1",
  functions: "function f(){".repeat(N) + "}".repeat(N),
  patterns: "let " + "[".repeat(N) + "a" + "]".repeat(N) + "=1",
  ifs: "if(a)".repeat(N) + ";",
  new: "new ".repeat(N) + "A",
};

for (const [what, source] of Object.entries(DEEP)) {
  Deno.test(`analyzeFlow() refuses 10,000 nested ${what} without overflowing the stack`, () => {
    assert.ok(analyzeFlow({ name: "a.flow", source }).diagnostics.some(({ code }) => code === "F0902"));
  });
}

for (const operator of ["+", "&&", ","]) {
  Deno.test(`analyzeFlow() accepts 10,000 operands of ${operator}`, () => {
    const source = `let a = 1; return (a${`${operator}a`.repeat(N)})`;
    assert.deepEqual(analyzeFlow({ name: "a.flow", source }).diagnostics, []);
  });
}

Deno.test("analyzeFlow() accepts 1,000 branches and 250 levels", () => {
  const branches = `let a = 1; ${"if (a) ; else ".repeat(1_000)} ;`;
  assert.deepEqual(analyzeFlow({ name: "a.flow", source: branches }).diagnostics, []);
  const levels = `return ${"(".repeat(250)}1${")".repeat(250)}`;
  assert.deepEqual(analyzeFlow({ name: "a.flow", source: levels }).diagnostics, []);
});

Deno.test("analyzeFlow() survives the deepest tree that the limits allow", () => {
  const links = ".b".repeat(250);
  for (let depth = 1; depth < 12; depth++) {
    const source = `let a = {}; return ${"(".repeat(depth)}a${links}${`)${links}`.repeat(depth)}`;
    const codes = analyzeFlow({ name: "a.flow", source }).diagnostics.map(({ code }) => code);
    assert.ok(codes.every((code) => code === "F0902"));
  }
});

Deno.test("analyzeFlow() reads 250 KiB, and says how long it took", () => {
  const part =
    'const { a } = await Task.run("t", { id: Inputs.id });\nif (a) { for (const b of a) { b.c += `x${b.d * 2}` } }\n';
  const source = `${`{${part}}\n`.repeat(Math.floor(250 * 1024 / (part.length + 3)))}`;
  const begin = performance.now();
  assert.deepEqual(analyzeFlow({ name: "a.flow", source }).diagnostics, []);
  console.log(
    `    parsed and checked ${Math.round(source.length / 1024)} KiB in ${
      Math.round(performance.now() - begin)
    } ms`,
  );
});

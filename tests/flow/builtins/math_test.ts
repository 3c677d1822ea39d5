import assert from "node:assert/strict";
import { agree, agrees, end } from "./agree.ts";

agrees(
  "Math: several arguments",
  `
  Math.max()
  Math.min()
  Math.max(1, "3", 2)
  Math.max(1, NaN)
  Math.max(-0, 0)
  Math.min(0, -0)
  Math.max(null, undefined)
  Math.hypot()
  Math.hypot(3, 4)
  Math.hypot(NaN, Infinity)
  Math.hypot(1, 2, 3, 4)
  Math.atan2(1, -1)
  Math.atan2(-0, 0)
  Math.imul(0xffffffff, 5)
  Math.pow(2, -1)
  Math.pow(NaN, 0)
  Math.max(...Array.from({ length: 10000 }, (_, i) => i))
  Math.max.length + Math.hypot.name
  Math.PI + Math.E + Math.LN2 + Math.LN10 + Math.LOG2E + Math.LOG10E + Math.SQRT2 + Math.SQRT1_2
`,
);

Deno.test("Math: every function of one argument, as in V8", () => {
  const names =
    "abs acos acosh asin asinh atan atanh cbrt ceil clz32 cos cosh exp expm1 floor fround log log10 " +
    "log1p log2 round sign sin sinh sqrt tan tanh trunc";
  const given = [
    "0",
    "-0",
    "1",
    "-1.5",
    "0.5",
    "2.5",
    "-0.5",
    "1e300",
    "NaN",
    "-Infinity",
    '"8"',
    "null",
    "{}",
    "",
  ];
  agree(names.split(" ").flatMap((name) => given.map((arg) => `Math.${name}(${arg})`)));
});

Deno.test("Math.random() follows from the seed", () => {
  assert.equal(end("return Math.random()"), 0.6815945948895313);
});

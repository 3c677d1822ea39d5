import { cases } from "./cases.ts";

cases("math", [
  [
    "return [Math.round(2.5), Math.round(-2.5), Math.round(-0.4), Math.trunc(-1.9), Math.sign(-3), Math.cbrt(27), Math.hypot(3, 4), Math.fround(5.5), Math.clz32(1), Math.imul(3, 4)].map(String);",
    ["3", "-2", "0", "-1", "-1", "3", "5", "5.5", "31", "12"],
  ],
  [
    `return [Math.max(), Math.min(), Math.max(1, NaN), Math.max(-0, 0), Math.min(0, -0), Math.max("3", 2)].map(String);`,
    ["-Infinity", "Infinity", "NaN", "0", "0", "3"],
  ],
  [
    `return [Math.abs("-5"), Math.floor(-1.5), Math.ceil(-1.5), Math.sqrt(-1), Math.pow(2, 0.5), Math.log2(8), Math.log10(1000), Math.expm1(0), Math.log1p(0)].map(String);`,
    ["5", "-2", "-1", "NaN", "1.4142135623730951", "3", "3", "0", "0"],
  ],
  ["return [Math.PI, Math.E, Math.LN2, Math.SQRT2, Math.LOG10E, Math.SQRT1_2, Math.LN10, Math.LOG2E];", [
    3.141592653589793,
    2.718281828459045,
    0.6931471805599453,
    1.4142135623730951,
    0.4342944819032518,
    0.7071067811865476,
    2.302585092994046,
    1.4426950408889634,
  ]],
  ["return [Math.atan2(1, 1), Math.sin(1), Math.cos(1), Math.tan(1), Math.asinh(1), Math.atanh(0.5)];", [
    0.7853981633974483,
    0.8414709848078965,
    0.5403023058681398,
    1.5574077246549023,
    0.881373587019543,
    0.5493061443340549,
  ]],
  [
    "return [Math.round(1e20), Math.round(0.49999999999999994), Math.round(NaN), Math.floor(null), Math.ceil(undefined)].map(String);",
    ["100000000000000000000", "0", "NaN", "0", "NaN"],
  ],
  ["const { floor, max } = Math; return [floor(1.5), max(1, 2)];", [1, 2]],
  ["return [1, 2, 3].map(Math.sqrt).map((x) => x.toFixed(3));", ["1.000", "1.414", "1.732"]],
  ["const f = Math.max; return [f.name, f.length, typeof f, f(1, 2)];", ["max", 2, "function", 2]],
  [
    "return (0.1).toFixed(20) + (1e-10).toFixed(2) + (-1.5).toFixed(0) + (5e-324).toString();",
    "0.100000000000000005550.00-25e-324",
  ],
  [
    `return [1e21 + "", 1e-6 + "", 1e-7 + "", 123e-20 + "", 1.7976931348623157e308 + "", 5e-324 + "", 4.35 + "", 0.000001234 + ""];`,
    ["1e+21", "0.000001", "1e-7", "1.23e-18", "1.7976931348623157e+308", "5e-324", "4.35", "0.000001234"],
  ],
  [
    "return [(12345.6789).toFixed(2), (0.5).toFixed(0), (1.5).toFixed(0), (2.5).toFixed(0), (10.235).toFixed(2)];",
    ["12345.68", "1", "2", "3", "10.23"],
  ],
  [
    `return [Number("1e1000"), Number("-"), Number("+5"), Number("5."), Number(".5"), Number("."), Number("0x"), Number("1 2")].map(String);`,
    ["Infinity", "NaN", "5", "5", "0.5", "NaN", "NaN", "NaN"],
  ],
]);

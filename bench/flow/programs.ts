/** A program in two forms: as a flow, and as a script whose last statement is its value. */
export interface BenchProgram {
  name: string;
  /** Statements that end with `result = …;`, in ES5 so that every interpreter can read it. */
  body: string;
}

/** What every interpreter runs. All of it is ES5, because two of them read nothing newer. */
export const programs: readonly BenchProgram[] = [
  {
    name: "fib(25)",
    body: `function fib(n) { return n < 2 ? n : fib(n - 1) + fib(n - 2); }
result = fib(25);`,
  },
  {
    name: "nested loops",
    body: `let s = 0;
for (let i = 0; i < 1000; i++) { for (let j = 0; j < 300; j++) { s = (s + i * j) % 1000003; } }
result = s;`,
  },
  {
    name: "map/filter/sort",
    // Short arrays, many times: the sort of one interpreter is quadratic.
    body: `result = 0;
for (let round = 0; round < 100; round++) {
  let a = [];
  for (let i = 0; i < 150; i++) { a.push((i * 7919 + round) % 1007); }
  result += a.map(function (x) { return x * 2; })
    .filter(function (x) { return x % 3 === 0; })
    .sort(function (x, y) { return x - y; })
    .reduce(function (sum, x) { return sum + x; }, 0);
}`,
  },
  {
    name: "string building",
    body: `let text = "";
for (let i = 0; i < 30000; i++) { text += "item " + i + ","; }
result = text.length;`,
  },
  {
    name: "object churn",
    body: `let last = { n: 0, m: 0 };
for (let i = 0; i < 50000; i++) {
  let o = { n: i, prev: last.n, tag: "x" };
  o.n += 1;
  last = { n: o.n, m: o.n * 2, prev: o.prev };
}
result = last.m;`,
  },
];

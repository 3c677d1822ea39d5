import assert from "node:assert/strict";
import { analyzeFlow } from "../../../src/flow/check/mod.ts";

/** The codes a source gives, in the order of the source. */
function codes(source: string): string[] {
  return analyzeFlow({ name: "a.flow", source }).diagnostics.map(({ code }) => code);
}

function hint(source: string): string | undefined {
  return analyzeFlow({ name: "a.flow", source }).diagnostics[0]?.hint;
}

const CLEAN: Record<string, string> = {
  "a function used before its line": "f(); function f() {}",
  "a closure over a later name": "const f = () => later; const later = 1; f()",
  "a name shadowed in a block": "const a = 1; { const a = 2 } for (const a of []) {}",
  "a parameter shadowed in an inner block": "const f = (a) => { { let a = 1 } return a }; return f(1)",
  "a caught error, and its shadow in a block": "try { f() } catch (e) { { let e = 1 } } function f() {}",
  "destructuring with earlier names as defaults": "const { a, b = a, ...c } = Inputs; return [b, c]",
  "loops with names of their own": "for (let i = 0; i < 2; i++) { let i = 1 } for (const k in {}) {}",
  "a built-in shadowed": "const Math = { max: 1 }; return Math.foo",
  "own properties with the names of prototype members":
    'const a = { call: 1, link: 2 }; return a.call + a["link"]',
  "__proto__ as a computed key": 'return { ["__proto__"]: 1 }',
  "converters called": "return [String(1), Number('1'), Boolean(0)]",
  "constructors through names": "const E = TypeError; throw new E('no')",
  "Array.from and Array.of": "return [Array.from({ length: 3 }), Array.of(1), new Array(1, 2), Array()]",
  "a promise kept, chained and awaited later":
    'const p = Task.run("a"); p.catch(() => 0); return (await p).b',
  "a function after return": "return f(); function f() {}",
  "names computed at run time": "await Task.run(Inputs.name); await Task.run(`a${1}`)",
  "static members":
    "Object.groupBy([], String); Math.hypot(1); Number.EPSILON; Promise.withResolvers(); Array.name",
  "regular expressions that are regular": String.raw`return /(?<year>\d+)[(?=]\(\?=(?:a|b)/dgimsuy`,
  "typeof of names that exist": "let a; return typeof a + typeof Math + typeof undefined",
  "an assignment in the head of a loop": "let k; for (k of []) {} for (k in {}) {}",
  "a labelled block left early": "a: { if (Inputs) break a; Date.now() } return 1",
};

for (const [what, source] of Object.entries(CLEAN)) {
  Deno.test(`checkFlow() says nothing about ${what}`, () => assert.deepEqual(codes(source), []));
}

const REFUSED: [what: string, source: string, expected: string[]][] = [
  ["its own initialiser", "let a = a + 1", ["F0204"]],
  ["a head that uses the loop's name", "for (const a of a) {}", ["F0204"]],
  ["a parameter declared again", "const f = (a) => { let a }; f()", ["F0203"]],
  ["a caught error declared again", "try { Date() } catch (e) { let e }", ["F0203"]],
  ["two functions of one name", "function f() {} function f() {} f()", ["F0203"]],
  ["cases that declare a name twice", "switch (1) { case 1: let a; case 2: let a }", ["F0203"]],
  ["a loop head that declares a name twice", "for (const [a, a] of []) {}", ["F0203"]],
  ["a constant changed in a pattern", "const a = 1; [a] = [2]; ({ a } = {}); a++; a ??= 1", [
    "F0202",
    "F0202",
    "F0202",
    "F0202",
  ]],
  ["a constant of a loop", "for (const i = 0; ; i++) {}", ["F0202"]],
  ["a function expression's own name", "const f = function g() { g = 1 }; f()", ["F0202"]],
  ["a name out of its block", "{ let inner = 1 } return inner", ["F0201"]],
  ["members of functions", "const f = () => 1; f.call(); f.bind; f.apply; f.constructor", [
    "F0127",
    "F0127",
    "F0127",
    "F0127",
  ]],
  ["annex B on strings", '"a".substr(1); `b`.big()', ["F0127", "F0127"]],
  ["new on own functions", "function F() {} new F()", ["F0126"]],
  ["new on wrappers", "new Number(1); new Boolean(1); new Object(); Object(1)", [
    "F0125",
    "F0125",
    "F0125",
    "F0125",
  ]],
  ["arrays by length", "const n = 2; Array(n); new Array(n)", ["F0122", "F0122"]],
  [
    "lookbehind, back-references and patterns in text",
    String.raw`[/(?<!a)b/, /(a)\1/, /(?<n>a)\k<n>/, new RegExp("a(?!b)")]`,
    ["F0123", "F0123", "F0123", "F0123"],
  ],
  ["names that are certain not to be text", "const n = 1; Task.run(n); Workflow.run(); Signal.next({})", [
    "F0303",
    "F0303",
    "F0303",
  ]],
  [
    "misspelt options and durations",
    `Task.run("a", {}, { queu: "mail", delay: "5 minuts", retry: { maxAttempts: 0, backof: "fixed" }, priority: 7 }); Timer.delay("1 fortnight");
    Timer.delay("90s"); Signal.when("x", { timout: 5 }); Workflow.run("b", {}, { ["key"]: 1, ...Inputs, timeout: Inputs.t, runAt: 5 })`,
    ["F0306", "F0307", "F0307", "F0306", "F0307", "F0306", "F0306"],
  ],
  [
    "promises used as results",
    'const p = Task.run("a"); async function f() {} `${p}`; p.b; f() + 1; !Promise.all([])',
    ["F0302", "F0302", "F0302", "F0302"],
  ],
  ["await in parameters", "async function f(a = await 1) {} await f()", ["F0301"]],
  ["what follows a branch that always leaves", "if (Inputs) { return 1 } else { throw Error() } Date.now()", [
    "F0304",
  ]],
  ["what follows break in a loop", "for (;;) { break; Date.now() }", ["F0304"]],
  ["changes to built-ins", "Math.max = 1; JSON.a += 1; Array.b++; delete JSON.stringify; delete Math['PI']", [
    "F0131",
    "F0131",
    "F0131",
    "F0131",
    "F0131",
  ]],
  [
    "literal arguments of the durable API",
    `Task.run("my task!"); Workflow.run(""); Signal.next("x", 5); Signal.next("x", [1]); Timer.delay(); Timer.delay(-1);
    const pause = "5 min"; Timer.delay(pause); Timer.delay(\`soon\`); Timer.until("whenever"); Timer.until(0); Signal.send("", "x");
    Signal.send("a", "b c"); Task.run("a", {}, { priority: "high", queue: ["x"], metadata: 5, delay: null, timeout: undefined });
    Task.run("a", {}, { retries: 3 }); Task.run("a", {}, { retry: () => 1 }); Task.run(...Inputs); Timer.delay(Inputs.s)`,
    [
      ...["F0307", "F0307", "F0307", "F0307", "F0307", "F0307", "F0307", "F0307", "F0307", "F0307", "F0307"],
      ...["F0307", "F0307", "F0307", "F0306", "F0307"],
    ],
  ],
  [
    "waits that lose a race and go on",
    `const go = Signal.next("go").then((v) => console.log(v)); async function wait() { await Signal.next("a"); await Task.run("b") }
    let n = 0; const count = async () => { await Signal.next("a"); n++ };
    await Promise.race([go, Timer.delay(1)]); await Promise.race_kv({ a: wait(), b: Timer.delay(1), c: count() })`,
    ["F0308", "F0308", "F0308"],
  ],
  ["functions that are never called", "async function run() { await Task.run('a') } const f = () => run()", [
    "F0309",
  ]],
  [
    "async work that nobody awaits",
    `async function ship(x) { await Task.run("ship", { x }) } ship(1); ship(2).catch(() => 0);
    [1].forEach(async (x) => { await ship(x) }); [1].map(ship); await ship(3)`,
    ["F0310", "F0310", "F0310", "F0310"],
  ],
  ["a line that goes on with the one before", "const a = Inputs\n[0].b\nconst f = a\n(1)", [
    "F0311",
    "F0311",
  ]],
  ["objects where a list is wanted", "await Promise.all({ a: 1 }); const o = {}; await Promise.race(o)", [
    "F0312",
    "F0312",
  ]],
  [
    "types",
    "const a: number = 1; let b: Map<string, { c: number }> = new Map(); function f(x: string, y: number = 1) {} f(a, b)",
    [
      "F0025",
      "F0025",
      "F0025",
      "F0025",
    ],
  ],
  ["members of the durable API", "Context.id; Timer.sleep(1); console.trace(1); Signal.recv", [
    "F0206",
    "F0206",
    "F0128",
    "F0206",
  ]],
];

for (const [what, source, expected] of REFUSED) {
  Deno.test(`checkFlow() reports ${what}`, () => assert.deepEqual(codes(source), expected));
}

Deno.test("checkFlow() suggests names in scope, built-ins, and what a flow has instead", () => {
  assert.equal(hint("const customer = 1; return custmer"), "did you mean `customer`?");
  assert.equal(hint("return Maht.max(1)"), "did you mean `Math`?");
  assert.equal(hint("return Math.mx(1)"), "did you mean `Math.max`?");
  assert.equal(hint("setTimeout(() => 1)"), "wait with `await Timer.delay(seconds)`");
  assert.equal(
    hint("try { Date() } catch (e) { e instanceof TimeoutError }"),
    'test its name: `error.name === "TimeoutError"`',
  );
  assert.equal(hint("return {}.hasOwnProperty.call(Inputs, 'a')"), "write `Object.hasOwn(object, key)`");
  assert.match(hint("return encodeURIComponent('a b')")!, /task/);
  assert.equal(
    hint("return await Promise.race({ a: 1 })"),
    "write `Promise.race_kv`, which takes an object of promises",
  );
  assert.equal(hint("const x: string = 'a'; return x"), "leave out `: string`");
});

Deno.test("analyzeFlow() does not blame names that a broken statement may have declared", () => {
  assert.deepEqual(codes("let a = 1 2\nreturn a"), ["F0001"]);
});

Deno.test("analyzeFlow() gives a hundred problems at most", () => {
  assert.equal(codes("var a = 1;".repeat(500)).length, 100);
});

Deno.test("parseFlow() says that a line ends with an operator, not that the next one is wrong", () => {
  for (
    const source of ["let y = 1 +\nconst z = 2", "let y =\nlet z = 2", "const ok = Inputs.a &&\nif (1) {}"]
  ) {
    const { diagnostics: [first] } = analyzeFlow({ name: "a.flow", source });
    assert.match(first!.message, /^this line ends with `(?:\+|=|&&)`/, source);
    assert(first!.start < source.indexOf("\n"));
  }
});

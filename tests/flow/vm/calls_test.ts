import assert from "node:assert/strict";
import { run } from "./support.ts";

Deno.test("calls between functions of a flow go 2,000 deep, then throw a RangeError that can be caught", () => {
  assert.equal(run("const f = (n) => n === 0 ? 0 : 1 + f(n - 1); return f(1900)"), 1900);
  const source = "const f = (n) => f(n + 1); try { f(0) } catch (e) { return [e.name, e.message, e.code] }";
  assert.deepEqual(run(source), ["RangeError", "Maximum call stack size exceeded", "FLOW_CALL_DEPTH"]);
});

Deno.test("calls through callbacks of built-ins stop with our error, before the host's stack ends", () => {
  const source =
    "const f = (n) => [1].map(() => f(n + 1)); try { f(0) } catch (e) { return [e.name, e.code] }";
  assert.deepEqual(run(source), ["RangeError", "FLOW_CALL_DEPTH"]);
});

Deno.test("a machine that ran out of depth goes on as before", () => {
  const source = `const f = (n) => f(n + 1);
    const counts = [];
    for (let i = 0; i < 3; i++) { try { f(0) } catch { counts.push(i) } }
    return [counts, [3, 1, 2].map((n) => n * 2)]`;
  assert.deepEqual(run(source), [[0, 1, 2], [6, 2, 4]]);
});

Deno.test("arguments: missing ones are undefined, more than wanted are dropped, rest collects them", () => {
  const source = `const f = (a, b) => [a, b === undefined];
    const g = (a, ...rest) => [a, rest];
    const h = function (a = 1, [b, c = b] = [2], { d = c, ...e } = {}) { return [a, b, c, d, e] };
    return [f(1), f(1, 2, 3), g(), g(1, 2, 3), h(), h(undefined, [5], { x: 1 })]`;
  assert.deepEqual(run(source), [[1, true], [1, false], [null, []], [1, [2, 3]], [1, 2, 2, 2, {}], [
    1,
    5,
    5,
    5,
    { x: 1 },
  ]]);
});

Deno.test("a method is looked up before its arguments are evaluated", () => {
  const source = `const log = [];
    const o = { f: (x) => log.push("old " + x) };
    o.f((o.f = (x) => log.push("new " + x), 1));
    try { o.missing.f(log.push("evaluated")) } catch { log.push("thrown") }
    return log`;
  assert.deepEqual(run(source), ["old 1", "thrown"]);
});

Deno.test("operands are read when JavaScript reads them", () => {
  const source =
    "let a = 1; const list = [a, a++, a + (a = 10) + a, a]; let i = 0; const o = []; o[i] = i = 7; return [list, o, i]";
  assert.deepEqual(run(source), [[1, 1, 22, 10], [7], 7]);
});

import assert from "node:assert/strict";
import { run } from "../agree.ts";

/** Small programs that want more of memory or time than anyone has; each has to end soon, with a limit. */
const BOMBS = `
  return "x".repeat(2 ** 28)
  return "x".repeat(2 ** 30)
  let s = "x"; for (;;) s = s.repeat(1000)
  return "x".padStart(2 ** 28)
  return "x".padEnd(1e15, "abc")
  let s = "x"; for (;;) s += s
  let s = "x"; for (;;) s = s.concat(s, s)
  let s = "x"; for (;;) s = \`\${s}\${s}\`
  let s = "x"; for (;;) s = [s, s].join(s)
  let s = "ab"; for (;;) s = s.replaceAll("", s)
  let s = "ab"; for (;;) s = s.replaceAll("a", "aaaa")
  let s = "ab"; for (;;) s = s.replace(/b/g, "$&$\`$'bb")
  let s = "\u0390"; for (;;) s = (s + s).toUpperCase()
  let s = "\ufdfa"; for (;;) s = (s + s).normalize("NFKC")
  let s = "ab"; for (;;) s = JSON.stringify([s, s])
  let s = "ab"; for (;;) s = String.raw({ raw: [s, s] }, s)
  let a = [1]; for (;;) a = a.concat(a)
  let a = [1]; for (;;) a = [...a, ...a]
  let a = [1]; for (;;) a.push(...a)
  let a = [1]; for (;;) a.unshift(...a)
  let a = [1]; for (;;) a.splice(0, 0, ...a)
  let a = [1]; for (;;) a = [a, a].flat()
  let a = [1]; for (;;) a = a.flatMap((x) => [x, x, x])
  let a = [1]; for (;;) a = a.toSpliced(0, 0, ...a)
  let a = []; a.push(a, a); return a.flat(Infinity)
  let a = [1]; for (let i = 0; i < 60; i++) a = [a, a]; return JSON.stringify(a)
  let a = [1]; for (let i = 0; i < 60; i++) a = [a, a]; return String(a)
  let a = [1]; for (let i = 0; i < 60; i++) a = [a, a]; return a.flat(Infinity)
  let a = [1]; for (let i = 0; i < 60; i++) a = [a, a]; console.log(a); return a
  let a = [1]; for (let i = 0; i < 60; i++) a = [a, a]; await Task.run("x", a)
  let a = [1]; for (let i = 0; i < 60; i++) a = [a, a]; throw new Error("x", { cause: a })
  let a = [1]; for (let i = 0; i < 60; i++) a = [a, a]; throw Object.assign(new Error("x"), { data: a })
  let a = []; for (;;) a = [a]
  return Array.from({ length: 2 ** 32 - 1 })
  return Array.from({ length: 1e9 }, (_, i) => i)
  return Array.from("x".repeat(2 ** 24))
  return [..."x".repeat(2 ** 24)]
  return "x".repeat(2 ** 24).split("")
  return "x".repeat(2 ** 24).split(/(?:)/)
  return "x".repeat(2 ** 24).match(/x/g)
  return [..."x".repeat(2 ** 24).matchAll(/x/g)]
  return "x".repeat(2 ** 24).replace(/x/g, () => "yy")
  const kept = []; for (;;) kept.push("x".repeat(2 ** 20))
  const kept = []; for (;;) kept.push(new Array(...[1, 2, 3].concat(kept)))
  const kept = []; for (;;) kept.push([...kept])
  const kept = []; for (;;) kept.push(kept.slice())
  const kept = []; for (;;) kept.push(kept.toReversed())
  const kept = []; for (;;) kept.push(kept.with(0, 1), 1)
  const kept = []; for (;;) kept.push(structuredClone(kept))
  const map = new Map(); for (let i = 0;; i++) map.set(i, new Map(map))
  const set = new Set(); for (let i = 0;; i++) set.add(new Set(set))
  let set = new Set([1]); for (let i = 0;; i++) set = set.union(new Set([i]))
  const o = {}; for (let i = 0;; i++) o["key" + i] = { ...o }
  const o = {}; for (let i = 0;; i++) Object.assign(o, { ["key" + i]: Object.keys(o) })
  for (;;) new Error("x".repeat(1000))
  const kept = []; for (;;) kept.push(new RegExp("a{1,400}"))
  const kept = []; for (let i = 0;; i++) kept.push(new RegExp("(?:" + "[a-z]".repeat(900) + ")" + i))
  return new RegExp("(?:a{1,1000}){1,1000}")
  return new RegExp("(".repeat(5000) + ")".repeat(5000))
  return new RegExp("(?:".repeat(5000) + ")".repeat(5000))
  return /((a{1,30}){1,30}){1,30}b/.test("a".repeat(1e6))
  return /(a+)+b/.test("a".repeat(2 ** 24))
  return "a".repeat(2 ** 20).match(/a(?:.*b)?/g)
  return "a".repeat(2 ** 20).split(/a(?:.*b)|(?:.*c)/)
  return "ab".repeat(2 ** 20).indexOf("ab".repeat(2 ** 19) + "c")
  return ("a".repeat(2 ** 19) + "b").repeat(8).includes("a".repeat(2 ** 19) + "c")
  return JSON.parse("[" .repeat(4e6))
  return JSON.parse("[" .repeat(4e6) + "]".repeat(4e6))
  return JSON.stringify(JSON.parse("[" .repeat(2e6) + "]".repeat(2e6)))
  return structuredClone(JSON.parse("[" .repeat(4e6) + "]".repeat(4e6)))
  return JSON.stringify({ toJSON: () => ({ ...{} }) , a: 1 }, (key, value) => ({ value }))
  const o = { toJSON: (key) => [o, o] }; return JSON.stringify(o)
  const o = { toJSON: (key) => ({ ...o }) }; return JSON.stringify(o)
  return JSON.stringify(Array.from({ length: 1e5 }, () => ({ a: [[[1]]] })), null, "          ")
  return [1, 2, 3].sort(() => { for (;;); })
  return "a".replace(/a/, () => { for (;;); })
  return Array.from({ length: 3e6 }, (_, i) => 3e6 - i).sort()
  for (;;) Promise.resolve().then(() => 1)
  const f = () => Promise.resolve().then(f); await f()
  for (;;) (async () => { await null; })()
  await Promise.all(Array.from({ length: 3e6 }, async () => { await null; }))
  for (;;) Promise.all([1, 2, 3])
  for (;;) (12345.678).toLocaleString("de", { style: "currency", currency: "EUR" })
  for (;;) new Date(0).toLocaleString("de", { dateStyle: "full" })
  for (;;) "a".localeCompare("b", "de", { numeric: true })
  for (;;) console.log("x".repeat(100000))
  console.log(Array.from({ length: 1e6 }, () => "x".repeat(1000)))
  return Math.max(...Array.from({ length: 3e6 }, () => 1))
  const f = (...args) => args.length; const a = Array.from({ length: 3e6 }, () => 1); return f(...a, ...a)
  return String.fromCharCode(...Array.from({ length: 3e6 }, () => 65))
  for (;;) Object.groupBy("abcdefgh".repeat(100), (x) => x)
  for (let i = 0; i < 4e6; i++) { const t = [i]; t.length = 0; }
  const s = "1".repeat(2 ** 20); let n = 0; for (;;) n += +s
  const s = "1".repeat(2 ** 20), t = "1".repeat(2 ** 20); let n = 0; for (;;) if (s === t) n++
  const s = "1".repeat(2 ** 20), t = "1".repeat(2 ** 20); let n = 0; for (;;) if (s <= t) n++
  const s = "1".repeat(2 ** 20), t = "1".repeat(2 ** 20); let n = 0; for (;;) switch (s) { case t: n++ }
  const s = "a".repeat(2 ** 20), p = "a".repeat(60) + "b"; for (;;) s.includes(p)
  const s = "a".repeat(2 ** 20), p = "b" + "a".repeat(60); for (;;) s.lastIndexOf(p)
  const s = "a".repeat(2 ** 20), p = "aaaaaaaaaaaaaab"; for (;;) s.indexOf(p)
  const o = {}; for (let i = 0;; i++) o["1".repeat(2 ** 12) + i]
  const list = Array.from({ length: 100 }, (_, i) => "x".repeat(60000) + i); for (;;) list.includes("x".repeat(60001))
  const list = Array.from({ length: 100 }, (_, i) => "x".repeat(10000) + i); for (;;) list.toSorted()
  let s = "y"; for (let i = 0;; i++) { s += "x"; if (s[i] === "z") break }
  for (;;) Object.keys("x".repeat(2 ** 22))
  const big = Object.fromEntries(Array.from({ length: 1e5 }, (_, i) => [i, i])); for (;;) console.log(big)
  for (;;) (5e-324).toString(2)
  for (;;) crypto.randomUUID()
  for (;;) new Error("x").stack
  const map = new Map(Array.from({ length: 1e5 }, (_, i) => [i, i])); for (;;) console.log(map)
  const its = []; const m = new Map([[1, 1], [2, 2]]); for (;;) { const i = m.entries(); i.next(); its.push(i) }
  return [10 ** 9].fill(0).concat(Array.from({ length: 5e6 }))
`.split("\n").map((line) => line.trim()).filter((line) => line !== "");

/** A fifth of what a flow has, so that all of them together take seconds; none takes one on an idle machine. */
const BUDGET = { limits: { instructions: 2_000_000 } };
const MOST_MS = 20_000;

const LIMITS = new Set([
  "FLOW_MEMORY",
  "FLOW_INSTRUCTIONS",
  "FLOW_CALL_DEPTH",
  "FLOW_PENDING_PROMISES",
  "FLOW_SNAPSHOT_SIZE",
  "FLOW_VALUE_SIZE",
  "FLOW_UNSUPPORTED_REGEXP",
  "FLOW_SPARSE_ARRAY",
]);

for (const source of BOMBS) {
  Deno.test(`ends soon: ${source}`, () => {
    const started = performance.now();
    const step = run(source, BUDGET);
    const ms = performance.now() - started;
    assert(ms < MOST_MS, `it took ${ms} ms`);
    if (step.status === "failed") {
      const { code, type, message } = step.error!;
      const bounded = LIMITS.has(code ?? "") || type === "RangeError" || type === "SyntaxError" ||
        source.includes(`Error("${message}"`);
      assert(bounded, `${code} ${type}: ${message}`);
    }
  });
}

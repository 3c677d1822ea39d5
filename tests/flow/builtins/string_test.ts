import assert from "node:assert/strict";
import { agrees, end } from "./agree.ts";

agrees(
  "String: places",
  `
  "abc".at(-1)
  "abc".at(3)
  "abc".charAt(1)
  "abc".charAt(-1)
  "abc".charCodeAt(1)
  "abc".charCodeAt(9)
  "a😀".codePointAt(1)
  "a😀".codePointAt(2)
  "a😀".codePointAt(9)
  "abcabc".indexOf("c")
  "abcabc".indexOf("c", 3)
  "abcabc".indexOf("", 9)
  "abcabc".indexOf("x", -5)
  "undefined".indexOf()
  "abcabc".lastIndexOf("c")
  "abcabc".lastIndexOf("c", 3)
  "abcabc".lastIndexOf("c", NaN)
  "abcabc".lastIndexOf("", -1)
  "abc".includes("bc")
  "abc".includes("a", 1)
  "abc".includes(/a/)
  "abc".startsWith("b", 1)
  "abc".startsWith(/a/)
  "abc".endsWith("b", 2)
  "abc".endsWith("c", undefined)
  "abcdef".slice(-3, -1)
  "abcdef".slice(4, 1)
  "abcdef".substring(4, 1)
  "abcdef".substring(-3, NaN)
  "abcdef".substring(2)
`,
);

agrees(
  "String: texts",
  `
  "a".concat(1, null, undefined, { toString: () => "x" }, [1, 2])
  "ab".repeat(3)
  "ab".repeat(0)
  "ab".repeat("2.9")
  "ab".repeat(-1)
  "ab".repeat(Infinity)
  "".repeat(1e9)
  "5".padStart(3, "0")
  "5".padStart(6, "abc")
  "5".padEnd(3)
  "5".padEnd(3, "")
  "abc".padStart(2, "x")
  "  \\t\\n a \\u00a0\\ufeff".trim()
  "  a ".trimStart()
  "  a ".trimEnd()
  "ÀßİI".toLowerCase()
  "àßiı".toUpperCase()
  "Σας ΣΑΣ".toLowerCase()
  "I".toLocaleLowerCase("tr")
  "i".toLocaleUpperCase("tr")
  "i".toLocaleUpperCase()
  "i".toLocaleUpperCase("no such language!")
  "\\u0041\\u030a".normalize()
  "\\u00c5".normalize("NFD").length
  "\\ufb01".normalize("NFKC")
  "a".normalize("x")
  "a\\ud800b".isWellFormed()
  "a😀".isWellFormed()
  "a\\ud800b".toWellFormed()
  "a".localeCompare("b")
  "a".localeCompare("B", "en", { sensitivity: "base" })
  "a".localeCompare("á", "en", { sensitivity: "base" })
  "ä".localeCompare("z", "sv")
  "10".localeCompare("9", undefined, { numeric: true })
  "x".toString()
  "x".valueOf()
  String.fromCharCode(97, 65536 + 98, "99")
  String.fromCodePoint(97, 0x1f600)
  String.fromCodePoint(-1)
  String.fromCodePoint(1.5)
  String.fromCodePoint("x")
  String.raw({ raw: ["a", "b", "c"] }, 1, 2, 3)
  String.raw({ raw: "xyz" }, 0)
  String()
  String(null)
  String([1, [2]])
  String({})
  String({ toString: () => { throw new TypeError("mine"); } })
  String({ toString: () => ({}), valueOf: () => 7 })
  String({ toString: () => ({}), valueOf: () => ({}) })
  (0, "".trim)()
`,
);

agrees(
  "String: split, replace, match with texts",
  `
  "a,b,c".split(",")
  "a,b,c".split(",", 2)
  "a,b,c".split(",", -1)
  "a,b,c".split(",", 0)
  "abc".split("")
  "a😀".split("")
  "abc".split()
  "".split("")
  "".split(",")
  "a1b1c".split(1)
  "aaa".replace("a", "b")
  "aaa".replaceAll("a", "b")
  "aaa".replaceAll("", "-")
  "abc".replace("b", "[$&$\`$'$$$1]")
  "abc".replace("b", (match, offset, text) => [match, offset, text].join("|"))
  "abc".replaceAll("x", "y")
  "a.b".replaceAll(".", "$$")
  "abc".replace("b", undefined)
  "undefined".replace(undefined, null)
  "abc".match("b").index
  "abc".match("(")
  "a+b".search("+")
  "abc".search("c")
  "aXbX".match("X").input
`,
);

agrees(
  "String: with regular expressions",
  `
  "a1b22c".split(/\\d+/)
  "a1b22c".split(/(\\d)+/)
  "a1b22c".split(/(\\d)+/, 4)
  "abc".split(/(?:)/)
  "abc".split(/(b)?/)
  "".split(/x/)
  "".split(/(?:)/)
  "A<B>bold</B>and<CODE>coded</CODE>".split(/<(\\/)?([^<>]+)>/)
  "a😀b".split(/(?:)/u)
  "test".split(/(?:)/y)
  "aXbxc".split(/x/iy)
  "a1b2".replace(/\\d/, "#")
  "a1b2".replace(/\\d/g, "#")
  "a1b2".replace(/(\\d)/g, (all, digit, at, text) => [all, digit, at, text].join("/"))
  "2024-01-02".replace(/(?<y>\\d+)-(?<m>\\d+)/, "$<m>/$<y>/$<none>/$2$1$3$10$01")
  "2024-01-02".replace(/(?<y>\\d+)-(?<m>\\d+)/, (...args) => Object.keys(args.at(-1)).join())
  "abc".replace(/(x)?b/, "[$1]")
  "abc".replace(/b/, "$<x>")
  "aaa".replace(/a*?/g, "-")
  "a😀b".replace(/(?:)/gu, "-")
  "aaa".replaceAll(/a/g, "b")
  "aaa".replaceAll(/a/, "b")
  "a1b22".match(/\\d+/g)
  "abc".match(/\\d+/g)
  "a1b22".match(/(?<n>\\d)+/)
  "abc".match()
  [..."a1b22".matchAll(/(\\d)+/g)]
  [..."a1b22".matchAll("b")]
  "a".matchAll(/a/)
  "abc".search(/c/)
  "abc".search(/x/)
  (() => { const r = /a/g; r.lastIndex = 2; const found = "aaa".search(r); return [found, r.lastIndex]; })()
  (() => { const r = /a/g; r.lastIndex = 2; const all = [..."aaa".matchAll(r)]; return [all.length, r.lastIndex]; })()
  (() => { const r = /a/y; r.lastIndex = 1; return ["baa".replace(r, "x"), r.lastIndex]; })()
  (() => { const r = /a/g; r.lastIndex = 2; return ["aaa".replace(r, "x"), r.lastIndex]; })()
`,
);

Deno.test("String: a search whose worst case is quadratic ends in a limit or an answer, soon", () => {
  const begin = performance.now();
  const source =
    "const t = 'a'.repeat(4e6); const w = 'b' + 'a'.repeat(2e6); return [t.indexOf(w), t.lastIndexOf('a'.repeat(2e6) + 'b'), t.includes(w)]";
  const ended = JSON.stringify(end(source));
  assert(ended === "[-1,-1,false]" || ended.startsWith('"FLOW_INSTRUCTIONS'), ended);
  assert(performance.now() - begin < 30_000);
});

Deno.test("String: annex B methods are refused by name", () => {
  for (const name of ["substr", "anchor", "trimLeft", "constructor", "__proto__", "__defineGetter__"]) {
    assert.match(String(end(`const k = "${name}"; return "x"[k]`)), /^FLOW_UNSUPPORTED_MEMBER TypeError: /);
  }
  assert.equal(end('const k = "shout"; return "x"[k] === undefined'), true);
});

Deno.test("String: a text is normalized if the result has room, whatever it could have become", () => {
  assert.equal(end('return "a".repeat(1e6).normalize().length'), 1e6);
  assert.equal(end('return ("e\\u0301".repeat(5e5) + "x").normalize("NFC").length'), 500_001);
  assert.match(String(end('return "\\ufdfa".repeat(1e6).normalize("NFKC").length')), /^FLOW_MEMORY /);
});

import { cases } from "./cases.ts";

cases("strings", [
  [
    `return ["abc".at(-1), "abc".charAt(5), "abc".charCodeAt(1), "😀".codePointAt(0), "abc".concat(1, null)];`,
    ["c", "", 98, 128512, "abc1null"],
  ],
  [
    `return ["abcabc".indexOf("c", 3), "abc".lastIndexOf("a"), "abc".includes("bc"), "abc".startsWith("b", 1), "abc".endsWith("b", 2), "".indexOf("")];`,
    [5, 0, true, true, true, 0],
  ],
  [`return ["abc".slice(-2), "abc".substring(2, 0), "abc".slice(2, 1), "abcdef".slice(1, -1)];`, [
    "bc",
    "ab",
    "",
    "bcde",
  ]],
  [
    String
      .raw`return ["a,b,,c".split(","), "abc".split(""), "a1b2".split(/\d/), "a1b2".split(/(\d)/), "abc".split(), "a b c".split(" ", 2), "".split(","), "".split("")];`,
    [["a", "b", "", "c"], ["a", "b", "c"], ["a", "b", ""], ["a", "1", "b", "2", ""], ["abc"], ["a", "b"], [
      "",
    ], []],
  ],
  [
    'return ["abc".replace("b", "[$&$`$\'$$]"), "aaa".replace("a", "b"), "aaa".replaceAll("a", "b"), "abc".replace(/(?<x>b)/, "<$<x>$1>"), "aXbX".replace(/x/gi, (m, i) => m + i)];',
    ["a[bac$]c", "baa", "bbb", "a<bb>c", "aX1bX3"],
  ],
  [`return ["abc".padStart(5, "12"), "abc".padEnd(6), "abc".padStart(2), "x".repeat(3), "x".repeat(0)];`, [
    "12abc",
    "abc   ",
    "abc",
    "xxx",
    "",
  ]],
  [
    `return ["  a b ".trim(), " a".trimStart(), "a ".trimEnd(), "AbC".toLowerCase(), "straße".toUpperCase(), "İ".toLowerCase().length];`,
    ["a b", "a", "a", "abc", "STRASSE", 2],
  ],
  [
    String
      .raw`return ["abc".match(/b/).index, "aba".match(/a/g), "abc".match(/x/), [..."a1b2".matchAll(/([a-z])(\d)/g)].map((m) => m[1] + m[2])];`,
    [1, ["a", "a"], null, ["a1", "b2"]],
  ],
  [
    String
      .raw`const m = "2024-05-06".match(/(?<y>\d+)-(?<m>\d+)/); return [m.groups.y, m.groups.m, m[0], m.index, m.input, m.length];`,
    ["2024", "05", "2024-05", 0, "2024-05-06", 3],
  ],
  [
    String
      .raw`return ["abc".search(/c/), "abc".search("z"), "é".normalize("NFD").length, "a".localeCompare("b"), "\ud800".isWellFormed(), "\ud800x".toWellFormed().length];`,
    [2, -1, 2, -1, false, 2],
  ],
  [
    `const re = /a/g; return [re.test("aa"), re.lastIndex, re.test("aa"), re.lastIndex, re.test("aa"), re.lastIndex];`,
    [true, 1, true, 2, false, 0],
  ],
  [
    String
      .raw`const re = /(\d)(x)?/g; return [re.exec("1x2"), re.exec("1x2").index, re.exec("1x2")].map((x) => x === null ? null : Array.isArray(x) ? x.map(String) : x);`,
    [["1x", "1", "x"], 2, null],
  ],
  [
    `const re = /b/y; re.lastIndex = 1; return [re.test("abc"), re.lastIndex, re.sticky, re.flags, re.global];`,
    [true, 2, true, "y", false],
  ],
  [
    String
      .raw`return [/a.c/s.test("a\nc"), /^b/m.test("a\nb"), /A/i.test("a"), /\u{1F600}/u.test("😀"), /^.$/u.test("😀"), /^.$/.test("😀")];`,
    [true, true, true, true, true, false],
  ],
  [`const re = new RegExp("a+", "gi"); return [re.source, re.flags, String(re), "xAAaY".replace(re, "-")];`, [
    "a+",
    "gi",
    "/a+/gi",
    "x-Y",
  ]],
  [
    `return ["aBc".replace(/[A-Z]/, (m) => m.toLowerCase()), "a-b-c".replaceAll("-", () => "+"), "x".replaceAll(/x/g, "$$")];`,
    ["abc", "a+b+c", "$"],
  ],
  [`try { "x".replaceAll(/x/, ""); } catch (e) { return e.name; }`, "TypeError"],
  [`try { "x".matchAll(/x/); } catch (e) { return e.name; }`, "TypeError"],
  [`return ["abc" < "abd", "a" + 1 + 2, "5" * 1, "abc"[0], "abc".length, [..."hé"].length];`, [
    true,
    "a12",
    5,
    "a",
    3,
    2,
  ]],
  [String.raw`return [String.fromCharCode(72, 105), String.fromCodePoint(128512), "a\tb".length, 'q"q'];`, [
    "Hi",
    "😀",
    3,
    'q"q',
  ]],
  [
    `return ["abc".split("").reverse().join(""), "hello world".split(" ").map((w) => w[0].toUpperCase() + w.slice(1)).join(" ")];`,
    ["cba", "Hello World"],
  ],
  [`return ["x".localeCompare("x"), ["b", "a", "c"].sort((a, b) => a.localeCompare(b))];`, [0, [
    "a",
    "b",
    "c",
  ]]],
  [
    `return ["%d".replace("%d", "$1"), "abc".replace("b", "$0"), "abc".replace(/(b)/, "$1$1$2"), "abc".replace("b", undefined)];`,
    ["$1", "a$0c", "abb$2c", "aundefinedc"],
  ],
  [
    'return "a1b22".replace(/\\d+/g, (m, offset, all) => `<${m}@${offset}/${all.length}>`);',
    "a<1@1/5>b<22@3/5>",
  ],
  [String.raw`return "John Smith".replace(/(\w+)\s(\w+)/, "$2, $1");`, "Smith, John"],
  [`return "aaa".lastIndexOf("a", 1) + "abc".indexOf("", 10);`, 4],
  [
    `return ["abc".at(5) === undefined, "abc"[5] === undefined, "abc".charAt(-1) === "", String("abc".codePointAt(9))];`,
    [true, true, true, "undefined"],
  ],
  [String.raw`return "a\u0301".normalize("NFC").length;`, 1],
  [`return ["1,2;3".split(/[,;]/), "ab".split(/(?:)/u), "abc".split("b", 1), "test".split("t")];`, [
    ["1", "2", "3"],
    ["a", "b"],
    ["a"],
    ["", "es", ""],
  ]],
  [
    `return ["abc".substring(-1, 2), "abc".substring(NaN), "abc".slice(NaN, 2), "abc".slice(undefined, undefined)];`,
    ["ab", "abc", "ab", "abc"],
  ],
  [
    String
      .raw`return ["ab\ncd".match(/^\w+$/gm), "aaa".match(/a{2}/)[0], "abcd".match(/[^a-c]/)[0], "a.b".match(/\./).index, "foo123".match(/[0-9]+/)[0]];`,
    [["ab", "cd"], "aa", "d", 1, "123"],
  ],
  [
    `return ["x=1&y=2".split("&").map((p) => p.split("=")), Object.fromEntries("x=1&y=2".split("&").map((p) => p.split("=")))];`,
    [[["x", "1"], ["y", "2"]], { "x": "1", "y": "2" }],
  ],
  [`const re = /(a)|(b)/; return ["b".match(re).map(String), "a".replace(re, "[$1$2]"), re.exec("c")];`, [
    ["b", "undefined", "b"],
    "[a]",
    null,
  ]],
  [String.raw`return [/\d/.test(5), /null/.test(null), /undefined/.test(), "a5".search(/\d/)];`, [
    true,
    true,
    true,
    1,
  ]],
  [
    String
      .raw`return [/[\w-]+@[\w.]+/.exec("mail bob-x@ex.org now")[0], /\bfoo\b/.test("a foo b"), /\Bo/.test("foo"), /[\s\S]/.test("\n")];`,
    ["bob-x@ex.org", true, true, true],
  ],
  [
    `return [/(?:a|ab)(?:c|bcd)(?:d*)/.exec("abcd")[0], /a*?b/.exec("aab")[0], /(a+?)(a*)/.exec("aaa").map(String), /x*/.exec("aaa")[0].length];`,
    ["abcd", "aab", ["aaa", "a", "aa"], 0],
  ],
  [
    `return ["aaa".replace(/a*?/g, "-"), "abc".replace(/x*/g, "-"), "abc".replace(/$/g, "!"), "😀".replace(/(?:)/gu, "|"), "ab".replace(/(?:)/g, "|")];`,
    ["-a-a-a-", "-a-b-c-", "abc!", "|😀|", "|a|b|"],
  ],
  [`return [[..."aXbX".matchAll(/X/g)].map((m) => m.index), "aXbX".matchAll(/X/g).next().value.index];`, [[
    1,
    3,
  ], 1]],
]);

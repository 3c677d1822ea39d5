import { cases, refused } from "./cases.ts";

cases("lexical", [
  [
    `let a = 1
let b = 2
return a + b`,
    3,
  ],
  [
    `const f = () => {
  return
  1
}
return f() === undefined`,
    true,
  ],
  [
    `let i = 1, j = 2
i
++
j
return [i, j]`,
    [1, 3],
  ],
  [
    `let i = 1, j = 2
i
--
j
return [i, j]`,
    [1, 1],
  ],
  [
    `const a = 1
const b = a
+ 1
return b`,
    2,
  ],
  [
    `const a = [1, 2]
const b = a
[1]
return b`,
    2,
  ],
  [
    `let a = (x) => x
let b = a
(5)
return b`,
    5,
  ],
  [
    `let s = "a"
const t = s
.length
return t`,
    1,
  ],
  [
    `const f = () => ({
a: 1
})
return f()`,
    { "a": 1 },
  ],
  [
    `if (true) return 1
else return 2`,
    1,
  ],
  [
    `do i() while (n < 2)
return n
let n
function i() { }`,
    refused,
  ],
  [
    `let n = 0
do n++; while (n < 3) return n`,
    3,
  ],
  [`for (let i = 0; i < 1; i++);return "empty body"`, "empty body"],
  [`while (false);return "w"`, "w"],
  [`if (0);else return "e"`, "e"],
  [";;;return 1;;", 1],
  [
    `let x = 5;{}
return x`,
    5,
  ],
  [
    `{}
[1]
return 2`,
    2,
  ],
  [
    `let a = 1 /* c */ /* d
 */ let b = 2
return a + b`,
    3,
  ],
  [
    `// comment
return 1 // end`,
    1,
  ],
  ["/* a */ return /* b */ 1 /* c */", 1],
  ["return 4 / 2 / 1", 2],
  [
    `let g = 2, i = 1
return 8 /g/ i`,
    4,
  ],
  [`return /[/]/.test("/")`, true],
  [String.raw`return [/a\/b/.test("a/b"), /=/.test("="), /\]/.source]`, [true, true, "\\]"]],
  [
    "const s = 'it\\'s \"q\" \\\\ \\n \\t \\0 \\x41 \\u0042 \\u{1F600} \\\nx'\nreturn s",
    'it\'s "q" \\ \n \t \u0000 A B 😀 x',
  ],
  [String.raw`return "\b\f\v\r".length`, 4],
  [String.raw`return "\u2028\u2029".length`, 2],
  [String.raw`return ["😀".length, [..."😀"].length, "\u{1F600}" === "😀", "\uD83D\uDE00" === "😀"]`, [
    2,
    1,
    true,
    true,
  ]],
  [String.raw`const \u0061bc = 1; return abc;`, 1],
  [String.raw`const a\u{62}c = 2; return abc;`, 2],
  ["const ünï = 1, $ = 2, _ = 3, 变量 = 4, $_9 = 5; return ünï + $ + _ + 变量 + $_9;", 15],
  [String.raw`const o = { \u0061: 1, "\x62": 2, 0x10: 3, 1e2: 4, .5: 5 }; return o;`, {
    "16": 3,
    "100": 4,
    "a": 1,
    "b": 2,
    "0.5": 5,
  }],
  [
    "const o = { if: 1, class: 2, await_: 3, null: 4, true: 5, function: 6, let: 7, static: 8 }; return [o.if, o.class, o.null, o.function, o];",
    [1, 2, 4, 6, {
      "if": 1,
      "class": 2,
      "await_": 3,
      "null": 4,
      "true": 5,
      "function": 6,
      "let": 7,
      "static": 8,
    }],
  ],
  ["return `a${1}b${`c${2}`}d`;", "a1bc2d"],
  ["return `line\ntwo`;", "line\ntwo"],
  ["return `\\n\\t\\u0041\\x42\\${x}\\``;", "\n\tAB${x}`"],
  ['return `${{ a: 1 }.a}${[1, 2].map((x) => `<${x}>`).join("")}`;', "1<1><2>"],
  ["return `${}`.length", refused],
  ["return ``.length;", 0],
  ["return `$ {1} $$ $`;", "$ {1} $$ $"],
  ["return `a\\\nb`;", "ab"],
  ["return [0.5, .5, 5., 0.5e1, 5E-1, 0xFf, 0B1, 0O7, 1_0.0_1, 0x_f].length", refused],
  ["return [1..toString(), 1.5.toFixed(0), 1 .toString(), (1).toString()];", ["1", "2", "1", "1"]],
  ["return [1.e3, 1.0e+3, 1e-3];", [1000, 1000, 0.001]],
  ["return 9007199254740993;", 9007199254740992],
  ["return 0.1e-400;", 0],
  ["return 1e400 === Infinity;", true],
  [
    `let async = 1
async
return async`,
    1,
  ],
  [
    `const f = async
(x) => x
return 1`,
    refused,
  ],
  [
    `const get = { get: 1, set: 2, async: 3 }
return get`,
    { "get": 1, "set": 2, "async": 3 },
  ],
  [
    "const o = { async() { return 2 }, get() { return 3 }, set: 4, await() { return 5 } }; return [o.async(), o.get(), o.set, o.await()];",
    [2, 3, 4, 5],
  ],
  ["const yield_ = 1; return yield_;", 1],
  [
    `return 1
+
2`,
    3,
  ],
  [
    `const a = 1,
b = 2;
return a +
b;`,
    3,
  ],
  [
    `const f = (
a,
b,
) => a + b; return f(1, 2,);`,
    3,
  ],
  ["return [1, 2,].length + Object.keys({ a: 1, }).length;", 3],
  [
    `throw
new Error("x")`,
    refused,
  ],
  [
    `const f = () =>
1
return f()`,
    1,
  ],
  [`return "use strict".length`, 10],
  [
    `"use strict"
return 1`,
    1,
  ],
  ["'a directive'; return 2", 2],
  [
    `const a = 1, b = 2;
const c = a
/b/1
return c`,
    0.5,
  ],
  [
    `let x = 1;
x
/ 2
return x`,
    1,
  ],
  [
    `return (function () { return 1 } )()
`,
    1,
  ],
  [
    `return typeof a
function a() { return 1 }`,
    "function",
  ],
  [
    `const t = typeof
1
return t`,
    "number",
  ],
  [
    `const v = void
0
return v === undefined`,
    true,
  ],
  [
    `const n = new
Map()
return n.size`,
    0,
  ],
  [
    `const z = !
true
return z`,
    false,
  ],
  [
    `a: while (true) { break a
}
return 1`,
    1,
  ],
  [
    `let let_ = 1
return let_`,
    1,
  ],
  [
    `const { a }
= { a: 1 }
return a`,
    1,
  ],
  [
    `for (const x
of
[1]) return x`,
    1,
  ],
  [
    `return ((a,
b) => a +
b)(1,
2)`,
    3,
  ],
  ['return {\na: 1,\n"b": 2,\n[`c`]: 3,\nd() { return 4 }\n}.c', 3],
  [String.raw`return "\101"`, refused],
  ["return '<!-- not a comment -->'.length", 22],
  ["let y = 3; return y --> 0", true],
  ["return 08", refused],
  [
    `return "a" + /* 
 */ "b"`,
    "ab",
  ],
  [
    `return 1 ?
2 :
3`,
    2,
  ],
  [String.raw`return "\u{41}\u{000041}\x7f".length`, 3],
  [String.raw`return "\a\c\d\e"`, "acde"],
  ["return '\\'' + \"\\\"\" + `\\``", "'\"`"],
  [`return "tab	inside"`, "tab\tinside"],
  ["const a = 0, b = 1; return a ?? b, a || b", 1],
  ["const a = 1, b = 2; return (a ?? b) || 3", 1],
  [
    "const f = x => y => x + y, g = () => { }, h = (x) => ({}), k = async () => { }; return [f(1)(2), g() === undefined, h(1)];",
    [3, true, {}],
  ],
  [`return ((x) => { "use strict"; return x })(1)`, 1],
  ["return (x => { return { x } })(1)", { "x": 1 }],
  [
    `return (a => a)
(2)`,
    2,
  ],
  ["return [...[...[1]], ...[]].length", 1],
  ["return new Date(0).getTime() + new (Date)(5).getTime()", 5],
  ["return new Map([[1, 2]]).get(1)", 2],
  [`return new Error("x").message.length`, 1],
  ["return new Date(2020, 0).getFullYear()", 2020],
]);

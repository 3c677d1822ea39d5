import { agrees } from "../agree.ts";

agrees(
  "RegExp",
  `
  /(?i:a)b/.exec("Ab")
  /(?-i:a(?i:b))c/i.exec("aBC")
  /(?i:[ab])c/.test("AC")
  /(?m:^b$)/.exec("a\\nb")
  /(?s:.)b/.exec("\\nb")
  /(?-s:.)b/s.exec("\\nb")
  /(?i:\\b)\\u017f/u.exec("\\u017f")
  /(?<y>a)(?<x>c)|(?<x>b)(?<y>d)/.exec("bd").groups
  new RegExp("(?<x>a)|(?<x>b)", "d").exec("b").indices.groups
  "ab".replace(/(?<x>a)|(?<x>b)/g, "[$<x>]")
  /(z)((a+)?(b+)?(c))*/.exec("zaacbbbcac")
  /(a*)*/.exec("b")
  "aBc".match(/b/i).index
  "abc".match(/(?<n>b)/).groups.n
  Object.keys("abc".match(/(?<n>b)/d))
  "abc".match(/b/).hasOwnProperty("index")
  (() => { const m = "ab".match(/b/); m.index = 7; delete m.input; return m; })()
  (() => { const r = /a/g; r.lastIndex = 5; return [r.test("aaa"), r.lastIndex]; })()
  (() => { const r = /a/y; return [r.test("ba"), r.lastIndex, (r.lastIndex = 1, r.test("ba")), r.lastIndex]; })()
  (() => { const r = /\\u{1F600}/gu; return ["😀😀".replace(r, (m, at) => at), r.lastIndex]; })()
  [..."a1b2".matchAll(/([a-z])(\\d)/g)].map((m) => [m[1], m.index])
  "2024-05-06".replace(/(\\d+)-(\\d+)-(\\d+)/, "$3.$2.$1 $& $\` $' $$ $4 $10")
  "aaa".replace(/a/g, (m, at, all) => at + all)
  "x".replace(/(y)?x/, (...args) => args)
  "a,b;c".split(/([,;])/)
  "abc".split(/(?:)/, 2)
  "😀a".split(/(?:)/u)
  "😀a".split(/(?:)/)
  /[^]/.exec("\\n")[0]
  /[]/.exec("a")
  /\\cJ/.test("\\n")
  /[\\b]/.test("\\b")
  /\\p{Script=Greek}/u.test("α")
  String(new RegExp("/"))
  String(new RegExp(""))
  String(new RegExp("\\n"))
  new RegExp("a", "gg")
  new RegExp("(")
  new RegExp(/a/g, "i").flags
  RegExp(/a/g).flags
  new RegExp(undefined).source
  /a/.source = "b"
  [/a/dgimsuy.flags, /a/g.global, /a/.sticky, /a/u.unicode, /a/d.hasIndices, /a/s.dotAll, /a/.unicodeSets]
`,
);

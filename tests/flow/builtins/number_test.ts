import { agrees } from "./agree.ts";

agrees(
  "Number: members",
  `
  (255).toString(16)
  (0.1).toString(3)
  (-255.5).toString(2)
  (5).toString(undefined)
  (5).toString(1)
  (5).toString(37)
  (5).toString("2")
  NaN.toString(2)
  (1.005).toFixed(2)
  (1e21).toFixed(2)
  (-1.5).toFixed()
  (5).toFixed(101)
  (5).toFixed(-1)
  (0).toFixed(2)
  (12345.678).toExponential(2)
  (12345.678).toExponential()
  (0).toExponential(3)
  Infinity.toExponential(1000)
  (5).toExponential(101)
  (123.456).toPrecision(4)
  (0.00001).toPrecision(1)
  (5).toPrecision()
  (5).toPrecision(0)
  NaN.toPrecision(0)
  (5).valueOf()
  (0, (5).toFixed)()
  (0, (5).toString)()
  true.toString()
  false.valueOf()
  (0, true.toString)()
  (1234567.891).toLocaleString()
  (1234567.891).toLocaleString("de-DE")
  (0.256).toLocaleString("en", { style: "percent", maximumFractionDigits: 1 })
  (5).toLocaleString("en", { style: "currency" })
  (5).toLocaleString("no such language!")
`,
);

agrees(
  "Number: statics and conversion",
  `
  Number()
  Number("0x1f")
  Number(" 12 ")
  Number("1_000")
  Number(null)
  Number(undefined)
  Number([5])
  Number([5, 6])
  Number({ valueOf: () => "7" })
  Number(new Date(5))
  Number.isInteger(5.0)
  Number.isInteger("5")
  Number.isSafeInteger(2 ** 53)
  Number.isNaN("x")
  Number.isFinite(Infinity)
  Number.parseInt === parseInt
  Number.parseFloat === parseFloat
  Number.MAX_SAFE_INTEGER
  Number.MIN_VALUE
  Number.EPSILON
  Number.NaN
  parseInt("12px")
  parseInt("0x1f")
  parseInt("z", 36)
  parseInt("12", 1)
  parseInt("")
  parseInt(null, 36)
  parseInt("1e3")
  parseFloat("3.14abc")
  parseFloat(".5.5")
  parseFloat("-Infinityx")
  isNaN("x")
  isNaN(undefined)
  isFinite("5")
  Boolean("")
  Boolean([])
  5 instanceof Number
  Number.name + Number.length
`,
);

agrees(
  "Number: locales of every kind",
  `
  (1234.5).toLocaleString("")
  (1234.5).toLocaleString({})
  (1234.5).toLocaleString([])
  (1234.5).toLocaleString(5)
  (1234.5).toLocaleString(true)
  (1234.5).toLocaleString(["de"])
  (1234.5).toLocaleString(["de", "de"])
  (1234.5).toLocaleString({ length: 1, 0: "de" })
  (1234.5).toLocaleString("xx-invalid-locale-zzzzzzzzzzz")
  (1234.5).toLocaleString("de", "")
  (1234.5).toLocaleString("de", {})
  "a".localeCompare("b", "")
  "a".localeCompare("b", {})
  "I".toLocaleLowerCase({})
  "I".toLocaleLowerCase("tr")
`,
);

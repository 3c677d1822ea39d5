import { cases } from "./cases.ts";

cases("dates", [
  [
    "const d = new Date(Date.UTC(2024, 1, 29, 12, 30, 45, 678)); return [d.toISOString(), d.getUTCDay(), d.getTime(), d.getFullYear(), d.getMonth(), d.getDate(), d.getHours(), d.getTimezoneOffset()];",
    ["2024-02-29T12:30:45.678Z", 4, 1709209845678, 2024, 1, 29, 12, 0],
  ],
  [
    `return [new Date("2024-01-01").getTime(), new Date("2024-01-01T00:00:00Z").getTime(), new Date("2024-01-01T00:00:00").getTime(), new Date("2024-01-01T02:00:00+02:00").getTime()];`,
    [1704067200000, 1704067200000, 1704067200000, 1704067200000],
  ],
  [
    `return [new Date("nope").getTime(), String(new Date(NaN)), JSON.stringify(new Date(NaN)), Date.parse("x")].map(String);`,
    ["NaN", "Invalid Date", "null", "NaN"],
  ],
  [
    "const d = new Date(0); d.setUTCFullYear(2020); d.setUTCMonth(13); d.setUTCDate(0); return d.toISOString();",
    "2021-01-31T00:00:00.000Z",
  ],
  ["const d = new Date(2020, 0, 31); d.setMonth(1); return d.toISOString();", "2020-03-02T00:00:00.000Z"],
  [
    "const d = new Date(0); return [d.setHours(25), d.setMinutes(61, 1, 1), d.setSeconds(-1), d.setMilliseconds(1001), d.toISOString()];",
    [90000000, 93661001, 93659001, 93660001, "1970-01-02T02:01:00.001Z"],
  ],
  [
    "return [String(new Date(0)), new Date(0).toUTCString(), new Date(0).toDateString(), new Date(0).toJSON(), new Date(0).toTimeString()];",
    [
      "Thu Jan 01 1970 00:00:00 GMT+0000 (Coordinated Universal Time)",
      "Thu, 01 Jan 1970 00:00:00 GMT",
      "Thu Jan 01 1970",
      "1970-01-01T00:00:00.000Z",
      "00:00:00 GMT+0000 (Coordinated Universal Time)",
    ],
  ],
  ["const a = new Date(5), b = new Date(5); return [a === b, a == b, +a === +b, a - b, a <= b];", [
    false,
    false,
    true,
    0,
    true,
  ]],
  ["const a = new Date(1000); const b = new Date(a); b.setTime(5); return [a.getTime(), b.getTime()];", [
    1000,
    5,
  ]],
  [
    "return [new Date(99, 0).getFullYear(), new Date(2020, 11, 31, 23, 59, 60).toISOString(), Date.UTC(2020), typeof Date.now(), typeof Date()];",
    [1999, "2021-01-01T00:00:00.000Z", 1577836800000, "number", "string"],
  ],
  ["return [new Date(8.64e15).getTime(), new Date(8.64e15 + 1).getTime()].map(String);", [
    "8640000000000000",
    "NaN",
  ]],
  [
    `return [new Date(1.9).getTime(), new Date("5").getTime() === Date.parse("5"), new Date(true).getTime(), new Date(null).getTime()];`,
    [1, true, 1, 0],
  ],
  [
    "const d = new Date(0); return [Object.keys(d), JSON.stringify({ d }), `${d}` === d.toString(), typeof d];",
    [[], '{"d":"1970-01-01T00:00:00.000Z"}', true, "object"],
  ],
  [
    `const days = (a, b) => Math.round((b - a) / 864e5); return days(new Date("2024-02-28"), new Date("2024-03-01"));`,
    2,
  ],
  [
    "return [new Date(2024, 0, 1) < new Date(2024, 0, 2), Math.max(new Date(1), new Date(2)), new Date(0) instanceof Date];",
    [true, 2, true],
  ],
]);

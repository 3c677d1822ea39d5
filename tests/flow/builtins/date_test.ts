import assert from "node:assert/strict";
import { agree, agrees, end, endsInFlow } from "./agree.ts";

const utc = new Date().getTimezoneOffset() === 0;
const getters = "Date Day FullYear Hours Milliseconds Minutes Month Seconds".split(" ");

Deno.test("Date: every getter and setter in UTC, as in V8", () => {
  const times = ["0", "1700000000000", "-1", "951782400000", "8.64e15", "NaN", "-62198755200000"];
  const reads = times.flatMap((time) => getters.map((part) => `new Date(${time}).getUTC${part}()`));
  const args = ["", "5", "-1, 2", "2024, 13, 40, 25", "NaN", '"7"', "null", "1e9", "[3]"];
  const writes = times.flatMap((time) =>
    getters.filter((part) => part !== "Day").flatMap((part) =>
      args.map((given) => `(() => { const d = new Date(${time}); return [d.setUTC${part}(${given}), d]; })()`)
    )
  );
  agree([...reads, ...writes]);
});

Deno.test("Date: the local getters and setters are the UTC ones", () => {
  const local = endsInFlow(getters.map((part) => `new Date(1700000000123).get${part}()`));
  assert.deepEqual(local, endsInFlow(getters.map((part) => `new Date(1700000000123).getUTC${part}()`)));
  assert.deepEqual(endsInFlow(["new Date(5).getTimezoneOffset()", "new Date(2024, 0, 31).toISOString()"]), [
    "0",
    '"2024-01-31T00:00:00.000Z"',
  ]);
});

agrees(
  "Date: what does not depend on a zone",
  `
  new Date(0)
  new Date("2024-01-02")
  new Date("2024-01-02T03:04:05.678Z")
  new Date("2024-01-02T03:04:05+02:00")
  new Date("Tue, 02 Jan 2024 03:04:05 GMT")
  new Date("Jan 2, 2024 3:04 PM EST")
  new Date("nonsense")
  new Date("2024-13-01")
  new Date(new Date(5))
  new Date(null)
  new Date(undefined)
  new Date({ valueOf: () => 7 })
  new Date({ toString: () => "1970-01-02", valueOf: () => ({}) })
  new Date(8.64e15 + 1)
  Date.UTC(2024)
  Date.UTC(99, 1)
  Date.UTC(2024, 0, 2, 3, 4, 5, 6, 7)
  Date.UTC()
  Date.parse("2024-02-30T00:00:00Z")
  new Date(1e12).toISOString()
  new Date(NaN).toISOString()
  new Date(1e12).toJSON()
  new Date(NaN).toJSON()
  new Date(1e12).toUTCString()
  new Date(1e12).valueOf()
  new Date(-1e15).toISOString()
  new Date(1e12) - new Date(5)
  new Date(5) < new Date(6)
  new Date(NaN) + ""
  new Date(1e12).setTime("9")
  new Date(1e12).toLocaleDateString("de-DE", { timeZone: "Asia/Tokyo", dateStyle: "full" })
  new Date(1e12).toLocaleTimeString("en", { timeZone: "nowhere" })
  (0, new Date().getTime)()
  Date.length + Date.name
  new Date(5) instanceof Date
  (() => { const d = new Date(NaN); return [d.setUTCDate({ valueOf: () => d.setTime(0) }), d]; })()
  (() => { const d = new Date(0); return [d.setUTCDate({ valueOf: () => { d.setTime(1e12); return 3; } }), d]; })()
`,
);

Deno.test("Date: texts in UTC, whatever the zone of the host", () => {
  const shown = [
    ["new Date(1e12).toString()", "Sun Sep 09 2001 01:46:40 GMT+0000 (Coordinated Universal Time)"],
    ["String(new Date(-62198755200000))", "Fri Jan 01 -0001 00:00:00 GMT+0000 (Coordinated Universal Time)"],
    ["new Date(1e12).toDateString()", "Sun Sep 09 2001"],
    ["new Date(1e12).toTimeString()", "01:46:40 GMT+0000 (Coordinated Universal Time)"],
    ["new Date(NaN).toString()", "Invalid Date"],
    ["Date()", "Tue Nov 14 2023 22:13:20 GMT+0000 (Coordinated Universal Time)"],
    ["new Date(1e12).toLocaleDateString()", "9/9/2001"],
    ["new Date('2024-01-02T03:04').toISOString()", "2024-01-02T03:04:00.000Z"],
    ["new Date('2024/1/2 3:04').toISOString()", "2024-01-02T03:04:00.000Z"],
    ["new Date('Jan 2 2024 (a comment) 3:04').toISOString()", "2024-01-02T03:04:00.000Z"],
    ["new Date('Jan 2 2024 3:04 GMT+0100 (CET)').toISOString()", "2024-01-02T02:04:00.000Z"],
    ["new Date('2024-1-2').toISOString()", "2024-01-02T00:00:00.000Z"],
    ["new Date('2024-01-02 03:04:05-05:00').toISOString()", "2024-01-02T08:04:05.000Z"],
  ];
  assert.deepEqual(endsInFlow(shown.map(([one]) => one!)), shown.map(([, text]) => JSON.stringify(text)));
  assert.equal(end("return Date.now()"), 1_700_000_000_000);
});

Deno.test({
  name: "Date: texts as in V8, where V8 runs in UTC",
  ignore: !utc,
  fn: () => {
    const times = ["0", "1e12", "-1e14", "253402300800000", "NaN", "-62198755200000"];
    agree(
      times.flatMap((time) =>
        ["toString", "toDateString", "toTimeString", "toUTCString"].map((name) =>
          `new Date(${time}).${name}()`
        )
      ),
    );
  },
});

import { deepStrictEqual as equal, strictEqual as same } from "node:assert/strict";
import {
  brief,
  count,
  tellCount,
  tellDuration,
  tellProgress,
  tellSince,
  tellTime,
} from "../../src/cli/format.ts";
import { exampleOf } from "../../src/cli/dev/example.ts";
import { fit, widthOf, wrap, wrapped } from "../../src/cli/redraw.ts";
import { plain } from "./support.ts";
import type { ExecutionView } from "../../src/cli/show/read_view.ts";
import { renderSource } from "../../src/cli/show/render_position.ts";
import { placeInTree, renderTree } from "../../src/cli/show/render_tree.ts";
import type { Listed } from "../../src/cli/steps.ts";
import { table } from "../../src/cli/table.ts";
import type { Terminal } from "../../src/cli/terminal.ts";

Deno.test("tellDuration() keeps two units at most, and never rounds up", () => {
  const second = 1_000, minute = 60 * second, hour = 60 * minute, day = 24 * hour;
  equal(
    [-5, 0, 34.4, 999, 1_000, 1_950, 9_999, 59_999, minute, 3 * minute + 12_900, hour, 25 * hour, 10 * day]
      .map(tellDuration),
    [
      "0 ms",
      "0 ms",
      "34 ms",
      "999 ms",
      "1.0 s",
      "1.9 s",
      "9.9 s",
      "59 s",
      "1 m",
      "3 m 12 s",
      "1 h",
      "1 d 1 h",
      "10 d",
    ],
  );
});

Deno.test("tellSince() looks back and ahead", () => {
  const now = new Date("2026-05-01T12:00:00Z");
  same(tellSince(new Date("2026-05-01T11:57:00Z"), now), "3 m ago");
  same(tellSince(new Date("2026-05-03T16:00:00Z"), now), "in 2 d 4 h");
});

Deno.test("tellTime() leaves out the date of today", () => {
  const now = new Date(2026, 4, 1, 12);
  same(tellTime(new Date(2026, 4, 1, 9, 5, 7), now), "09:05:07");
  same(tellTime(new Date(2026, 3, 30, 9, 5, 7), now), "2026-04-30 09:05:07");
});

Deno.test("tellCount() and count() set thousands apart and bend the noun", () => {
  equal([0, 999, 1_000, 1_234_567].map(tellCount), ["0", "999", "1,000", "1,234,567"]);
  equal([count(1, "flow"), count(2, "flow")], ["1 flow", "2 flows"]);
});

Deno.test("brief() cuts JSON to a width", () => {
  same(brief({ a: "b".repeat(100) }, 10), '{"a":"bbb…');
});

Deno.test("tellProgress() shows a share of 1 as a percentage, and anything else as it is", () => {
  equal([0, 0.419, 1, 2, -1].map(tellProgress), ["0 %", "41 %", "100 %", "2", "-1"]);
  equal([tellProgress("almost"), tellProgress({ done: 3 })], ['"almost"', '{"done":3}']);
});

const pipe = {
  isTerminal: false,
  columns: 40,
  paint: (_: string, text: string) => text,
} as unknown as Terminal;
const narrow = { ...pipe, isTerminal: true } as Terminal;
const rows = [["a", "x".repeat(60), "1"], ["bb", "y", "12"]];

Deno.test("table() lines columns up, numbers to the right", () => {
  same(
    table([["a", "1"], ["bbb", "12"]], { head: ["name", "n"], right: [1] }, pipe),
    "name   n\na      1\nbbb   12",
  );
});

Deno.test("table() cuts the column that gives way on a terminal, and nothing in a pipe", () => {
  const options = { head: ["k", "text", "n"], right: [2], flexible: [1] };
  equal(table(rows, options, narrow).split("\n").map((line) => line.length <= 40), [true, true, true]);
  same(table(rows, options, pipe).includes("x".repeat(60)), true);
});

Deno.test("table() leaves out optional columns, the first first, before the one that gives way is too narrow", () => {
  const wide = [["a".repeat(12), "t".repeat(20), "queue", "12", "now"]];
  const options = {
    head: ["id", "target", "queue", "tries", "age"],
    right: [3],
    flexible: [1],
    optional: [3, 2],
  };
  const heads = [48, 40, 34, 28].map((columns) =>
    table(wide, options, { ...narrow, columns } as Terminal).split("\n")[0]!.split(/ +/).join(" ")
  );
  equal(heads, ["id target queue tries age", "id target queue age", "id target age", "id target age"]);
  equal(table(wide, options, pipe).split("\n")[0]!.split(/ +/).length, 5);
});

Deno.test("table() fits the terminal, however long all names are", () => {
  const long = [["n".repeat(60), "* * * * *", "c".repeat(60), "123,456", "t".repeat(60)]];
  const options = { head: ["name", "cron", "runs", "fired", "remarks"], right: [3], flexible: [4] };
  for (const columns of [200, 120, 80, 50]) {
    const lines = table(long, options, { ...narrow, columns } as Terminal).split("\n");
    equal(lines.filter((line) => line.length > columns), []);
    same(lines[1]!.includes("123,456"), true, "numbers are whole");
  }
});

Deno.test("wrap() breaks a line between words, and a word that is too long; colours take no room", () => {
  equal(wrap("short", 20), ["short"]);
  equal(wrap("one two three four five six", 20), ["one two three four", "    five six"]);
  equal(wrap(`a \x1b[31m${"b".repeat(30)}\x1b[0m`, 20), [
    `a \x1b[31m${"b".repeat(18)}`,
    `    ${"b".repeat(12)}\x1b[0m`,
  ]);
  equal(wrap("    at main (flows/hello.flow:1:2)", 20), [
    "    at main",
    "    (flows/hello.flo",
    "    w:1:2)",
  ]);
});

Deno.test("wrapped() breaks lines that are too long for a terminal below where they begin, and none in a pipe", () => {
  const text = "Error\n  \x1b[31mTypeError\x1b[0m: " + "no such luck, ".repeat(4).trim() + "\n\n  ok";
  equal(wrapped(text, pipe), text);
  equal(plain(wrapped(text, narrow)).split("\n"), [
    "Error",
    "  TypeError: no such luck, no such luck,",
    "    no such luck, no such luck,",
    "",
    "  ok",
  ]);
});

Deno.test("fit() cuts a line, and widthOf() measures it, without its colours", () => {
  same(fit("\x1b[36mabc\x1b[0m def", 5), "\x1b[36mabc\x1b[0m d");
  same(widthOf("\x1b[36mabc\x1b[0m def"), 7);
});

Deno.test("exampleOf() gives what a schema of inputs requires, and no more", () => {
  const type = (name: string): { type: string } => ({ type: name });
  equal(exampleOf(undefined), {});
  equal(exampleOf({ type: "object", properties: { name: type("string") } }), {});
  const properties = {
    name: type("string"),
    count: { type: "integer", minimum: 3 },
    isNew: type("boolean"),
    kind: { enum: ["a", "b"] },
    tags: { type: "array", items: type("string"), minItems: 1 },
    place: { type: "object", required: ["city"] },
    unit: { type: "string", default: "kg" },
    id: { anyOf: [type("number"), type("string")] },
  };
  equal(exampleOf({ type: "object", required: Object.keys(properties), properties }), {
    name: "name",
    count: 3,
    isNew: true,
    kind: "a",
    tags: ["tags"],
    place: { city: "city" },
    unit: "kg",
    id: 1,
  });
});

function at(second: number): Date {
  return new Date(Date.UTC(2026, 0, 1, 0, 0, second));
}

function one(nth: number, more: Partial<Listed>): Listed {
  return {
    ...{ id: `0199c3f2-0000-7000-8000-00000000000${nth}`, parentId: null, type: "task", target: "greet" },
    ...{
      status: "completed",
      queue: "default",
      attempt: 1,
      maxAttempts: 1,
      failures: 0,
      crashes: 0,
      maxCrashes: 3,
    },
    ...{ createdAt: at(nth), startedAt: at(nth), completedAt: at(nth + 1), progress: null, error: null },
    ...{ cancelReason: null, pausedAt: null, pausedBy: null, pauseReason: null, inputs: { n: nth } },
    ...more,
  };
}

Deno.test("renderTree() fits the terminal, however long all names are", () => {
  const root = one(0, { type: "workflow", target: "w".repeat(90) });
  const child = one(1, { parentId: root.id, target: "t".repeat(90) });
  for (const columns of [160, 100, 80]) {
    const placed = placeInTree(root, [root, child], { most: 4 });
    const lines = renderTree(placed, { ...narrow, columns }, at(9));
    equal(lines.map((line) => line.length <= columns && line.includes("0000000")), [true, true]);
  }
  same(
    renderTree(placeInTree(root, [root, child], { most: 4 }), pipe, at(9))[1]!.includes(child.target),
    true,
  );
});

Deno.test("renderSource() cuts lines of the source to the terminal, but never what it points at", () => {
  const source = `${"a".repeat(90)}\nb${"b".repeat(90)}\n${"c".repeat(90)}`;
  const drawn = (column: number): string[] => {
    const position = {
      name: "a",
      version: 1,
      source,
      fibres: [{ line: 2, column, function: "main", variables: {} }],
    };
    const view = { position, execution: { status: "suspended" } } as unknown as ExecutionView;
    return renderSource(view, narrow, { full: false });
  };
  equal(drawn(3).map((line) => line.length <= 40), [true, true, true, true]);
  equal(drawn(85).map((line) => line.length <= 40), [true, false, false, true]);
});

Deno.test("renderTree() makes one line of many alike children, with the inputs of the first and the last", () => {
  const root = one(0, { type: "workflow", target: "all" });
  const children = [1, 2, 3, 4, 5, 6].map((nth) => one(nth, { parentId: root.id }));
  const odd = one(7, { parentId: root.id, status: "failed" });
  const tree = (most: number): string[] =>
    renderTree(placeInTree(root, [root, ...children, odd], { most }), { ...narrow, columns: 80 }, at(9))
      .map((line) => line.replace(/  +/g, " "));
  equal(tree(4), [
    " ✔ all completed 1.0 s 00000000",
    ' ├─ ✔ greet ×6 completed 6.0 s {"n":1} … {"n":6}',
    ' └─ ✘ greet failed 1.0 s 00000007 {"n":7}',
  ]);
  same(tree(6).length, 8);
});

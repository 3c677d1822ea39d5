import assert from "node:assert/strict";
import { parseFlow } from "../../../src/flow/parser/mod.ts";

/** Code and the text each diagnostic points at. */
function problems(yaml: string): [string, string][] {
  const source = `\`\`\`\n${yaml}\n\`\`\`\nreturn 1`;
  const { diagnostics } = parseFlow({ name: "a.flow", source });
  return diagnostics.map(({ code, start, end }) => [code, source.slice(start, end).trim()]);
}

Deno.test("readFrontMatter() takes every documented key", () => {
  const yaml = "name: a\ndescription: b\nqueue: c\npriority: -1\ntimeout: 1h30m\n" +
    "retry: { max_attempts: 2, backoff: fixed, initial: 1s, max: 60, factor: 2, jitter: 0.5 }\n" +
    "input: { type: [object, 'null'], properties: { a: { anyOf: [{ const: 1 }, { enum: [x] }] } }, required: [a], " +
    "additionalProperties: false, description: d, default: {} }\nindex: [orderId, customer.id]";
  assert.deepEqual(problems(yaml), []);
});

const WRONG: [yaml: string, expected: [string, string][]][] = [
  ["nam: a", [["F0402", "nam"]]],
  ["retry: { attempts: 2 }", [["F0402", "attempts"]]],
  ["priority: high", [["F0403", "high"]]],
  ["timeout: soon", [["F0403", "soon"]]],
  ["retry: 0", [["F0403", "0"]]],
  ["retry: often", [["F0403", "often"]]],
  ["retry: { jitter: 2, max_attempts: 0 }", [["F0403", "2"], ["F0403", "0"]]],
  ["input: { type: text }", [["F0403", "text"]]],
  ["input: { items: { pattern: a } }", [["F0404", "pattern"]]],
  ["input: { properties: { a: { $ref: b } } }", [["F0404", "$ref"]]],
  ["input: { minLength: -1 }", [["F0403", "-1"]]],
  ["name: two words", [["F0403", "two words"]]],
  ["index: [a-b]", [["F0403", "[a-b]"]]],
  ["queue: ''", [["F0403", "''"]]],
  ["priority: 40000", [["F0403", "40000"]]],
  ["timeout: 0", [["F0403", "0"]]],
  ["retry: { factor: 101, max_attempts: 10000, max: 0, backoff: odd }", [
    ["F0403", "101"],
    ["F0403", "10000"],
    ["F0403", "odd"],
  ]],
  ["- a", [["F0403", "- a"]]],
];

for (const [yaml, expected] of WRONG) {
  Deno.test(`readFrontMatter() points at what is wrong in ${yaml}`, () =>
    assert.deepEqual(problems(yaml), expected));
}

Deno.test("parseFlow() says one thing of front matter between dashes", () => {
  for (const source of ["---\nname: a\n---\nreturn 1", "\ufeff--- \r\nname: a\r\n", "---"]) {
    const { diagnostics } = parseFlow({ name: "a.flow", source });
    assert.deepEqual(
      diagnostics.map(({ code, start, end }) => [code, source.slice(start, end)]),
      [["F0406", "---"]],
    );
  }
});

Deno.test("readFrontMatter() survives nesting and aliases without end", () => {
  for (
    const yaml of [
      `input: ${"[".repeat(20_000)}`,
      `input: ${"{a: ".repeat(20_000)}`,
      "input: &a { items: *a }",
    ]
  ) {
    assert.ok(problems(yaml).length > 0);
  }
});

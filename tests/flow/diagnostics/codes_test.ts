import assert from "node:assert/strict";
import { analyzeFlow } from "../../../src/flow/check/mod.ts";
import { CODES } from "../../../src/flow/diagnostics/mod.ts";

const text = Deno.readTextFileSync(new URL("../../../docs/reference/flow-diagnostics.md", import.meta.url));
const entries = text.split(/^### /m).slice(1).map((entry) => ({
  code: entry.slice(0, 5),
  title: entry.slice(6, entry.indexOf("\n")),
  example: /````flow\n([^]*?)\n````/.exec(entry)?.[1],
}));

Deno.test("docs/reference/flow-diagnostics.md lists every code under its title", () => {
  const listed = entries.map(({ code, title }) => [code, title]);
  assert.deepEqual(listed, Object.entries(CODES).map(([code, { title }]) => [code, title]));
});

for (const { code, example } of entries) {
  if (example === undefined) continue;
  Deno.test(`analyzeFlow() gives ${code} for its documented example, and nothing worse`, () => {
    const { diagnostics } = analyzeFlow({
      name: "a.flow",
      source: example,
      tasks: code === "F0305" ? new Set(["greet"]) : undefined,
    });
    const first = diagnostics.find((diagnostic) => diagnostic.code === code);
    assert.ok(first, `gave ${JSON.stringify(diagnostics)}`);
    assert.equal(first.severity, CODES[code as keyof typeof CODES].severity);
    assert.deepEqual(diagnostics.filter((other) => other.code !== code && other.severity === "error"), []);
    assert.ok(first.start < first.end && first.end <= example.length);
  });
}

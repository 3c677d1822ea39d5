import assert from "node:assert/strict";
import { parseFlow } from "../../../src/flow/parser/mod.ts";
import { acornBody, ownBody } from "./acorn.ts";
import { ACCEPTED } from "./corpus.ts";

const name = "a.flow";

for (const source of ACCEPTED) {
  Deno.test(`parseFlow() gives acorn's tree for ${JSON.stringify(source).slice(0, 70)}`, () => {
    const { ast, diagnostics } = parseFlow({ name, source });
    assert.deepEqual(diagnostics.filter(({ severity }) => severity === "error"), []);
    assert.deepEqual(ownBody(ast!), acornBody(source));
  });
}

Deno.test("parseFlow() takes off the wrapper and keeps offsets into the source", () => {
  const source = "async function main() {\n  return 1\n}\n";
  const { ast } = parseFlow({ name, source });
  assert.equal(ast!.body.length, 1);
  assert.equal(source.slice(ast!.body[0]!.start, ast!.body[0]!.end), "return 1");
});

Deno.test("parseFlow() leaves a main that is not all there is", () => {
  const { ast } = parseFlow({ name, source: "async function main() {}\nmain(1)" });
  assert.deepEqual(ast!.body.map(({ type }) => type), ["FunctionDeclaration", "ExpressionStatement"]);
});

Deno.test("parseFlow() reads front matter and counts code offsets from the file's beginning", () => {
  const source =
    "```yaml\nname: a\ntimeout: 24h\nretry: { max_attempts: 3 }\ninput: { type: object, required: [b] }\n```\nreturn 1";
  const { ast, frontMatter, diagnostics } = parseFlow({ name, source });
  assert.deepEqual(diagnostics, []);
  assert.deepEqual(frontMatter, {
    name: "a",
    timeout: "24h",
    retry: { max_attempts: 3 },
    input: { type: "object", required: ["b"] },
  });
  assert.equal(ast!.body[0]!.start, source.indexOf("return"));
});

Deno.test("parseFlow() reports every broken statement in one pass", () => {
  const source = "let = 1\nconst a = [1 2]\nif (a { b }\nlet c = 3\nfor (;;\nreturn c";
  const { diagnostics, complete, ast } = parseFlow({ name, source });
  assert.ok(diagnostics.length >= 4, JSON.stringify(diagnostics));
  assert.equal(complete, false);
  assert.ok(ast!.body.some(({ type }) => type === "VariableDeclaration"));
});

Deno.test("parseFlow() refuses a source above the limit, by bytes", () => {
  const source = `"${"é".repeat(60)}"`;
  assert.equal(parseFlow({ name, source, maxSourceBytes: 100 }).diagnostics[0]!.code, "F0901");
  assert.deepEqual(parseFlow({ name, source, maxSourceBytes: 122 }).diagnostics, []);
});

Deno.test("parseFlow() reads a flow that is named like a member of every object, and leaves that member alone", () => {
  for (const source of ["constructor", "toString", "__proto__"]) {
    const { ast, diagnostics } = parseFlow({ name, source });
    assert.deepEqual(ast!.body.map(({ type }) => type), ["ExpressionStatement"], source);
    assert.deepEqual(diagnostics, [], source);
  }
  assert.deepEqual([Object.keys(Object), Object.keys(Object.prototype.toString)], [[], []]);
});

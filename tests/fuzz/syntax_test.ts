import { parse } from "acorn";
import assert from "node:assert/strict";
import fc from "fast-check";
import { analyzeFlow } from "../../src/flow/check/mod.ts";
import { parseFlow } from "../../src/flow/parser/mod.ts";
import { programs } from "./programs.ts";
import { testSeed } from "../support/seed.ts";

const HEAD = "async () => {";

/** What acorn adds to the tree and we do not need, or the other way round. */
const IGNORED = new Set(["start", "end", "raw", "sourceType", "expression", "generator", "directive"]);

interface Tree {
  [key: string]: unknown;
}

function treeOf(source: string): unknown {
  const { body: [statement] } = parse(`${HEAD}${source}\n}`, { ecmaVersion: 2025 }) as unknown as {
    body: Tree[];
  };
  const arrow = (statement as { expression: { body: { body: unknown } } }).expression;
  return arrow.body.body;
}

/** The first place where the trees differ. */
function mismatch(theirs: unknown, ours: unknown, path: string): string | undefined {
  if (theirs instanceof RegExp || Object.is(theirs, ours) || (!theirs && !ours && theirs !== 0)) {
    return undefined;
  }
  if (typeof theirs !== "object" || typeof ours !== "object" || theirs === null || ours === null) {
    return `${path}: ${JSON.stringify(theirs)} and ${JSON.stringify(ours)}`;
  }
  const [left, right] = [theirs as Tree, ours as Tree];
  if (Array.isArray(left) && left.length !== right.length) {
    return `${path}: ${left.length} and ${right.length}`;
  }
  if (typeof left.type === "string" && left.type !== "Program") {
    const spans = [left.start, left.end].map((offset) => Number(offset) - HEAD.length).join();
    if (spans !== [right.start, right.end].join()) {
      return `${path}: ${spans} and ${[right.start, right.end].join()}`;
    }
  }
  for (const key of Object.keys(left)) {
    if (IGNORED.has(key) || (key === "value" && "regex" in left)) continue;
    const found = mismatch(left[key], right[key], `${path}.${key}`);
    if (found) return found;
  }
}

Deno.test("parseFlow() gives acorn's tree and spans on random programs", () => {
  for (const { source } of fc.sample(programs, { numRuns: 300, seed: testSeed })) {
    const { ast, diagnostics } = parseFlow({ name: "fuzz.flow", source });
    assert.deepEqual(diagnostics.filter((one) => one.severity === "error"), [], source);
    const found = mismatch(treeOf(source), ast?.body, "body");
    if (found) assert.fail(`RHYTHM_TEST_SEED=${testSeed}: ${found}\n${source}`);
  }
});

Deno.test("analyzeFlow() finds no error in well-scoped programs", () => {
  for (const { source } of fc.sample(programs, { numRuns: 300, seed: testSeed + 1 })) {
    const errors = analyzeFlow({ name: "fuzz.flow", source }).diagnostics.filter((one) =>
      one.severity === "error"
    );
    assert.deepEqual(errors, [], `RHYTHM_TEST_SEED=${testSeed}\n${source}`);
  }
});

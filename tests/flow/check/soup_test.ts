import assert from "node:assert/strict";
import fc from "fast-check";
import { analyzeFlow } from "../../../src/flow/check/mod.ts";
import type { Diagnostic } from "../../../src/flow/diagnostics/mod.ts";
import { ACCEPTED } from "../parser/corpus.ts";
import { acornBody, ownBody } from "../parser/acorn.ts";
import { testSeed } from "../../support/seed.ts";

const TOKENS =
  "a b f 1 'x' `y` `${ } ( ) [ ] { } , ; : ? . ?. ... = => + - * / ** ++ -- ! ~ += ??= && || ?? < == in of instanceof typeof void delete await async function let const if else for while do switch case default break continue return throw try catch finally new null true /r/g l: get set \n \n"
    .split(/ /);
const PIECES = /\s+|[\w$]+|'[^'\n]*'|"[^"\n]*"|[^\s\w]/g;

const AsyncFunction = (async () => {}).constructor as new (body: string) => unknown;

function v8Accepts(source: string): boolean {
  try {
    new AsyncFunction(`"use strict";${source}`);
    return true;
  } catch {
    return false;
  }
}

/** What a flow refuses and V8's parser does not: whatever it leads to further on is no difference. */
function isDocumentedRefusal({ code, message }: Diagnostic): boolean {
  if (/^F0[1-9]/.test(code)) return true;
  // `await` is reserved in sync functions too; `f() = 1` throws in V8 only when it runs; HTML comments.
  return code === "F0019" || (code === "F0007" && message.includes("`await`")) || code === "F0008";
}

/** Unknown names are no matter of syntax: these programs are made of them. */
const ABOUT_NAMES: ReadonlySet<string> = new Set(["F0201", "F0202", "F0204", "F0207", "F0208", "F0209"]);

// acorn takes some regular expressions for divisions (`of /b/g`): where it fails and V8 does not, V8 is right.
function acornTree(source: string): unknown {
  try {
    return acornBody(source);
  } catch {
    return undefined;
  }
}

function check(source: string): void {
  const { diagnostics, ast } = analyzeFlow({ name: "a.flow", source });
  const errors = diagnostics.filter(({ severity, code }) => severity === "error" && !ABOUT_NAMES.has(code));
  if (!v8Accepts(source)) {
    assert.ok(errors.length > 0, `V8 refuses, we accept: ${JSON.stringify(source)}`);
  } else if (errors.length === 0) {
    const expected = acornTree(source);
    if (expected) assert.deepEqual(ownBody(ast!), expected);
  } else if (!errors.some(isDocumentedRefusal)) {
    assert.fail(`V8 accepts ${JSON.stringify(source)}, we say ${JSON.stringify(errors)}`);
  }
}

const runs = Number(Deno.env.get("SOUP_RUNS") ?? 3_000);

Deno.test("analyzeFlow() and V8 accept the same token soups", () => {
  const soup = fc.array(fc.constantFrom(...TOKENS), { maxLength: 14 }).map((tokens) => tokens.join(" "));
  fc.assert(fc.property(soup, check), { numRuns: runs, seed: testSeed });
});

Deno.test("analyzeFlow() and V8 accept the same mutations of programs", () => {
  const program = fc.constantFrom(...ACCEPTED.filter((text) => text !== ""));
  const mutation = fc.record({
    program,
    at: fc.nat(200),
    change: fc.constantFrom("drop", "double", "swap", "insert", "replace"),
    token: fc.constantFrom(...TOKENS),
  });
  const mutated = mutation.map(({ program, at, change, token }) => {
    const pieces = program.match(PIECES) ?? [];
    const index = at % Math.max(1, pieces.length);
    if (change === "drop") pieces.splice(index, 1);
    if (change === "double") pieces.splice(index, 0, pieces[index] ?? "");
    if (change === "swap") pieces.splice(index, 2, pieces[index + 1] ?? "", pieces[index] ?? "");
    if (change === "insert") pieces.splice(index, 0, ` ${token} `);
    if (change === "replace") pieces.splice(index, 1, ` ${token} `);
    return pieces.join("");
  });
  fc.assert(fc.property(mutated, check), { numRuns: runs, seed: testSeed });
});

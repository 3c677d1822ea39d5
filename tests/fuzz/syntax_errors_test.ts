import { parse, tokenizer } from "acorn";
import assert from "node:assert/strict";
import fc from "fast-check";
import { parseFlow } from "../../src/flow/parser/mod.ts";
import { PRELUDE } from "./generate/program.ts";
import { programs } from "./programs.ts";
import { testSeed } from "../support/seed.ts";

const AsyncFunction = Object.getPrototypeOf(async () => {}).constructor as new (source: string) => unknown;
const INTRUDERS =
  ("( ) [ ] { } => = , ; : ? ?. ... . + - ++ ! async await function let const if else for of in while do switch case " +
    "default break continue return throw try catch finally new delete typeof void 1 a `x` '' /r/ \n /*c*/ //c\n ** ?? || " +
    "&& += # @ \\ 0x 1_ static get set null true \u2028").split(" ");

/** A few lines of a program with one token lost, doubled, moved or put in between. */
const brokenSources = fc.tuple(programs, fc.infiniteStream(fc.nat())).map(([{ source }, stream]) => {
  const below = (limit: number): number => stream.next().value % limit;
  const lines = source.slice(PRELUDE.length).split("\n");
  const at = below(lines.length);
  return breakOne(lines.slice(at, at + 1 + below(3)).join("\n"), below);
});

function breakOne(text: string, below: (limit: number) => number): string {
  const spans = tokensOf(text);
  if (spans.length === 0) return text;
  const [start, end] = spans[below(spans.length)]!;
  const [otherStart, otherEnd] = spans[below(spans.length)]!;
  const [before, token, after] = [text.slice(0, start), text.slice(start, end), text.slice(end)];
  switch (below(5)) {
    case 0:
      return before + after;
    case 1:
      return `${before} ${INTRUDERS[below(INTRUDERS.length)]} ${token}${after}`;
    case 2:
      return before + text.slice(otherStart, otherEnd) + after;
    case 3:
      return `${before}${token} ${token}${after}`;
    default:
      return `${before}\n${token}${after}`;
  }
}

function tokensOf(text: string): [number, number][] {
  try {
    return [...tokenizer(text, { ecmaVersion: 2025 })].map((token) => [token.start, token.end]);
  } catch {
    return [];
  }
}

/** Whether V8 and acorn agree that the text is, or is not, the body of a strict async function. */
function verdict(source: string): "valid" | "invalid" | "unsure" {
  const complaints = [() => new AsyncFunction(`"use strict";${source}`), () => {
    parse(`async () => {"use strict";${source}\n}`, { ecmaVersion: 2025 });
  }].map((attempt) => {
    try {
      attempt();
      return "";
    } catch (error) {
      return (error as Error).message;
    }
  });
  // Names are the checks' concern; regular expressions differ between engines on purpose.
  if (/already been declared|regular expression/i.test(complaints.join())) return "unsure";
  if (!complaints[0] !== !complaints[1]) return "unsure";
  return complaints[0] ? "invalid" : "valid";
}

Deno.test("parseFlow() refuses what JavaScript refuses, and nothing else", () => {
  const seen = { valid: 0, invalid: 0, unsure: 0 };
  for (const source of fc.sample(brokenSources, { numRuns: 4000, seed: testSeed })) {
    const expected = verdict(source);
    seen[expected]++;
    if (expected === "unsure") continue;
    const errors = parseFlow({ name: "broken.flow", source }).diagnostics.filter((one) =>
      one.severity === "error"
    );
    const about = `RHYTHM_TEST_SEED=${testSeed}: JavaScript says ${expected}, we say ${
      errors[0]?.message
    }\n${source}`;
    if (expected === "invalid") assert(errors.length > 0, about);
    // Scripts have variables called `await`, outside of async functions; flows have not.
    else assert(errors[0]?.code === "F0301" || !errors.some((one) => one.code.startsWith("F00")), about);
  }
  assert(seen.valid > 200 && seen.invalid > 1000, JSON.stringify(seen));
});

/**
 * Compares what expressions give in V8 and in a flow: value, or name and message of the error.
 *
 * @module
 */

import assert from "node:assert/strict";
import { compileFlow, startFlow, type Step, type StepOptions } from "../../../src/flow/mod.ts";

/** Shows a value exactly, in the words of the language itself: both machines run this. */
const SHOW = `
const $seen = [];
const $show = (value) => {
  if (typeof value === "string") return JSON.stringify(value);
  if (value === 0) return 1 / value < 0 ? "-0" : "0";
  if (typeof value === "function") return "function " + value.name + "/" + value.length;
  if (typeof value !== "object" || value === null) return String(value);
  if ($seen.includes(value)) return "cycle " + $seen.indexOf(value);
  $seen.push(value);
  const shown = $showObject(value);
  $seen.pop();
  return shown;
};
const $showObject = (value) => {
  if (Array.isArray(value)) {
    const more = Object.keys(value).slice(value.length).map((key) => key + "=" + $show(value[key]));
    return "[" + value.map($show).concat(more).join(",") + "]";
  }
  if (value instanceof Map) return "Map{" + [...value].map($show).join(",") + "}";
  if (value instanceof Set) return "Set{" + [...value].map($show).join(",") + "}";
  if (value instanceof Date) return "Date(" + value.getTime() + ")";
  if (value instanceof RegExp) return String(value) + "@" + value.lastIndex;
  if (value instanceof Error) return value.name + "(" + value.message + ")" + (value.cause === undefined ? "" : $show(value.cause));
  return "{" + Object.entries(value).map(([key, member]) => JSON.stringify(key) + ":" + $show(member)).join(",") + "}";
};
`;

/** A program that returns how each expression ends. A later one may use what an earlier one set up. */
function programOf(expressions: readonly string[], setup: string): string {
  const tries = expressions.map((one) =>
    `try { $ends.push($show(${one})); } catch (e) { $ends.push("throws " + (e instanceof Error ? e.name + ": " + e.message : $show(e))); }`
  );
  return `${SHOW}\nconst $ends = [];\n${setup}\n${tries.join("\n")}\nreturn $ends;`;
}

const host = { executionId: "1", seed: "1", epoch: 0, step: 1, moment: new Date(1_700_000_000_000) };
const CONTEXT = {
  executionId: "00000000-0000-7000-8000-000000000001",
  flow: "builtins",
  version: 1,
  queue: "default",
  attempt: 1,
  parentId: null,
  createdAt: "2024-01-02T03:04:05.678Z",
  metadata: {},
};

/** Run a flow that does not wait. */
export function run(source: string, options?: StepOptions): Step {
  const { program, diagnostics } = compileFlow({ name: "builtins.flow", source });
  assert(program, diagnostics.map((one) => `${one.code} ${one.message}`).join("\n"));
  return startFlow(program, { inputs: {}, context: CONTEXT }, host, options);
}

/** How a flow that does not wait ends: its output, or `code type: message` of its failure. */
export function end(source: string): unknown {
  const step = run(source);
  if (step.status === "completed") return step.output;
  assert.equal(step.status, "failed");
  const { code, type, message } = step.error!;
  return `${code ?? "-"} ${type}: ${message}`;
}

/** How each expression ends in a flow. */
export function endsInFlow(expressions: readonly string[], setup = ""): string[] {
  const step = run(programOf(expressions, setup));
  assert.equal(step.status, "completed", JSON.stringify(step.error));
  return step.output as string[];
}

/** How each expression ends in V8. */
export function endsInV8(expressions: readonly string[], setup = ""): string[] {
  return new Function(`"use strict";${programOf(expressions, setup)}`)() as string[];
}

/** What two errors have to share: V8 words some messages from the source around the call. */
const VAGUE = [
  /^(throws TypeError): .* is not (?:a function|iterable|an object).*$/,
  /^(throws \w+): Cannot (?:read|set|convert).*$/,
];

function comparable(shown: string): string {
  for (const vague of VAGUE) if (vague.test(shown)) return shown.replace(vague, "$1");
  return shown;
}

/** Insist that each expression ends in a flow as it ends in V8. */
export function agree(expressions: readonly string[], setup = ""): void {
  const theirs = endsInV8(expressions, setup);
  const ours = endsInFlow(expressions, setup);
  const differing = expressions.flatMap((expression, index) =>
    comparable(theirs[index]!) === comparable(ours[index]!)
      ? []
      : [`${expression}\n  V8:   ${theirs[index]}\n  ours: ${ours[index]}`]
  );
  assert(differing.length === 0, `${differing.length} differ:\n${differing.slice(0, 20).join("\n")}`);
}

/** One test that insists on {@linkcode agree} for a line of expressions each. */
export function agrees(name: string, lines: string, setup = ""): void {
  const expressions = lines.split("\n").map((line) => line.trim()).filter((line) => line !== "");
  Deno.test(`${name} as in V8 (${expressions.length} expressions)`, () => agree(expressions, setup));
}

/**
 * The check that every program has to pass.
 *
 * @module
 */

import { PRELUDE, type Program } from "./generate/program.ts";
import { reduceSource } from "./reduce.ts";
import { difference } from "./run/compare.ts";
import { compileSource, runProgram } from "./run/flow.ts";
import { runInV8 } from "./run/v8.ts";

/**
 * How V8 and our machine differ on a program: kept in memory, read back from JSON before every job, and read back
 * before jobs that the program's order picks.
 */
export async function differenceOn(program: Program): Promise<string | undefined> {
  const expected = await runInV8(program.source, program);
  const compiled = compileSource(program.source);
  if ("end" in compiled) return difference(expected, compiled);
  const ways = [
    ["", { warm: true }],
    ["stopped at every job: ", { pause: () => true }],
    ["stopped at some jobs: ", { pause: pauses(program.order) }],
  ] as const;
  for (const [how, interruption] of ways) {
    const found = difference(expected, runProgram(compiled, program, interruption));
    if (found) return how + found;
  }
}

function pauses(order: number): () => boolean {
  let state = order;
  return () => {
    state = Math.imul(state ^ (state >>> 15), 0x2c1b3c6d) + 0x9e3779b9 | 0;
    return (state >>> 29) < 3;
  };
}

/** A readable account of a difference: a small program that still shows it. */
export async function explain(program: Program, found: string): Promise<string> {
  const kind = kindOf(found);
  const source = await reduceSource(program.source, async (candidate) => {
    if (isEndless({ ...program, source: candidate })) return false;
    const text = await differenceOn({ ...program, source: candidate }).catch(() => undefined);
    return text !== undefined && kindOf(text) === kind;
  });
  const small = await differenceOn({ ...program, source }) ?? found;
  return `seen first: ${found}\norder ${program.order}\n${
    source.replace(PRELUDE, "… the prelude …\n")
  }\n${small}`;
}

/** Whether a program that lost its fuel runs for ever: V8 would never come back from it. */
function isEndless(program: Program): boolean {
  const compiled = compileSource(program.source);
  return !("end" in compiled) && runProgram(compiled, program).end.startsWith("failed LimitError");
}

function kindOf(text: string): string {
  const refused = /refused (\w+)/.exec(text)?.[1];
  if (refused) return `refused ${refused}`;
  return text.startsWith("stopped") ? "stopped" : /^\w+/.exec(text)![0];
}

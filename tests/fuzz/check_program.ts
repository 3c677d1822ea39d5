/**
 * The check that every program has to pass.
 *
 * @module
 */

import { PRELUDE, type Program } from "./generate/program.ts";
import { reduceSource } from "./reduce.ts";
import { difference } from "./run/compare.ts";
import { runInFlow } from "./run/flow.ts";
import { runInV8 } from "./run/v8.ts";

/** How V8 and our machine differ on a program: run through, and stopped at jobs the program's order picks. */
export async function differenceOn(program: Program): Promise<string | undefined> {
  const expected = await runInV8(program.source, program);
  const straight = difference(expected, runInFlow(program.source, program));
  if (straight) return straight;
  const pause = pauses(program.order);
  const interrupted = difference(expected, runInFlow(program.source, program, { pause }));
  return interrupted && `stopped at jobs: ${interrupted}`;
}

/** Stops before every job for some programs, before some of the jobs for others. */
function pauses(order: number): () => boolean {
  const every = 1 + order % 3;
  let asked = 0;
  return () => ++asked % every === 0;
}

/** A readable account of a difference: a small program that still shows it. */
export async function explain(program: Program, found: string): Promise<string> {
  const kind = kindOf(found);
  const source = await reduceSource(program.source, async (candidate) => {
    const text = await differenceOn({ ...program, source: candidate }).catch(() => undefined);
    return text !== undefined && kindOf(text) === kind;
  });
  const small = await differenceOn({ ...program, source }) ?? found;
  return `order ${program.order}\n${source.replace(PRELUDE, "… the prelude …\n")}\n${small}`;
}

function kindOf(text: string): string {
  const refused = /refused (\w+)/.exec(text)?.[1];
  if (refused) return `refused ${refused}`;
  return text.startsWith("stopped") ? "stopped" : /^\w+/.exec(text)![0];
}

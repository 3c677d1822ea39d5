import assert from "node:assert/strict";
import fc from "fast-check";
import {
  type FlowHost,
  type Program,
  resumeFlow,
  type Settled,
  startFlow,
  type Step,
} from "../../src/flow/mod.ts";
import { migrateFlow } from "../../src/flow/migrate/apply.ts";
import { pairPrograms } from "../../src/flow/migrate/pair.ts";
import { renameFlow, restOf } from "../../src/flow/durable/rebuild.ts";
import { testSeed } from "../support/seed.ts";
import type { Program as Source } from "./generate/program.ts";
import { programs } from "./programs.ts";
import { rewrite } from "./rewrite.ts";
import { compileSource, runProgram, type Stepper } from "./run/flow.ts";
import { CONTEXT, HOST } from "./run/world.ts";

const count = Math.ceil(Number(Deno.env.get("FUZZ_COUNT") ?? 2_000) / 40);

function* sample(): Generator<{ program: Program; source: Source }> {
  for (const source of fc.sample(programs, { numRuns: count, seed: testSeed + 16 })) {
    const program = compileSource(source.source);
    if (!("end" in program)) yield { program, source };
  }
}

/** Takes every step after the first in the other one of two programs. */
function alternating(pair: readonly [Program, Program], source: Source): Stepper {
  const start = { inputs: source.inputs ?? {}, context: CONTEXT };
  let nth = 0;
  let step: Step | undefined;
  return (settled?: readonly Settled[], cancel?: string) => {
    const host: FlowHost = HOST;
    if (step === undefined || settled === undefined) return step = startFlow(pair[0], start, host);
    const [from, to] = nth++ % 2 === 0 ? pair : [pair[1], pair[0]];
    const kept = JSON.parse(JSON.stringify(step.snapshot));
    const snapshot = migrateFlow(from, kept, { program: to, version: 1, start });
    return step = resumeFlow(to, JSON.parse(JSON.stringify(snapshot)), settled, host, { cancel });
  };
}

Deno.test("migrating between two texts of the same program is sure everywhere and changes no result", () => {
  let steps = 0;
  for (const { program, source } of sample()) {
    const text = rewrite(source.source);
    const other = compileSource(text);
    assert(!("end" in other), `${JSON.stringify(other)}:\n${text}`);
    const where = `RHYTHM_TEST_SEED=${testSeed}:\n${source.source}\n==>\n${text}`;
    for (const [from, to] of [[program, other], [other, program]] as const) {
      const pairing = pairPrograms(from, to);
      for (const [stand, pair] of pairing.awaits) {
        assert(
          pair.how === "sure" && pair.lacks === undefined,
          `${stand} ${JSON.stringify(pair)} of ${where}`,
        );
      }
    }
    const expected = runProgram(program, source);
    const stepper = alternating([program, other], source);
    const found = runProgram(program, source, { stepper: (...given) => (steps++, stepper(...given)) });
    assert.deepEqual(found, expected, where);
  }
  assert(steps > count, `only ${steps} steps`);
});

/** At every step, goes back to the state before it and makes a fork of that, which goes on with the same answers. */
function forking(program: Program, source: Source): Stepper {
  const start = { inputs: source.inputs ?? {}, context: CONTEXT };
  const now = new Map<string, string>();
  let epoch = 0;
  let step: Step | undefined;
  return (settled?: readonly Settled[], cancel?: string) => {
    if (step === undefined || settled === undefined) return step = startFlow(program, start, HOST);
    const { executionId } = CONTEXT;
    const host = { ...HOST, epoch: ++epoch };
    const named = (): Settled[] => settled.map((one) => ({ ...one, id: now.get(one.id) ?? one.id }));
    // What was done, and is taken back.
    resumeFlow(program, JSON.parse(JSON.stringify(step.snapshot)), named(), HOST, { cancel });
    const ids = new Map(restOf(program, step.snapshot!).pending.map((id) => [id, `${id}'`]));
    for (const [first, last] of now) now.set(first, ids.get(last) ?? last);
    for (const [id, next] of ids) if (![...now.values()].includes(next)) now.set(id, next);
    const snapshot = renameFlow(program, step.snapshot!, { executionId, ids });
    return step = resumeFlow(program, JSON.parse(JSON.stringify(snapshot)), named(), host, { cancel });
  };
}

Deno.test("going back, and a fork at every step, end the same with the same answers", () => {
  let compared = 0;
  for (const { program, source } of sample()) {
    if (/random|uuid/i.test(source.source)) continue;
    const found = runProgram(program, source, { stepper: forking(program, source) });
    assert.deepEqual(found, runProgram(program, source), `RHYTHM_TEST_SEED=${testSeed}:\n${source.source}`);
    compared++;
  }
  assert(compared > count / 4, `only ${compared} programs`);
});

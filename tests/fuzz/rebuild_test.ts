import assert from "node:assert/strict";
import fc from "fast-check";
import {
  type FlowHost,
  openFlow,
  type Program,
  resumeFlow,
  startFlow,
  type Step,
} from "../../src/flow/mod.ts";
import { testSeed } from "../support/seed.ts";
import type { Program as Source } from "./generate/program.ts";
import { programs } from "./programs.ts";
import { compileSource, type Recorded, runProgram } from "./run/flow.ts";
import { CONTEXT, HOST, NOW } from "./run/world.ts";

const count = Math.ceil(Number(Deno.env.get("FUZZ_COUNT") ?? 2_000) / 20);

// Steps follow each other in the same millisecond, or hours later.
function hosts(seed: string, order: number): (step: number) => FlowHost {
  const pause = 1 + (order >>> 0) % 3;
  return (step) => ({
    ...HOST,
    seed,
    step,
    moment: new Date(NOW + Math.floor(step / pause) * ((order >>> 4) % 5_000_000)),
  });
}

function record(program: Program, source: Source, seed: string): { steps: Recorded[]; end: string } {
  const steps: Recorded[] = [];
  const cancelAt = source.order % 5 === 0 ? 3 : undefined;
  const host = hosts(seed, source.order);
  const { end } = runProgram(program, source, { host, cancelAt, record: (one) => void steps.push(one) });
  return { steps, end };
}

// As a database would keep it.
function kept(recorded: Recorded): Recorded {
  return JSON.parse(JSON.stringify(recorded));
}

function hostOf({ host }: Recorded): FlowHost {
  return { ...host, moment: new Date(host.moment) };
}

function text(step: Step): string {
  return JSON.stringify(step);
}

function* sample(): Generator<{ program: Program; source: Source }> {
  for (const source of fc.sample(programs, { numRuns: count, seed: testSeed + 7 })) {
    const program = compileSource(source.source);
    if (!("end" in program)) yield { program, source };
  }
}

Deno.test(`every step of ${count} random programs can be done again from what a journal keeps`, () => {
  let steps = 0;
  for (const { program, source } of sample()) {
    const recorded = record(program, source, "11").steps.map(kept);
    const start = { inputs: source.inputs ?? {}, context: CONTEXT };
    const where = (nth: number, how: string): string =>
      `RHYTHM_TEST_SEED=${testSeed}: step ${nth + 1}, ${how}, of\n${source.source}`;

    // From snapshot to snapshot.
    let step: Step | undefined;
    recorded.forEach((one, nth) => {
      step = step === undefined
        ? startFlow(program, start, hostOf(one))
        : resumeFlow(program, step.snapshot!, one.settled!, hostOf(one), { cancel: one.cancel });
      assert.equal(text(step), text(one.step), where(nth, "read back"));
    });

    // In memory.
    const open = openFlow(program, start, hostOf(recorded[0]!));
    for (const [nth, one] of recorded.entries()) {
      if (one.cancel !== undefined) break;
      if (nth > 0) open.advance(one.settled!, hostOf(one));
      assert.equal(text(open.step), text(one.step), where(nth, "in memory"));
      steps++;
    }
  }
  assert(steps > count, `only ${steps} steps`);
});

Deno.test("with another seed a flow does the same, with other ids and random numbers", () => {
  let compared = 0;
  for (const { program, source } of sample()) {
    if (/random/i.test(source.source)) continue;
    const [one, other] = ["11", "12"].map((seed) => record(program, source, seed));
    const ids = [one!, other!].map(({ steps }) => new Set(JSON.stringify(steps).match(ID)));
    assert.deepEqual(numbered(one!.steps), numbered(other!.steps), source.source);
    assert.equal(one!.end, other!.end);
    ids[0]!.delete(CONTEXT.executionId);
    for (const id of ids[0]!) assert(!ids[1]!.has(id), `both have ${id}`);
    compared++;
  }
  assert(compared > count / 4, `only ${compared} programs`);
});

const ID = /[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-800[0-9a-f]-[0-9a-f]{12}/g;

function numbered(steps: readonly Recorded[]): string {
  const names = new Map<string, string>();
  return JSON.stringify(steps.map(({ step, settled }) => ({ step, settled }))).replace(ID, (id) => {
    if (!names.has(id)) names.set(id, `id ${names.size + 1}`);
    return names.get(id)!;
  });
}

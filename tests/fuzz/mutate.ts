/**
 * Damages programs and snapshots at random, and sees that they are refused or run to an end: no error without a code, nothing
 * that runs for ever.
 *
 * @module
 */

import assert from "node:assert/strict";
import fc from "fast-check";
import { hashOf } from "../../src/flow/compile/verify.ts";
import {
  type FlowHost,
  inspectFlow,
  type Program,
  resumeFlow,
  RhythmError,
  type Settled,
  type Snapshot,
  startFlow,
  type Step,
} from "../../src/flow/mod.ts";
import type { JsonValue } from "../../src/shared/json.ts";
import { Dice } from "./generate/dice.ts";
import { programs } from "./programs.ts";
import { compileSource } from "./run/flow.ts";
import { CONTEXT, HOST } from "./run/world.ts";

/** A flow with everything in its state that a snapshot has a word for. */
const EVERYTHING = `
const map = new Map([[1, "a"], [2, { b: 1 }]]), set = new Set([1, 2, 3]);
const left = map.entries(); left.next();
const match = "2024-05".match(/(?<year>\\d+)-(\\d+)/d);
const error = new RangeError("late", { cause: new Error("first") });
const { promise, resolve } = Promise.withResolvers();
let count = 0; const bump = () => ++count;
const named = { ["x" + 1]: () => count, nan: NaN, zero: -0, none: undefined, at: new Date(5), text: "\\u0000\\ud800" };
async function wait(name, ...rest) { try { return await Signal.next(name, { timeout: 5 }) } finally { bump(rest.length) } }
const racing = Promise.race_kv({ a: wait("a", 1), b: Timer.delay(5).then(() => bump()) });
const all = Promise.all([Task.run("x", { map: [...map] }), wait("b"), promise]);
for (const [key, value] of map) {
  for (const one of set) {
    try { console.log(key, value, (await racing).key, one) } catch (e) { console.log(e) }
  }
}
all.finally(() => resolve(left)).catch(() => 0);
resolve(await Task.run("y"));
return [await all, error.message, named.x1(), match.groups.year, left.next().value]`;

/** A program, and states that it comes to. */
interface Sample {
  readonly program: Program;
  readonly snapshots: readonly Snapshot[];
}

/** Programs to damage. */
export function samples(count: number, seed: number): Sample[] {
  const sources = [EVERYTHING, ...fc.sample(programs, { numRuns: count, seed }).map(({ source }) => source)];
  return sources.flatMap((source) => {
    const program = compileSource(source);
    return "end" in program ? [] : [{ program, snapshots: statesOf(program) }];
  });
}

function statesOf(program: Program): Snapshot[] {
  const snapshots: Snapshot[] = [];
  run(() => startFlow(program, { inputs: {}, context: CONTEXT }, { ...HOST, pause: () => true }), (step) => {
    if (step.snapshot !== undefined) snapshots.push(JSON.parse(JSON.stringify(step.snapshot)));
    return next(program, step, { ...HOST, pause: () => snapshots.length % 3 === 0 });
  });
  return snapshots;
}

const LIMITS = { limits: { instructions: 20_000, snapshotSize: 200_000 } };
const MAX_STEPS = 12;

function run(start: () => Step, follow: (step: Step) => Step | undefined): void {
  let step: Step | undefined = start();
  for (let count = 0; step !== undefined && count < MAX_STEPS; count++) step = follow(step);
}

/** The next step, once everything that is waited for has ended. */
function next(program: Program, step: Step, host: FlowHost = HOST): Step | undefined {
  if (step.status !== "suspended") return undefined;
  const ids = step.paused ? [] : step.waits.flatMap((wait) => wait.ids).slice(0, 2);
  const settled = ids.map((id): Settled => ({ id, status: "completed", output: { n: 1, list: [1, "x"] } }));
  return resumeFlow(program, step.snapshot!, settled, host, LIMITS);
}

/** What becomes of damaged samples. */
export class Mutations extends fc.Arbitrary<"refused" | "ran"> {
  readonly #given: readonly Sample[];

  constructor(given: readonly Sample[]) {
    super();
    this.#given = given;
  }

  override generate(random: fc.Random): fc.Value<"refused" | "ran"> {
    return new fc.Value(mutateOne(this.#given, new Dice(random)), undefined);
  }

  override canShrinkWithoutContext(_value: unknown): _value is "refused" | "ran" {
    return false;
  }

  override shrink(): fc.Stream<fc.Value<"refused" | "ran">> {
    return fc.Stream.nil();
  }
}

/** Damage one of the samples, and run it: throws an AssertionError unless it is refused properly or runs to an end. */
function mutateOne(given: readonly Sample[], dice: Dice): "refused" | "ran" {
  const { program, snapshots } = dice.pick(given);
  const snapshot = dice.chance(70) && snapshots.length > 0 ? dice.pick(snapshots) : undefined;
  const damaged = damage((snapshot ?? program) as unknown as JsonValue, dice);
  try {
    if (snapshot === undefined) runProgram(damaged, dice);
    else {
      resumeAndLook(program, damaged as unknown as Snapshot);
    }
    return "ran";
  } catch (error) {
    const text = JSON.stringify(damaged).slice(0, 2_000);
    assert(
      error instanceof RhythmError && error.code.startsWith("FLOW_") || isArgument(error),
      `${error instanceof Error ? error.stack : error}\n${text}`,
    );
    return "refused";
  }
}

function isArgument(error: unknown): boolean {
  return error instanceof RhythmError && error.code === "INVALID_OPTION";
}

function runProgram(damaged: JsonValue, dice: Dice): void {
  const program = damaged as unknown as Program;
  // One that somebody damaged on purpose has the right hash.
  if (dice.chance(80)) {
    try {
      program.hash = hashOf(program);
    } catch {
      // Then it has none.
    }
  }
  run(
    () => startFlow(program, { inputs: {}, context: CONTEXT }, HOST, LIMITS),
    (step) => next(program, step),
  );
}

function resumeAndLook(program: Program, snapshot: Snapshot): void {
  const { fibres } = inspectFlow(program, snapshot);
  assert(JSON.stringify(fibres).length < 1_000_000);
  const ids = fibres.flatMap((fibre) => fibre.waitsFor).slice(0, 2);
  const settled = ids.map((id): Settled => ({ id, status: "completed", output: [1] }));
  run(() => resumeFlow(program, snapshot, settled, HOST, LIMITS), (step) => next(program, step));
}

const ODD: readonly JsonValue[] = [
  ...[null, true, -1, 0, 1, 2, 3, 7, 14, 15, 1.5, 1e9, -1e9, 2 ** 53, 1e300, "", "x", "length", "__proto__"],
  ...[
    [],
    [0],
    [1],
    [-1],
    [1e9],
    ["n", "NaN"],
    ["u", 0],
    ["s", "\\0000"],
    {},
    { number: "NaN" },
    "Task",
    "Math.max",
  ],
];

/** A copy with one to three changes. */
function damage(value: JsonValue, dice: Dice): JsonValue {
  const copy = JSON.parse(JSON.stringify({ root: value }));
  for (let left = 1 + dice.below(3); left > 0; left--) change(copy, dice);
  return copy.root;
}

type Holder = Record<string | number, JsonValue>;

function change(root: Holder, dice: Dice): void {
  let holder: Holder = root;
  let key: string | number = "root";
  // Down to a leaf, or not quite.
  for (;;) {
    const inner: JsonValue | undefined = holder[key];
    if (typeof inner !== "object" || inner === null || (key !== "root" && dice.chance(10))) break;
    const keys: string[] = Object.keys(inner);
    if (keys.length === 0) break;
    holder = inner as Holder;
    key = dice.pick(keys);
  }
  const list = Array.isArray(holder) ? holder as JsonValue[] : undefined;
  switch (dice.below(5)) {
    case 0:
      if (list) list.splice(Number(key), 1);
      else delete holder[key];
      return;
    case 1:
      if (list) list.splice(Number(key), 0, holder[key]!);
      return;
    case 2:
      holder[key] = Number(holder[key]) + dice.pick([-1, 1, 4, 1000]);
      return;
    default:
      holder[key] = JSON.parse(JSON.stringify(dice.pick(ODD)));
  }
}

import { library } from "../builtins/mod.ts";
import { fromJson } from "../builtins/json.ts";
import type { JsonValue } from "../../shared/json.ts";
import { RhythmError } from "../../shared/error.ts";
import { encode } from "../snapshot/encode.ts";
import { setVariable } from "../snapshot/inspect.ts";
import type { FlowHost, FlowStart, Program, Settled, Snapshot, Step, StepMoment, Wait } from "../types.ts";
import { defaultLimits } from "../vm/limits.ts";
import { createWorld } from "./globals.ts";
import { Run } from "./run.ts";
import { tagsOf } from "./tags.ts";
import { waitsOf } from "./waits.ts";
import type { Value } from "../vm/value.ts";

const world = createWorld(library);

// What ended at a limit once may have a newer limit now. A state that was stored was within its limit.
const LIMITS = {
  instructions: 20 * defaultLimits.instructions,
  snapshotSize: Number.MAX_SAFE_INTEGER,
  effectsSize: Number.MAX_SAFE_INTEGER,
  valueSize: Number.MAX_SAFE_INTEGER,
};

/** A step, as the journal has it. */
export interface JournalStep extends StepMoment {
  /** What it took, in order. */
  readonly settled: readonly Settled[];
  /** It was told that its execution is cancelled, for this reason. */
  readonly cancel?: string;
}

/** Where rebuilding begins: at the start of an execution, or after a number of steps. */
export type RebuildFrom = FlowStart | { readonly snapshot: Snapshot };

/**
 * Takes the steps of an execution again: the same program, seed, moments and items give the same states.
 *
 * @param program the program
 * @param from where to begin
 * @param identity whose ids and random numbers to make
 * @param steps the steps, in order
 * @returns each step with its number
 */
export function* rebuildFlow(
  program: Program,
  from: RebuildFrom,
  identity: Pick<FlowHost, "executionId" | "seed" | "epoch">,
  steps: Iterable<JournalStep>,
): Generator<{ at: JournalStep; step: Step }> {
  let run: Run | undefined;
  let snapshot = "snapshot" in from ? from.snapshot : undefined;
  for (const at of steps) {
    const host = { ...identity, step: at.step, moment: at.moment };
    const given = { world, program, host, options: { limits: LIMITS } };
    let step: Step;
    if (snapshot === undefined) {
      if ("snapshot" in from) {
        throw new RhythmError("A flow that is over takes no steps", { code: "FLOW_OVER" });
      }
      ({ run, step } = Run.start(given, from));
    } else if (at.cancel !== undefined) {
      run = Run.read({ ...given, options: { limits: LIMITS, cancel: at.cancel } }, snapshot);
      step = run.advance(at.settled);
    } else {
      run ??= Run.read(given, snapshot);
      step = run.advance(at.settled, at);
    }
    yield { at, step };
    if (step.snapshot === undefined) return;
    snapshot = step.snapshot;
  }
}

/** What a state rests on. */
export interface AtRest {
  /** What lets it go on. */
  readonly waits: Wait[];
  /** The operations that are under way, whether it waits for them or not. */
  readonly pending: string[];
  /** Whether something in it waits inside `try … finally`. */
  readonly cleanup: boolean;
  /** The values that it is found by; nothing: its flow has no `index`. */
  readonly tags?: string[];
}

/** What a state waits for. */
export function restOf(program: Program, snapshot: Snapshot): AtRest {
  const { machine, main } = open(program, snapshot);
  const waits = waitsOf(machine);
  const { cleanup, objects } = encode(machine, main);
  const tags = program.index === undefined ? {} : { tags: tagsOf(machine, objects, program.index) };
  return { waits, pending: [...machine.pending.keys()], cleanup, ...tags };
}

/** What to change in a state. */
export interface StateEdit {
  /** Which branch, counted from 0 as {@linkcode inspectFlow} lists them. */
  readonly fibre: number;
  /** The new values of its variables. */
  readonly set: Readonly<Record<string, JsonValue>>;
}

/**
 * A state with other values of variables.
 *
 * @throws {RhythmError} there is no such branch, or it has no such variable in scope
 */
export function editFlow(program: Program, snapshot: Snapshot, { fibre: nth, set }: StateEdit): Snapshot {
  const { machine, main, fibres } = open(program, snapshot);
  const waiting = fibres.filter((fibre) => fibre.awaiting !== undefined);
  const fibre = waiting[nth];
  if (fibre === undefined) {
    throw new RhythmError(`There is no branch ${nth}: the workflow has ${waiting.length}, counted from 0`, {
      code: "FLOW_NO_BRANCH",
    });
  }
  for (const [name, value] of Object.entries(set)) setVariable(machine, fibre, name, fromJson(value));
  return encode(machine, main).snapshot;
}

/** A state of another execution, whose operations under way have other ids, and which may have other inputs. */
export function renameFlow(
  program: Program,
  snapshot: Snapshot,
  { executionId, ids, inputs }: { executionId: string; ids: ReadonlyMap<string, string>; inputs?: JsonValue },
): Snapshot {
  const { machine, main } = open(program, snapshot);
  const pending = [...machine.pending];
  machine.pending.clear();
  for (const [id, promise] of pending) {
    promise.id = ids.get(id) ?? id;
    machine.pending.set(promise.id, promise);
  }
  const { Context } = machine.given as { Context?: Record<string, Value> };
  if (Context !== undefined) Context.executionId = executionId;
  if (inputs !== undefined && "Inputs" in machine.given) machine.given.Inputs = fromJson(inputs);
  return encode(machine, main).snapshot;
}

/** A state in memory, to look at and to change. */
export function open(program: Program, snapshot: Snapshot): ReturnType<typeof Run.open> {
  return Run.open({ world, program, host: NOWHERE, options: { limits: LIMITS } }, snapshot);
}

/** A machine of a program that has nothing yet. */
export function machineOf(program: Program): ReturnType<typeof Run.empty> {
  return Run.empty({ world, program, host: NOWHERE, options: { limits: LIMITS } });
}

const NOWHERE = { executionId: "", seed: "", epoch: 0, step: 0, moment: new Date(0) };

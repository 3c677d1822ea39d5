import { RhythmError } from "../../shared/error.ts";
import { ProgramError } from "../compile/verify.ts";
import { fromJson } from "../builtins/json.ts";
import { decode, type Decoded } from "../snapshot/decode.ts";
import { encode, tooLarge } from "../snapshot/encode.ts";
import type {
  FlowFailure,
  FlowHost,
  FlowStart,
  Program,
  Settled,
  Snapshot,
  Step,
  StepMoment,
  StepOptions,
} from "../types.ts";
import { Fibre } from "../vm/fibre.ts";
import { Cancellation } from "../vm/frame.ts";
import type { LineHeat } from "../vm/heat.ts";
import { loadProgram } from "../vm/loaded.ts";
import { FlowMachine } from "../vm/machine.ts";
import { FlowPromise } from "../vm/promise.ts";
import { addReaction, rejectPromise, resolvePromise, runJobs } from "../vm/promises.ts";
import { FlowThrow, LimitExceeded } from "../vm/throw.ts";
import { FlowFunction, type Value } from "../vm/value.ts";
import { toJsonValue } from "./boundary.ts";
import { callOf } from "./calls.ts";
import { warnOfDropped } from "./dropped.ts";
import { errorFromJson, failureOf, failureOfContinued, failureOfLimit, failureOfStuck } from "./errors.ts";
import type { World } from "./globals.ts";
import { tagsOf } from "./tags.ts";
import { waitsOf } from "./waits.ts";

/** What a run is made of. */
export interface RunOptions {
  world: World;
  program: Program;
  host: FlowHost;
  options?: StepOptions;
}

/** One execution in memory: it can go on without reading its snapshot again. */
export class Run {
  readonly #vm: FlowMachine;
  #main!: Fibre;
  #over = false;
  /** The step is not at its end: it goes on with what it has left of its budget. */
  #paused = false;
  /** As they were told last; nothing: they were not told yet. */
  #tags: string | undefined;
  /** Those of the state that was read: somebody may have changed it since they were told. */
  #tagsRead: string[] | undefined;
  #isFirst = false;
  /** Operations that nothing could observe any more when it came to its end. */
  #released: string[] = [];

  private constructor(given: RunOptions) {
    const { world, program, host, options } = given;
    const { library, globals } = world;
    this.#vm = new FlowMachine({
      program: loadProgram(program),
      library,
      globals,
      host,
      limits: options?.limits,
    });
  }

  /** Begin an execution. */
  static start(given: RunOptions, start: FlowStart): { run: Run; step: Step } {
    const run = new Run(given);
    const vm = run.#vm;
    vm.outside.begin(given.host);
    run.#giveNames(given.program, start);
    run.#isFirst = true;
    run.#main = new Fibre(new FlowFunction(0, []), new FlowPromise());
    run.#main.promise.handled = true;
    return { run, step: run.#step(() => vm.begin(run.#main)) };
  }

  /** Read an execution back. */
  static read(given: RunOptions, snapshot: Snapshot): Run {
    const run = new Run(given);
    const { main, fibres } = decode(run.#vm, snapshot, given.world.registry);
    run.#main = main;
    const { index } = run.#vm.program.program;
    if (index !== undefined) run.#tagsRead = tagsOf(run.#vm, fibres, index);
    run.#paused = snapshot.b !== undefined;
    run.#vm.outside.begin(given.host);
    const reason = given.options?.cancel;
    if (reason !== undefined) cancel(run.#vm, fibres, reason);
    return run;
  }

  /** The machine and the activations of a snapshot, to look at. */
  static open(given: RunOptions, snapshot: Snapshot): Decoded & { machine: FlowMachine } {
    const run = new Run(given);
    return { machine: run.#vm, ...decode(run.#vm, snapshot, given.world.registry) };
  }

  /** A machine that has nothing yet. */
  static empty(given: RunOptions): FlowMachine {
    return new Run(given).#vm;
  }

  /** Go on with what has ended meanwhile, in the step that was begun or in another one. */
  advance(settled: readonly Settled[], at?: StepMoment): Step {
    if (this.#over) {
      throw new RhythmError("Cannot go on with a flow that is over", { code: "FLOW_OVER" });
    }
    const vm = this.#vm;
    if (at !== undefined) vm.outside.begin(at);
    if (!this.#paused) vm.budget = vm.limits.instructions;
    this.#paused = false;
    return this.#step(() => {
      for (const one of settled) settle(vm, one);
    });
  }

  /** What happened at each line since it was asked last. */
  takeHeat(): LineHeat[] {
    return this.#vm.heat.take(this.#vm);
  }

  #giveNames(program: Program, start: FlowStart): void {
    const { given } = this.#vm;
    if (program.globals.includes("Inputs")) given.Inputs = fromJson(start.inputs);
    if (program.globals.includes("Context")) {
      given.Context = fromJson(start.context);
    }
  }

  #step(work: () => void): Step {
    const vm = this.#vm;
    try {
      work();
      const finished = runJobs(vm);
      return finished ? this.#atRest() : this.#suspended({ paused: true })!;
    } catch (thrown) {
      // Whatever it had left: what it ends with is told.
      vm.budget = vm.limits.instructions;
      if (thrown instanceof LimitExceeded) return this.#end("failed", failureOfLimit(vm, thrown));
      if (thrown instanceof FlowThrow) return this.#end("failed", failureOf(vm, thrown.value));
      throw this.#broken(thrown);
    }
  }

  /** Neither the flow nor a limit: what was read does not fit together, or the machine has a fault. */
  #broken(cause: unknown): unknown {
    if (cause instanceof RhythmError) return cause;
    this.#over = true;
    const what = `it is damaged, or this library has a fault (${
      cause instanceof Error ? cause.message : cause
    })`;
    return new ProgramError(what, { code: "FLOW_PROGRAM_DAMAGED", cause });
  }

  #atRest(): Step {
    const vm = this.#vm;
    const { promise } = this.#main;
    if (!vm.cancelled) {
      for (const rejected of vm.unhandled) return this.#end("failed", failureOf(vm, rejected.value));
      if (promise.state === "rejected") return this.#end("failed", failureOf(vm, promise.value));
      if (promise.state === "fulfilled") {
        if (vm.continued !== undefined) return { ...this.#end("continued"), output: vm.continued.inputs };
        const output = toJsonValue(vm, promise.value, "the output");
        warnOfDropped(vm);
        return { ...this.#end("completed"), output };
      }
    }
    if (vm.continued !== undefined && !vm.cancelled) {
      return this.#end("failed", failureOfContinued(vm, this.#main));
    }
    const suspended = this.#suspended();
    if (suspended !== undefined) return suspended;
    if (!vm.cancelled) return this.#end("failed", failureOfStuck(vm, this.#main));
    const { reason } = vm.cancelled;
    return this.#end("cancelled", {
      type: "CancelledError",
      message: reason,
      stack: `CancelledError: ${reason}`,
    });
  }

  /** What the flow waits with; nothing: nothing can wake it. */
  #suspended(about: { paused?: true } = {}): Step | undefined {
    const vm = this.#vm;
    const { snapshot, released, size, cleanup, objects } = encode(vm, this.#main);
    const waits = waitsOf(vm);
    if (about.paused) {
      this.#paused = true;
      snapshot.b = vm.budget;
    } else if (waits.length === 0) {
      this.#released = released;
      return undefined;
    }
    // A snapshot does not keep it, so a machine that stays in memory must not know more.
    vm.thrown = undefined;
    const { snapshotSize } = vm.limits;
    if (size > snapshotSize / 8 && JSON.stringify(snapshot).length > snapshotSize) {
      throw tooLarge(snapshotSize);
    }
    return {
      ...{
        status: "suspended",
        moment: this.#moment(),
        snapshot,
        effects: vm.outbox.take(),
        waits,
        released,
      },
      ...(cleanup && { cleanup }),
      ...(about.paused ? {} : this.#newTags(objects)),
      ...about,
    };
  }

  #end(status: "completed" | "continued" | "failed" | "cancelled", error?: FlowFailure): Step {
    this.#over = true;
    const released = [...this.#released, ...this.#vm.pending.keys()];
    const effects = this.#vm.outbox.take();
    // What ended in its first step had no variables to tell; what was told before stays.
    const tags = this.#isFirst
      ? this.#newTags([])
      : this.#tags === undefined && this.#tagsRead !== undefined
      ? { tags: this.#tagsRead }
      : {};
    return { status, moment: this.#moment(), ...(error && { error }), effects, waits: [], released, ...tags };
  }

  /** The values that it is found by, if they have changed, or if it is not known what they were. */
  #newTags(objects: readonly object[]): { tags?: string[] } {
    const { index } = this.#vm.program.program;
    this.#isFirst = false;
    if (index === undefined) return {};
    const tags = tagsOf(this.#vm, objects, index);
    const told = JSON.stringify(tags);
    if (told === this.#tags) return {};
    this.#tags = told;
    return { tags };
  }

  #moment(): string {
    return new Date(this.#vm.outside.moment).toISOString();
  }
}

function settle(vm: FlowMachine, one: Settled): void {
  const promise = vm.pending.get(one.id);
  // Released meanwhile, or told twice.
  if (promise === undefined) return;
  vm.pending.delete(one.id);
  if (one.status === "completed") {
    resolvePromise(vm, promise, one.ask ? callOf(one.id, one.output) : fromJson(one.output));
  } else rejectPromise(vm, promise, errorFromJson(one.error, promise));
}

/** Throw the cancellation into every suspended activation, the youngest first. */
function cancel(vm: FlowMachine, fibres: readonly Fibre[], reason: string): void {
  if (vm.cancelled) return;
  const cancellation = new Cancellation(reason);
  vm.cancelled = cancellation;
  const value = cancellation as unknown as Value;
  vm.jobs = vm.jobs.filter((job) => job.kind !== "react" || job.reaction.kind !== "await");
  for (const fibre of [...fibres].reverse()) {
    const { awaiting } = fibre;
    if (awaiting === undefined) continue;
    const kept = awaiting.reactions?.filter((one) => one.kind !== "await" || one.fibre !== fibre);
    if (kept) awaiting.reactions = kept;
    const thrown = new FlowPromise();
    thrown.handled = true;
    rejectPromise(vm, thrown, value);
    addReaction(vm, thrown, { kind: "await", fibre });
  }
}

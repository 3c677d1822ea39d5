import type { ExecutionError, Logger, Telemetry } from "../../define/mod.ts";
import type { Clock } from "../../runtime/clock.ts";
import type { JsonValue } from "../../shared/json.ts";
import type { CodeRunner } from "../code/code_runner.ts";
import type {
  Claimed,
  ClaimedFlow,
  Engine,
  FlowOutcome,
  LeasedChild,
  Outcome,
  Settled,
} from "../engine/engine.ts";
import { factsOf, spanOf, thrownOf, type WorkerObserver } from "../loop/observer.ts";
import type { InFlightSet } from "../loop/in_flight.ts";
import { type KeptTimer, KeptTimers } from "./kept_timers.ts";
import { leaseOf } from "../engine/outcome.ts";
import { type StartTimer, toStored } from "./step_result.ts";
import { Programs } from "./programs.ts";
import type { UnrunnableWork } from "../loop/unrunnable.ts";
import { type StepResult, WarmFlows } from "./warm_flows.ts";
import { Uuids } from "../../define/uuid.ts";

/** How far a flow went. */
export interface FlowStep {
  /** Whether it waits, or how it ended. */
  readonly status: "suspended" | "completed" | "failed" | "cancelled";
  /** Where it stands, while it waits. */
  readonly snapshot?: JsonValue;
  /** Its result. */
  readonly output?: JsonValue;
  /** Why it failed. */
  readonly error?: ExecutionError;
  /** What it asked for, in program order. */
  readonly effects: readonly FlowEffect[];
  /** What lets it go on. */
  readonly waits: readonly unknown[];
  /** What nothing in it can observe any more. */
  readonly released: readonly string[];
  /** Whether it has something left to do if it is cancelled. */
  readonly cleanup?: boolean;
}

/** Something that a flow asked for. */
export interface FlowEffect {
  /** What kind of thing. */
  readonly type: string;
  /** The name of a task or a flow. */
  readonly target?: string;
  /** The name of a signal. */
  readonly name?: string;
  /** When a timer is due. */
  readonly at?: unknown;
  /** How a child is to run, in the words of the flow language. */
  readonly options?: unknown;
}

/** All the outside that a flow has. */
export interface FlowHost {
  /** The time. */
  readonly now: () => Date;
  /** A number from 0 to 1. */
  readonly random: () => number;
  /** A fresh id. */
  readonly newId: () => string;
}

/** A workflow that is open in memory. */
export interface OpenFlow {
  /** How far it went last. */
  readonly step: FlowStep;
  /** Goes on with what is settled. */
  readonly advance: (settled: readonly Settled[]) => FlowStep;
}

/** Where a workflow begins: at its beginning, or where a snapshot stands. */
export type FlowBegin =
  | { readonly inputs: JsonValue; readonly context: Record<string, JsonValue> }
  | { readonly snapshot: JsonValue; readonly settled: readonly Settled[] };

/** The language, as far as running it goes. */
export interface FlowRuntime {
  /** Runs a program as far as it goes, and keeps it open. */
  readonly open: (program: JsonValue, begin: FlowBegin, host: FlowHost) => OpenFlow;
  /** Goes on where a snapshot stands, to end: only `finally` blocks still run. */
  readonly cancel: (
    program: JsonValue,
    snapshot: JsonValue,
    news: { settled: readonly Settled[]; cancel: string },
    host: FlowHost,
  ) => FlowStep;
}

/** What running workflows stands on. */
export interface FlowRunnerParts {
  /** The language. */
  readonly runtime: FlowRuntime;
  /** The clock, of flows, too. */
  readonly clock: Clock;
  /** Whether it may keep timers. If not, the engine fires all. */
  readonly keepsTimers: boolean;
  /** Where programs are. */
  readonly engine: Engine;
  /** What is in flight. */
  readonly inFlight: InFlightSet;
  /** Where the worker logs. */
  readonly logger: Logger;
  /** What to do with workflows whose program is not to be had. */
  readonly unrunnable: UnrunnableWork;
  /** Runs workflows that are written in TypeScript. */
  readonly code: Pick<CodeRunner, "start">;
  /** Takes an outcome that waits for its settle. */
  readonly settle: (outcome: Outcome) => void;
  /** Takes what came of a timer that is due: how its workflow went on. */
  readonly settleStep: (result: StepResult) => void;
  /** Takes a timer that is due, and whose workflow the engine is to wake. */
  readonly fire: (timer: string) => void;
  /** Tracing, if somebody collects it. */
  readonly telemetry?: Telemetry;
  /** Hears what happens. */
  readonly observer?: WorkerObserver;
}

/** Runs workflows: each from where it stands to where it must wait, in one turn of the event loop. */
export class FlowRunner {
  readonly #parts: FlowRunnerParts;
  readonly #programs: Programs<JsonValue>;
  readonly #host: FlowHost;
  readonly #warm: WarmFlows;
  readonly #keptTimers: KeptTimers;

  /** @param parts what it stands on */
  constructor(parts: FlowRunnerParts) {
    this.#parts = parts;
    this.#programs = new Programs((hash) => parts.engine.program(hash));
    const { clock } = parts;
    const uuids = new Uuids(clock);
    this.#host = {
      now: () => new Date(clock.now()),
      random: () => clock.random(),
      newId: () => uuids.next(),
    };
    this.#keptTimers = new KeptTimers(clock, (timer) => this.#onDue(timer));
    this.#warm = new WarmFlows({ clock, ...(parts.keepsTimers ? { keptTimers: this.#keptTimers } : {}) });
  }

  /** Advances a workflow. */
  start(claimed: Claimed): void {
    const program = this.#programs.peek(claimed.flow!.program);
    if (program === undefined) {
      this.#parts.inFlight.add(claimed, null);
      void this.#load(claimed);
    } else {
      this.#advance(claimed, program);
    }
  }

  /** Goes on with the workflow of a task that completed, if it is open here; nothing: the end is settled alone. */
  follow(task: Claimed, output: string): StepResult | undefined {
    const result = this.#warm.follow(task, output);
    if (result !== undefined) this.#observeResult(result);
    return result;
  }

  /** Hears that an outcome was settled: the timers of it that are kept may become due. */
  settled(outcome: Outcome): void {
    if (outcome.status !== "suspended") return;
    const { id: flow, seq } = outcome;
    this.#warm.stands(flow, seq! + 1);
    for (const { id, at, kept } of outcome.flow.effects as unknown as Kept[]) {
      if (kept) this.#warm.arm({ id, flow, due: Date.parse(at) }, seq! + 1);
    }
  }

  /** By how many milliseconds the clock of this machine is ahead of the server's. */
  ahead(ms: number): void {
    this.#keptTimers.ahead(ms);
  }

  /** Keeps no timers any more: they are left to the engine. */
  async releaseKeptTimers(): Promise<void> {
    const timers = this.#keptTimers.stop();
    if (timers.length === 0) return;
    try {
      await this.#parts.engine.releaseKept(timers);
    } catch (error) {
      this.#parts.logger.debug("timers could not be handed on; they fire a moment later", { error });
    }
  }

  /** Hears that a step was settled; gives the children that it leased. */
  stepSettled(result: StepResult, leased: ReadonlyMap<string, LeasedChild>): Claimed[] {
    return this.#warm.settled(result, leased);
  }

  /** Hears that a workflow is not where it was thought to be. */
  forget(id: string): void {
    this.#warm.forget(id);
  }

  #onDue(timer: KeptTimer): void {
    const next = this.#warm.due(timer);
    if (next === "fire") this.#parts.fire(timer.id);
    else if (next !== undefined) {
      this.#observeResult(next);
      this.#parts.settleStep(next);
    }
  }

  async #load(claimed: Claimed): Promise<void> {
    try {
      const program = await this.#programs.get(claimed.flow!.program);
      this.#parts.inFlight.remove(claimed);
      if (program === null) this.#parts.settle(this.#parts.unrunnable.handBack(claimed, "program"));
      else this.#advance(claimed, program);
    } catch (error) {
      this.#parts.logger.warn("a program could not be read", {
        execution: claimed.id,
        flow: claimed.target,
        error,
      });
      const reason = `Its program could not be read: ${
        error instanceof Error ? error.message : String(error)
      }`;
      this.#parts.settle({
        ...leaseOf(claimed),
        status: "released",
        reason,
        delayMs: 1_000,
      });
      this.#parts.inFlight.remove(claimed);
    }
  }

  #advance(claimed: Claimed, program: JsonValue): void {
    if (isCode(program)) return this.#parts.code.start(claimed);
    const { telemetry } = this.#parts;
    if (telemetry === undefined) {
      this.#run(claimed, program);
    } else {
      // The span wants a rejection to see a failure; nobody else does.
      telemetry.span(spanOf(claimed), (traceparent) => {
        const outcome = this.#run(claimed, program, traceparent);
        return outcome.status === "failed" ? Promise.reject(thrownOf(outcome.error)) : Promise.resolve();
      }).catch(() => {});
    }
  }

  #run(claimed: Claimed, program: JsonValue, traceparent?: string): Outcome {
    this.#parts.observer?.({ type: "started", ...factsOf(claimed), inputs: claimed.inputs });
    let outcome: Outcome;
    try {
      const { step, kept } = this.#step(claimed, claimed.flow!, program);
      outcome = outcomeOf(step, claimed, { traceparent, kept });
      if (this.#parts.observer !== undefined) this.#observe(claimed, step);
    } catch (error) {
      outcome = this.#broken(claimed, error);
    }
    this.#parts.settle(outcome);
    return outcome;
  }

  #step(
    claimed: Claimed,
    flow: ClaimedFlow,
    program: JsonValue,
  ): { step: FlowStep; kept?: ReadonlyMap<string, number> } {
    const { runtime, telemetry } = this.#parts;
    const timers = this.#warm.forget(claimed.id);
    if (flow.cancelReason !== null) {
      if (flow.snapshot === null) {
        return { step: { status: "cancelled", effects: [], waits: [], released: [] } };
      }
      const news = { settled: flow.settled, cancel: flow.cancelReason };
      return { step: runtime.cancel(program, flow.snapshot, news, this.#host) };
    }
    const open = runtime.open(program, beginOf(claimed, flow), this.#host);
    const { step } = open;
    // With a span for each advance, each goes through a lease of its own.
    const isKept = step.status === "suspended" && telemetry === undefined;
    return isKept ? { step, kept: this.#warm.keep(claimed, open, timers) } : { step };
  }

  // The language refuses by failing the step; what it throws is a defect of its own, or a snapshot it cannot read.
  #broken(claimed: Claimed, thrown: unknown): Outcome {
    this.#parts.logger.error("a workflow could not be advanced", {
      execution: claimed.id,
      flow: claimed.target,
      error: thrown,
    });
    const message = thrown instanceof Error ? thrown.message : String(thrown);
    const code = thrown instanceof Error && "code" in thrown ? { code: String(thrown.code) } : {};
    const error = {
      type: "FlowRuntimeError",
      message: `The workflow could not be advanced: ${message}`,
      ...code,
    };
    return { ...leaseOf(claimed), status: "failed", error, retryable: false };
  }

  #observeResult({ flow, step }: StepResult): void {
    if (this.#parts.observer === undefined) return;
    this.#parts.observer({ type: "started", ...factsOf(flow), inputs: flow.inputs });
    this.#observe(flow, step);
  }

  #observe(claimed: Claimed, step: FlowStep): void {
    const event = factsOf(claimed);
    if (step.status === "completed") {
      this.#parts.observer!({ type: "completed", ...event, output: JSON.stringify(step.output ?? null) });
    } else if (step.status === "failed") {
      this.#parts.observer!({ type: "failed", ...event, error: step.error!, willRetry: false });
    } else if (step.status === "cancelled") {
      this.#parts.observer!({ type: "cancelled", ...event });
    } else {
      this.#parts.observer!({ type: "suspended", ...event, waits: step.effects.flatMap(describe) });
    }
  }
}

// What register_workflow() stores in place of a program.
function isCode(program: JsonValue): boolean {
  return typeof program === "object" && program !== null && "language" in program &&
    program.language === "typescript";
}

function beginOf(claimed: Claimed, flow: ClaimedFlow): FlowBegin {
  if (flow.snapshot !== null) return { snapshot: flow.snapshot, settled: flow.settled };
  const context = {
    executionId: claimed.id,
    flow: claimed.target,
    version: flow.version,
    queue: claimed.queue,
    attempt: claimed.attempt,
    parentId: claimed.parentId,
    createdAt: new Date(claimed.createdAt).toISOString(),
    metadata: claimed.metadata,
  };
  return { inputs: claimed.inputs, context };
}

function outcomeOf(
  step: FlowStep,
  claimed: Claimed,
  { traceparent, kept }: { traceparent?: string; kept?: ReadonlyMap<string, number> },
): Outcome {
  const lease = leaseOf(claimed);
  const isKept = (effect: FlowEffect): boolean =>
    kept !== undefined && effect.type === "start_timer" && kept.has((effect as StartTimer).id);
  const flow: FlowOutcome = {
    snapshot: step.snapshot ?? null,
    effects: step.effects.map((effect) =>
      isKept(effect) ? { ...effect, kept: true } as unknown as JsonValue : toStored(effect, traceparent)
    ),
    waits: step.waits as JsonValue[],
    released: step.released,
    ...(step.cleanup === true && { cleanup: true }),
  };
  switch (step.status) {
    case "suspended":
      return { ...lease, status: "suspended", flow };
    case "completed":
      return { ...lease, status: "completed", output: JSON.stringify(step.output ?? null), flow };
    case "failed":
      return { ...lease, status: "failed", error: step.error!, retryable: true, flow };
    case "cancelled":
      return { ...lease, status: "cancelled", flow };
  }
}

function describe(effect: FlowEffect): string[] {
  switch (effect.type) {
    case "run_task":
      return [`task "${effect.target}"`];
    case "run_workflow":
      return [`workflow "${effect.target}"`];
    case "start_timer":
      return [`a timer until ${effect.at}`];
    case "await_signal":
      return [`signal "${effect.name}"`];
    default:
      return [];
  }
}

/** An effect that may be a timer that this worker keeps. */
interface Kept {
  readonly id: string;
  readonly at: string;
  readonly kept?: true;
}

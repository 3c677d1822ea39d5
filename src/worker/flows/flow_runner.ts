import type { ExecutionError, Logger, Telemetry } from "../../define/mod.ts";
import type { Clock } from "../../runtime/clock.ts";
import type { JsonObject, JsonValue } from "../../shared/json.ts";
import type { CodeRunner } from "../code/code_runner.ts";
import type { Claimed, ClaimedFlow, Engine, FlowOutcome, Outcome, Settled } from "../engine/engine.ts";
import type { Exchange, OpenWorkflows } from "../engine/exchange.ts";
import type { TaskEnds } from "../tasks/task_runner.ts";
import {
  factsOf,
  lineFactsOf,
  mayThrowAgain,
  spanOf,
  thrownOf,
  type WorkerObserver,
} from "../loop/observer.ts";
import type { InFlightSet } from "../loop/in_flight.ts";
import { type KeptTimer, KeptTimers } from "./kept_timers.ts";
import { leaseOf } from "../engine/outcome.ts";
import { type StartTimer, type StepResult, toStored } from "./step_result.ts";
import { Programs } from "./programs.ts";
import type { Ledger } from "../loop/ledger.ts";
import type { LineCounts } from "../loop/rates.ts";
import type { UnrunnableWork } from "../loop/unrunnable.ts";
import { WarmFlows } from "./warm_flows.ts";
import { ServerTime } from "./server_time.ts";

/** How far a flow went. */
export interface FlowStep {
  /** When it was taken, ISO 8601; nothing: the flow was not asked. */
  readonly moment?: string;
  /** Whether it waits, or how it ended. */
  readonly status: "suspended" | "completed" | "continued" | "failed" | "cancelled";
  /** Where it stands, while it waits. */
  readonly snapshot?: JsonValue;
  /** Its result; if it starts over, its inputs. */
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
  /** The values that it is found by, if they have changed. */
  readonly tags?: readonly string[];
}

/** Something that a flow asked for. */
export interface FlowEffect {
  /** What kind of thing. */
  readonly type: string;
  /** The name of a task or a flow. */
  readonly target?: string;
  /** The name of a signal. */
  readonly name?: string;
  /** The level of a log line. */
  readonly level?: string;
  /** What a log line says. */
  readonly message?: string;
  /** When a timer is due; where in the source a log line was written. */
  readonly at?: unknown;
  /** The options of a child, in the words of the flow language. */
  readonly options?: unknown;
}

/** Which step is taken, and when. */
export interface StepMoment {
  /** The number of the step, from 1. */
  readonly step: number;
  /** When it is taken. */
  readonly moment: Date;
}

/** Everything from outside that a flow sees. */
export interface FlowHost extends StepMoment {
  /** The execution. */
  readonly executionId: string;
  /** The source of its random numbers and ids. */
  readonly seed: string;
  /** How often it was started again. */
  readonly epoch: number;
}

/** A workflow that is open in memory. */
export interface OpenFlow {
  /** How far it went last. */
  readonly step: FlowStep;
  /** Goes on with what is settled. */
  readonly advance: (settled: readonly Settled[], at: StepMoment) => FlowStep;
  /** How often its lines were waited at since this was asked last. */
  readonly takeHeat: () => LineCounts[];
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
  /** A state as an operation changes it; throws if it cannot go on there. */
  readonly change: (
    state: { program: JsonValue; snapshot: JsonValue },
    to: { program: JsonValue; version: JsonValue; args: JsonObject },
    begin: { inputs: JsonValue; context: Record<string, JsonValue> },
  ) => JsonValue;
}

/** What running workflows needs. */
export interface FlowRunnerParts {
  /** The language. */
  readonly runtime: FlowRuntime;
  /** The clock, of flows, too. */
  readonly clock: Clock;
  /** Whether it may keep timers. If not, the engine fires all. */
  readonly keepsTimers: boolean;
  /** Where programs are. */
  readonly engine: Pick<Engine, "program" | "applyChange">;
  /** Where ends and steps go. */
  readonly exchange: Exchange;
  /** What is in flight. */
  readonly inFlight: InFlightSet;
  /** Where the worker logs. */
  readonly logger: Logger;
  /** What is logged and counted. */
  readonly ledger: Ledger;
  /** Where flows log, with `console.log`. */
  readonly handlerLogger: Logger;
  /** What to do with workflows whose program cannot be loaded. */
  readonly unrunnable: UnrunnableWork;
  /** Runs workflows that are written in TypeScript. */
  readonly code: Pick<CodeRunner, "start">;
  /** Tracing, if it is collected. */
  readonly telemetry?: Telemetry;
  /** Hears what happens. */
  readonly observer?: WorkerObserver;
}

/** Runs workflows: each from where it stands to where it must wait, in one turn of the event loop. */
export class FlowRunner implements OpenWorkflows, TaskEnds {
  readonly #parts: FlowRunnerParts;
  readonly #programs: Programs<JsonValue>;
  readonly #time: ServerTime;
  readonly #warm: WarmFlows;
  readonly #keptTimers: KeptTimers;

  /** @param parts what it needs */
  constructor(parts: FlowRunnerParts) {
    this.#parts = parts;
    this.#programs = new Programs((hash) => parts.engine.program(hash));
    const { clock } = parts;
    this.#time = new ServerTime(clock);
    this.#keptTimers = new KeptTimers(clock, (timer) => this.#onDue(timer));
    this.#warm = new WarmFlows({
      clock,
      time: this.#time,
      ...(parts.keepsTimers ? { keptTimers: this.#keptTimers } : {}),
    });
  }

  /** Advances a workflow. */
  start(claimed: Claimed): void {
    const program = this.#programs.peek(claimed.flow!.program);
    if (program === undefined || claimed.flow!.change !== undefined) {
      this.#parts.inFlight.add(claimed, null);
      void this.#load(claimed);
    } else {
      this.#advance(claimed, program);
    }
  }

  /**
   * Takes the end of a task. If it completed, and its workflow is in memory, the workflow continues at once, and both are settled
   * together. Otherwise the end is settled alone, and the engine wakes the workflow.
   */
  taskEnded(outcome: Outcome, task: Claimed): void {
    const followed = outcome.status === "completed" && task.parentId !== null
      ? this.#warm.follow(task, outcome.output)
      : undefined;
    if (followed === undefined) return this.#parts.exchange.end(outcome);
    const result = { ...followed, tookMs: outcome.tookMs };
    this.#observeResult(result);
    this.#parts.exchange.endStep(result);
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

  /** Hears what time it was for the server, at some moment since another of this machine. */
  toldTime(now: number, since: number): void {
    this.#time.told(now, since);
  }

  /** Keeps no timers any more: they are left to the engine. */
  leaveTimers(): void {
    const timers = this.#keptTimers.stop();
    if (timers.length > 0) this.#parts.exchange.leaveTimers(timers);
  }

  /** Hears that a step was settled. */
  stepSettled(result: StepResult): void {
    this.#warm.stepSettled(result);
  }

  /** Hears that a workflow is not where it was thought to be. */
  forget(id: string): void {
    this.#warm.forget(id);
  }

  #onDue(timer: KeptTimer): void {
    const next = this.#warm.due(timer);
    if (next === "fire") this.#parts.exchange.fire(timer.id);
    else if (next !== undefined) {
      this.#observeResult(next);
      this.#parts.exchange.endStep(next);
    }
  }

  async #load(claimed: Claimed): Promise<void> {
    try {
      const now = await this.#changed(claimed);
      const program = now && await this.#programs.get(now.flow!.program);
      this.#parts.inFlight.remove(claimed);
      // Without a lease, another worker has it.
      if (now === undefined || program === undefined) return;
      if (program === null) this.#parts.exchange.end(this.#parts.unrunnable.handBack(now, "program"));
      else this.#advance(now, program);
    } catch (error) {
      this.#parts.logger.warn("a program could not be read", {
        execution: claimed.id,
        flow: claimed.target,
        error,
      });
      const reason = `Its program could not be read: ${
        error instanceof Error ? error.message : String(error)
      }`;
      this.#parts.exchange.end({
        ...leaseOf(claimed),
        claimed,
        status: "released",
        reason,
        delayMs: 1_000,
      });
      this.#parts.inFlight.remove(claimed);
    }
  }

  /** The workflow after what an operation changes in it; nothing: its lease is lost. */
  async #changed(claimed: Claimed): Promise<Claimed | undefined> {
    const { change, ...flow } = claimed.flow!;
    if (change === undefined) return claimed;
    this.#warm.forget(claimed.id);
    const { program: hash = flow.program, version = flow.version, args } = change;
    const [from, to] = [await this.#programs.get(flow.program), await this.#programs.get(hash)];
    if (from === null || to === null) return claimed;
    let snapshot: JsonValue | null = null;
    let problem: string | undefined;
    try {
      if (flow.snapshot !== null) {
        const begin = { inputs: claimed.inputs, context: contextOf(claimed, version) };
        snapshot = this.#parts.runtime.change(
          { program: from, snapshot: flow.snapshot },
          { program: to, version, args },
          begin,
        );
      }
    } catch (error) {
      problem = error instanceof Error ? error.message : String(error);
    }
    const { id, call } = claimed;
    const applied = await this.#parts.engine.applyChange({ id, call, seq: flow.seq, snapshot, problem });
    if (applied === null) return undefined;
    const stays = problem === undefined ? { program: hash, version, snapshot } : {};
    return { ...claimed, flow: { ...flow, ...stays, ...applied } };
  }

  #advance(claimed: Claimed, program: JsonValue): void {
    if (isCode(program)) return this.#parts.code.start(claimed);
    const { telemetry } = this.#parts;
    if (telemetry === undefined) {
      this.#run(claimed, program);
    } else {
      // Only the span needs the rejection, to record a failure.
      telemetry.span(spanOf(claimed), (traceparent) => {
        const outcome = this.#run(claimed, program, traceparent);
        return outcome.status === "failed" ? Promise.reject(thrownOf(outcome.error)) : Promise.resolve();
      }).catch(() => {});
    }
  }

  #run(claimed: Claimed, program: JsonValue, traceparent?: string): Outcome {
    this.#parts.ledger.began(claimed);
    this.#parts.observer?.({ type: "started", ...factsOf(claimed), inputs: claimed.inputs });
    let outcome: Outcome;
    try {
      const { step, kept } = this.#step(claimed, claimed.flow!, program);
      outcome = outcomeOf(step, claimed, { traceparent, kept });
      this.#say(claimed, step);
      if (this.#parts.observer !== undefined) this.#observe(claimed, step);
    } catch (error) {
      outcome = this.#broken(claimed, error);
    }
    this.#parts.exchange.end(outcome);
    return outcome;
  }

  #step(
    claimed: Claimed,
    flow: ClaimedFlow,
    program: JsonValue,
  ): { step: FlowStep; kept?: ReadonlyMap<string, number> } {
    const { runtime, telemetry } = this.#parts;
    const timers = this.#warm.forget(claimed.id);
    const { seed, epoch, seq } = flow;
    const moment = new Date(this.#time.now());
    const host = { executionId: claimed.id, seed, epoch, step: seq + 1, moment };
    if (flow.cancelReason !== null) {
      if (flow.snapshot === null) {
        return { step: { status: "cancelled", effects: [], waits: [], released: [] } };
      }
      const news = { settled: flow.settled, cancel: flow.cancelReason };
      return { step: runtime.cancel(program, flow.snapshot, news, host) };
    }
    const open = runtime.open(program, beginOf(claimed, flow), host);
    const { step } = open;
    this.#parts.ledger.rates.countLines(claimed, open.takeHeat());
    // To have a span for each step, each step needs its own lease.
    const isKept = step.status === "suspended" && telemetry === undefined;
    return isKept ? { step, kept: this.#warm.keep(claimed, open, timers) } : { step };
  }

  // The language reports errors by failing the step. If it throws, it has a defect, or cannot read the snapshot.
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
    return { ...leaseOf(claimed), claimed, status: "failed", error, retryable: false };
  }

  #observeResult({ flow, step, open }: StepResult): void {
    this.#parts.ledger.rates.countLines(flow, open.takeHeat());
    this.#say(flow, step);
    if (this.#parts.observer === undefined) return;
    this.#parts.observer({ type: "started", ...factsOf(flow), inputs: flow.inputs });
    this.#observe(flow, step);
  }

  // Lines of console.log in the flow. The engine stores them with the execution.
  #say(claimed: Claimed, { effects }: FlowStep): void {
    for (const { type, level, message, at } of effects) {
      if (type !== "log") continue;
      const { line } = at as { line: number };
      const named = level === "log" ? "info" : level as "debug" | "info" | "warn" | "error";
      this.#parts.handlerLogger[named](message!, { ...lineFactsOf(claimed), line });
    }
  }

  #observe(claimed: Claimed, step: FlowStep): void {
    const event = factsOf(claimed);
    if (step.status === "completed") {
      this.#parts.observer!({ type: "completed", ...event, output: JSON.stringify(step.output ?? null) });
    } else if (step.status === "failed") {
      this.#parts.observer!({
        type: "failed",
        ...event,
        error: step.error!,
        willRetry: mayThrowAgain(claimed),
      });
    } else if (step.status === "cancelled") {
      this.#parts.observer!({ type: "cancelled", ...event, reason: claimed.flow?.cancelReason ?? undefined });
    } else if (step.status === "continued") {
      this.#parts.observer!({ type: "continued", ...event, output: JSON.stringify(step.output ?? null) });
    } else {
      this.#parts.observer!({ type: "suspended", ...event, waits: step.effects.flatMap(describe) });
    }
  }
}

// The first 48 bits of a UUID of version 7.
function createdAt(id: string): string {
  return new Date(Number.parseInt(id.slice(0, 8) + id.slice(9, 13), 16)).toISOString();
}

// What register_workflow() stores in place of a program.
function isCode(program: JsonValue): boolean {
  return typeof program === "object" && program !== null && "language" in program &&
    program.language === "typescript";
}

function beginOf(claimed: Claimed, flow: ClaimedFlow): FlowBegin {
  if (flow.snapshot !== null) return { snapshot: flow.snapshot, settled: flow.settled };
  return { inputs: claimed.inputs, context: contextOf(claimed, flow.version) };
}

function contextOf(claimed: Claimed, version: JsonValue): Record<string, JsonValue> {
  return {
    executionId: claimed.id,
    flow: claimed.target,
    version,
    queue: claimed.queue,
    attempt: claimed.attempt,
    parentId: claimed.parentId,
    createdAt: createdAt(claimed.id),
    metadata: claimed.metadata,
  };
}

function outcomeOf(
  step: FlowStep,
  claimed: Claimed,
  { traceparent, kept }: { traceparent?: string; kept?: ReadonlyMap<string, number> },
): Outcome {
  const lease = { ...leaseOf(claimed), claimed };
  const { cancelReason } = claimed.flow!;
  const isKept = (effect: FlowEffect): boolean =>
    kept !== undefined && effect.type === "start_timer" && kept.has((effect as StartTimer).id);
  const flow: FlowOutcome = {
    ...(step.moment !== undefined && { moment: step.moment }),
    ...(step.moment !== undefined && cancelReason !== null && { cancelReason }),
    snapshot: step.snapshot ?? null,
    effects: [
      ...step.effects.map((effect) =>
        isKept(effect) ? { ...effect, kept: true } as unknown as JsonValue : toStored(effect, traceparent)
      ),
      ...(step.tags === undefined ? [] : [{ type: "tag", tags: [...step.tags] }]),
    ],
    waits: step.waits as JsonValue[],
    released: step.released,
    ...(step.cleanup === true && { cleanup: true }),
  };
  switch (step.status) {
    case "suspended":
      return { ...lease, status: "suspended", flow };
    case "completed":
      return { ...lease, status: "completed", output: JSON.stringify(step.output ?? null), flow };
    case "continued":
      return { ...lease, status: "continued", inputs: JSON.stringify(step.output ?? null), flow };
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

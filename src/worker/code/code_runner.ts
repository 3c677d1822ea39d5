import type { ExecutionError, Logger, Telemetry } from "../../define/mod.ts";
import { RhythmError } from "../../shared/error.ts";
import { errorsAsObjects, type JsonValue, storableText } from "../../shared/json.ts";
import type { StepNews } from "../../db/calls/steps.ts";
import type { Claimed, Engine, Outcome, Settled } from "../engine/engine.ts";
import type { Clock } from "../../runtime/clock.ts";
import {
  factsOf,
  lineFactsOf,
  mayThrowAgain,
  spanOf,
  thrownOf,
  type WorkerObserver,
} from "../loop/observer.ts";
import type { InFlightSet } from "../loop/in_flight.ts";
import type { EngineClient } from "../engine/engine_client.ts";
import { leaseOf, releasedOf, STALE } from "../engine/outcome.ts";
import { type RunSteps, StepBatcher } from "./step_batcher.ts";
import type { Ledger } from "../loop/ledger.ts";
import type { UnrunnableWork } from "../loop/unrunnable.ts";
import type { StopReason } from "../tasks/task_run.ts";

/** How far a run of code came. */
export type CodeEnd =
  | { readonly status: "completed"; readonly output: string }
  | { readonly status: "continued"; readonly inputs: string }
  | { readonly status: "failed"; readonly error: ExecutionError; readonly retryable: boolean }
  | { readonly status: "suspended"; readonly waits: readonly string[]; readonly released: readonly string[] }
  | { readonly status: "stopped"; readonly reason: StopReason; readonly message: string };

/** A run of code under way. */
export interface CodeRun {
  /** How far it came; never rejects. */
  readonly end: Promise<CodeEnd>;
  /** Ends it from outside; if it is cancelled, once it has cleaned up. */
  stop(reason: StopReason, message: string): void;
}

/** What a run of code is given. */
export interface CodeStart {
  /** The execution. */
  readonly id: string;
  /** The workflow's name. */
  readonly workflow: string;
  /** What it was started with. */
  readonly input: JsonValue;
  /** What its starter attached. */
  readonly metadata: Readonly<Record<string, JsonValue>>;
  /** What it waited for and is settled now. */
  readonly settled: readonly Settled[];
  /** Where its steps are kept. */
  readonly steps: RunSteps;
  /** Makes durable log lines. */
  readonly log: (level: "debug" | "info" | "warn" | "error", message: string, data: unknown) => void;
}

/** Workflows in TypeScript, as far as running them goes. */
export interface CodeRuntime {
  /** Whether there is code under a name. */
  knows(workflow: string): boolean;
  /** Runs the code from its top. */
  start(given: CodeStart): CodeRun;
}

/** Of a worker that has no workflows in TypeScript. */
export const NO_CODE: CodeRuntime = {
  knows: () => false,
  start: () => {
    throw new RhythmError("This worker has no workflows in TypeScript", { code: "NO_CODE" });
  },
};

/** What running workflows in TypeScript needs. */
export interface CodeRunnerParts {
  /** The clock. */
  readonly clock: Clock;
  /** The code. */
  readonly code: CodeRuntime;
  /** Where steps are kept, and what says whether a lease still holds. */
  readonly client: EngineClient;
  /** The engine's steps. */
  readonly engine: Pick<Engine, "steps" | "isTransient" | "isTooSlow">;
  /** What is in flight. */
  readonly inFlight: InFlightSet;
  /** Where the worker logs. */
  readonly logger: Logger;
  /** What is logged and counted. */
  readonly ledger: Ledger;
  /** Where the lines of workflows go. */
  readonly handlerLogger: Logger;
  /** What to do with workflows there is no code for. */
  readonly unrunnable: UnrunnableWork;
  /** Tracing, if it is collected. */
  readonly telemetry?: Telemetry;
  /** Hears what happens. */
  readonly observer?: WorkerObserver;
}

/** Runs workflows in TypeScript: each from its top to its end, or to where it must wait. */
export class CodeRunner {
  readonly #parts: CodeRunnerParts;
  readonly #batcher: StepBatcher;

  /** @param parts what it needs */
  constructor(parts: CodeRunnerParts) {
    this.#parts = parts;
    this.#batcher = new StepBatcher({ ...parts, due: (ms) => parts.client.due(ms) });
  }

  /** Runs a workflow that was claimed. */
  start(claimed: Claimed): void {
    const { client, code, ledger, observer, unrunnable, telemetry } = this.#parts;
    if (!code.knows(claimed.target)) return client.exchange.end(unrunnable.handBack(claimed, "handler"));
    if (!client.isFresh(claimed)) return client.exchange.end(releasedOf(claimed, STALE));
    ledger.began(claimed);
    observer?.({ type: "started", ...factsOf(claimed), inputs: claimed.inputs });
    if (telemetry === undefined) {
      void this.#carry(claimed, claimed.traceparent);
    } else {
      // Only the span needs the rejection, to record a failure.
      telemetry.span(spanOf(claimed), async (traceparent) => {
        const end = await this.#carry(claimed, traceparent);
        if (end.status === "failed") throw thrownOf(end.error);
      }).catch(() => {});
    }
  }

  async #carry(claimed: Claimed, traceparent = claimed.traceparent): Promise<CodeEnd> {
    const { code, inFlight } = this.#parts;
    const { cancelReason, settled } = claimed.flow!;
    const run = code.start({
      id: claimed.id,
      workflow: claimed.target,
      input: claimed.inputs,
      metadata: claimed.metadata,
      settled,
      steps: stepsOf(this.#batcher, { call: claimed.call, traceparent }),
      log: (level, message, data) => this.#log(claimed, { level, message, data }),
    });
    inFlight.add(claimed, run);
    // It runs again to clean up.
    if (cancelReason !== null) run.stop("cancelled", cancelReason);
    const end = await run.end;
    this.#end(claimed, end);
    return end;
  }

  #end(claimed: Claimed, end: CodeEnd): void {
    this.#parts.inFlight.remove(claimed);
    this.#parts.client.exchange.end(outcomeOf(end, claimed));
    if (this.#parts.observer !== undefined) observe(this.#parts.observer, claimed, end);
  }

  #log(
    claimed: Claimed,
    line: { level: "debug" | "info" | "warn" | "error"; message: string; data: unknown },
  ): void {
    const data = line.data === undefined ? {} : { data: line.data };
    this.#parts.handlerLogger[line.level](line.message, { ...lineFactsOf(claimed), ...data });
    const text = JSON.stringify(
      errorsAsObjects(line.data),
      (_key, part) => typeof part === "string" ? storableText(part) : part,
    );
    this.#parts.client.reporter.log({
      id: claimed.id,
      level: line.level,
      message: storableText(line.message),
      data: text ?? null,
      at: new Date(this.#parts.clock.now()),
    });
  }
}

// A step that ends after its run was suspended must not count for the next run, which may have the same worker. The children
// that a run makes are told which trace they belong to.
function stepsOf(steps: RunSteps, run: { call: number; traceparent: string | null }): RunSteps {
  const { call, traceparent } = run;
  const complete = (news: StepNews): StepNews =>
    news.child === undefined || traceparent === null
      ? { ...news, call }
      : { ...news, call, child: { ...news.child, traceparent } };
  return {
    load: (execution) => steps.load(execution),
    save: (news) => steps.save(complete(news)),
    saveInTransaction: (body) => steps.saveInTransaction(async (sql) => complete(await body(sql))),
  };
}

// A run that lost its lease gives it back anyway: from here it looks the same as a save whose answer was lost.
function outcomeOf(end: CodeEnd, claimed: Claimed): Outcome {
  const lease = { ...leaseOf(claimed), claimed };
  switch (end.status) {
    case "completed":
      return { ...lease, status: "completed", output: end.output };
    case "continued":
      return { ...lease, status: "continued", inputs: end.inputs };
    case "failed":
      return { ...lease, status: "failed", error: end.error, retryable: end.retryable };
    case "suspended": {
      const waits = [{ mode: "any", ids: [...end.waits] }];
      return {
        ...lease,
        status: "suspended",
        // Whether its code has a finally is unknown, so it runs once more.
        flow: { snapshot: {}, effects: [], waits, released: end.released, cleanup: true },
      };
    }
    case "stopped":
      if (end.reason === "cancelled") return { ...lease, status: "cancelled" };
      return { ...lease, status: "released", reason: end.message, delayMs: 0 };
  }
}

function observe(observer: WorkerObserver, claimed: Claimed, end: CodeEnd): void {
  const event = factsOf(claimed);
  if (end.status === "completed") observer({ type: "completed", ...event, output: end.output });
  else if (end.status === "continued") observer({ type: "continued", ...event, output: end.inputs });
  else if (end.status === "failed") {
    observer({
      type: "failed",
      ...event,
      error: end.error,
      willRetry: end.retryable && mayThrowAgain(claimed),
    });
  } else if (end.status === "suspended") observer({ type: "suspended", ...event, waits: [...end.waits] });
  else observer({ type: end.reason === "cancelled" ? "cancelled" : "released", ...event });
}

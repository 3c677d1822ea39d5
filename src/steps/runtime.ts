import type { AnyWorkflow, ExecutionError, SqlTag, TaskLog } from "../define/mod.ts";
import { failureOf } from "../define/failure.ts";
import { Uuids } from "../define/uuid.ts";
import type { Clock } from "../runtime/clock.ts";
import type { JsonValue } from "../shared/json.ts";
import { type ContextCore, makeContext, type WorkflowContext } from "./context.ts";
import { Counter } from "./names.ts";
import { type RunEnd, type SettledWait, type StopReason, WorkflowRun } from "./run.ts";
import { LeaseLostError, type StepNews, type StepRow, type StepStore } from "./store.ts";

/** Where a worker keeps the steps of the workflows it runs. False: it changed nothing. */
export interface WorkerSteps {
  /** Reads the steps of a workflow. */
  load(execution: string): Promise<readonly StepRow[]>;
  /** Saves a step. */
  save(news: StepNews): Promise<boolean>;
  /** Runs a step in the transaction that saves it. */
  saveInTransaction(body: (sql: SqlTag) => Promise<StepNews>): Promise<boolean>;
}

/** What a worker gives to a run. */
export interface RunGiven {
  /** The execution. */
  readonly id: string;
  /** The workflow's name. */
  readonly workflow: string;
  /** What it was started with. */
  readonly input: JsonValue;
  /** What its starter attached. */
  readonly metadata: Readonly<Record<string, JsonValue>>;
  /** What it waited for and is settled now. */
  readonly settled: readonly SettledWait[];
  /** Where its steps are kept. */
  readonly steps: WorkerSteps;
  /** Makes durable log lines. */
  readonly log: (level: "debug" | "info" | "warn" | "error", message: string, data: unknown) => void;
}

/** How a run ended, as a worker settles it. */
export type WorkerEnd =
  | Exclude<RunEnd, { status: "failed" }>
  | { readonly status: "failed"; readonly error: ExecutionError; readonly retryable: boolean };

/** A run that a worker began. */
export interface WorkerRun {
  /** How far it came; never rejects. */
  readonly end: Promise<WorkerEnd>;
  /** Ends it from outside; if it is cancelled, once it has cleaned up. */
  stop(reason: StopReason, message: string): void;
}

/** Runs workflows in TypeScript for a worker. */
export class StepsRuntime {
  readonly #workflows: ReadonlyMap<string, AnyWorkflow>;
  readonly #clock: Clock;
  readonly #uuids: Uuids;

  /** @param workflows the workflows there is code for @param clock time and chance */
  constructor(workflows: readonly AnyWorkflow[], clock: Clock) {
    this.#clock = clock;
    this.#uuids = new Uuids(clock);
    this.#workflows = new Map(workflows.map((made) => [made.name, made]));
  }

  /** Whether there is code under a name. */
  knows(workflow: string): boolean {
    return this.#workflows.has(workflow);
  }

  /** Runs a workflow from its top. */
  start(given: RunGiven): WorkerRun {
    const run = new WorkflowRun({
      id: given.id,
      workflow: given.workflow,
      clock: this.#clock,
      store: storeOf(given.steps),
      newId: () => this.#uuids.next(),
      warn: (message, fields) => given.log("warn", message, fields),
      holdMs: 0,
      transient: "retry",
    });
    return {
      end: this.#drive(given, run),
      stop: (reason, message) => reason === "cancelled" ? run.cancel(message) : run.stop(reason, message),
    };
  }

  async #drive(given: RunGiven, run: WorkflowRun): Promise<WorkerEnd> {
    try {
      await run.open(given.settled);
    } catch (thrown) {
      return { status: "failed", ...failureOf(thrown) };
    }
    if (!run.isOpen) return await run.end as WorkerEnd;
    const core: ContextCore = {
      id: given.id,
      workflow: given.workflow,
      input: given.input,
      metadata: given.metadata,
      log: logOf(given),
      run,
      counter: new Counter(),
    };
    const code = this.#workflows.get(given.workflow)!.definition.code as (
      ctx: WorkflowContext,
      input: unknown,
    ) => unknown;
    return await run.drive(() => code(makeContext(core), given.input));
  }
}

function storeOf(steps: WorkerSteps): StepStore {
  return {
    load: (execution) => steps.load(execution),
    save: async (news) => {
      if (!await steps.save(news)) throw new LeaseLostError(news.execution_id, news.name);
    },
    saveInTransaction: async (body) => {
      let news: StepNews | undefined;
      const isSaved = await steps.saveInTransaction(async (sql) => news = await body(sql));
      if (!isSaved) throw new LeaseLostError(news!.execution_id, news!.name);
    },
  };
}

function logOf({ log }: RunGiven): TaskLog {
  return {
    debug: (message, data) => log("debug", message, data),
    info: (message, data) => log("info", message, data),
    warn: (message, data) => log("warn", message, data),
    error: (message, data) => log("error", message, data),
  };
}

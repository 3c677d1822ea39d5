import { readExecutions, type StoredExecution } from "../db/calls/executions.ts";
import type { EngineRef } from "../db/calls/engine_ref.ts";
import { claimExecution } from "../db/calls/steps.ts";
import {
  beat,
  holdsText,
  leave,
  type ParcelRow,
  registerWorker,
  settleOne,
  tick,
} from "../db/calls/worker.ts";
import type { Database } from "../db/database.ts";
import { Uuids } from "../define/uuid.ts";
import { failureOf } from "../define/failure.ts";
import type { ContextCore, DrivenCode, Driver } from "./context.ts";
import type { CancelTimer, Clock } from "../runtime/clock.ts";
import { makeContext } from "./context.ts";
import { errorKind } from "../db/error_kind.ts";
import { patiently } from "./patience.ts";
import { directStore } from "./direct_store.ts";
import { ContextError, TransientStepError, WorkflowCancelledError } from "./errors.ts";
import { reviveError } from "./step_error.ts";
import { Counter } from "./names.ts";
import { type RunEnd, type SettledWait, WorkflowRun } from "./run.ts";
import type { StepStore } from "./store.ts";

/** What runs workflows in the process that calls them. */
export interface DirectParts {
  /** The database. */
  readonly database: Database;
  /** The engine's schema. */
  readonly schema: string;
  /** How long this process may be silent before another may go on with its workflows. */
  readonly leaseMs: number;
  /** Time and chance. */
  readonly clock: Clock;
  /** Told what a person should know. */
  readonly warn: (message: string, fields: Record<string, unknown>) => void;
}

/** The queue of workflows that are run by who calls them: no worker serves it, unless it is told to. */
export const DIRECT_QUEUE = "direct";

/**
 * Runs workflows in this process. To the engine it is a worker that takes only what it is asked for: its leases are
 * kept alive while it runs something, and when the process dies another may go on.
 */
export class DirectDriver implements Driver {
  readonly #parts: DirectParts;
  readonly #engine: EngineRef;
  readonly #store: StepStore;
  readonly #uuids: Uuids;
  /** The calls that leased what runs here. */
  readonly #leases = new Map<string, number>();
  readonly #runs = new Map<string, WorkflowRun>();
  #worker: Promise<string> | undefined;
  #workerId = "";
  #calls = 0;
  #claiming: Promise<unknown> = Promise.resolve();
  #using = 0;
  #isClosed = false;
  #cancelBeats: CancelTimer | undefined;

  /** @param parts what it needs */
  constructor(parts: DirectParts) {
    this.#parts = parts;
    this.#uuids = new Uuids(parts.clock);
    this.#engine = { on: parts.database, schema: parts.schema };
    this.#store = directStore({ ...parts, worker: () => this.#workerId });
  }

  async start(core: ContextCore): Promise<void> {
    if (core.run?.isOpen) return;
    await this.#enter();
    try {
      const claimed = await this.#claim(core.id);
      if (claimed === undefined) throw await this.#whyNot(core);
      await this.#open(core, claimed, "by hand");
    } catch (error) {
      await this.#leave();
      throw error;
    }
  }

  async end(core: ContextCore, end: { output: string } | { thrown: unknown }): Promise<void> {
    core.run!.finish();
    try {
      await this.#settle(
        core,
        "output" in end
          ? `"status":"completed","output":${end.output}`
          : `"status":"failed","retryable":false,"error":${JSON.stringify(failureOf(end.thrown).error)}`,
      );
    } finally {
      core.run = undefined;
      await this.#leave();
    }
  }

  async drive(core: ContextCore, code: DrivenCode): Promise<unknown> {
    if (core.run?.isOpen && !core.run.isDriven) return await this.#goOn(core, code);
    // A second call with one context has a run of its own, which begins when the first is over.
    const own = core.run === undefined ? core : { ...core, run: undefined };
    await this.#enter();
    try {
      return await this.#untilOver(own, code);
    } finally {
      own.run = undefined;
      await this.#leave();
    }
  }

  /** Gives back what is still running. */
  async close(): Promise<void> {
    this.#isClosed = true;
    for (const run of this.#runs.values()) run.stop("shutdown", "The process that ran it closed its Admin");
    this.#cancelBeats?.();
    if (this.#worker !== undefined) await leave(this.#engine, await this.#worker);
    this.#worker = undefined;
  }

  // It was begun by hand, and is ended by its code.
  async #goOn(core: ContextCore, code: DrivenCode): Promise<unknown> {
    try {
      const end = await core.run!.drive(() => code(makeContext(core), core.isContinued ? core : undefined));
      const over = await this.#conclude(core, end);
      if (over !== undefined) return over.value;
      core.run = undefined;
      return await this.#untilOver(core, code);
    } finally {
      core.run = undefined;
      await this.#leave();
    }
  }

  async #untilOver(core: ContextCore, code: DrivenCode): Promise<unknown> {
    for (let tries = 0;; tries++) {
      this.#checkOpen();
      const claimed = await this.#claim(core.id);
      if (claimed === undefined) {
        const execution = await this.#read(core);
        if (execution.completedAt !== null) return outcomeOf(core, execution);
        await this.#waitAWhile(tries);
        continue;
      }
      tries = 0;
      const run = await this.#open(core, claimed, "driven");
      const over = await this.#conclude(
        core,
        await run.drive(() => code(makeContext(core), core.isContinued ? core : undefined)),
      );
      if (over !== undefined) return over.value;
    }
  }

  async #open(core: ContextCore, claimed: ParcelRow, how: "driven" | "by hand"): Promise<WorkflowRun> {
    const run = new WorkflowRun({
      id: core.id,
      workflow: core.workflow,
      clock: this.#parts.clock,
      store: this.#store,
      newId: () => this.#uuids.next(),
      warn: this.#parts.warn,
      holdMs: HOLD_MS,
      transient: "throw",
      traceparent: claimed.common.traceparent,
    });
    this.#runs.set(core.id, run);
    core.counter = new Counter();
    const { settled, cancel_reason: reason = null } = claimed.states![0]!;
    if (reason !== null && how === "driven") run.cancel(reason);
    await run.open(settled as unknown as SettledWait[]);
    core.run = run;
    if (reason !== null && how === "by hand") run.stop("cancelled", reason);
    return run;
  }

  // An execution that has ended is returned. Any other must be tried again.
  async #conclude(core: ContextCore, end: RunEnd): Promise<{ value: unknown } | undefined> {
    switch (end.status) {
      case "completed":
        return await this.#complete(core, end.output);
      case "failed":
        if (isTransient(end.thrown) && !("step" in end.error)) {
          await this.#settle(
            core,
            `"status":"released","reason":${JSON.stringify(end.error.message)},"delay_ms":0`,
          );
          throw end.thrown;
        }
        if (
          await this.#settle(core, `"status":"failed","retryable":false,"error":${JSON.stringify(end.error)}`)
        ) {
          throw end.thrown;
        }
        return undefined;
      case "continued":
        await this.#continue(core, end.inputs);
        return undefined;
      case "suspended": {
        const waits = JSON.stringify([{ mode: "any", ids: end.waits }]);
        const released = JSON.stringify(end.released);
        await this.#settle(
          core,
          `"status":"suspended","snapshot":{},"waits":${waits},"released":${released},"cleanup":true`,
        );
        return undefined;
      }
      case "stopped":
        if (end.reason === "cancelled") {
          await this.#settle(core, `"status":"cancelled"`);
          throw new WorkflowCancelledError(core.workflow, core.id, end.message);
        }
        if (end.reason === "shutdown") throw new ContextError(end.message, "ADMIN_CLOSED");
        await this.#settle(core, `"status":"released","reason":${JSON.stringify(end.message)},"delay_ms":0`);
        return undefined;
    }
  }

  async #complete(core: ContextCore, output: string): Promise<{ value: unknown } | undefined> {
    const isOurs = await this.#settleOrFail(core, `"status":"completed","output":${output}`);
    return isOurs ? { value: JSON.parse(output) } : undefined;
  }

  async #continue(core: ContextCore, inputs: string): Promise<void> {
    const isOurs = await this.#settleOrFail(core, `"status":"continued","output":${inputs}`);
    if (isOurs) Object.assign(core, { input: JSON.parse(inputs), isContinued: true });
  }

  // If the database refuses what it gives, for example because it is too large, the workflow fails, and its caller gets the error.
  async #settleOrFail(core: ContextCore, outcome: string): Promise<boolean> {
    try {
      return await this.#settle(core, outcome);
    } catch (error) {
      if (errorKind(error) !== "refused") throw error;
      const reason = JSON.stringify(failureOf(error).error);
      await this.#settle(core, `"status":"failed","retryable":false,"error":${reason}`);
      throw error;
    }
  }

  /** Settles; false: it was no longer this process's. */
  async #settle(core: ContextCore, outcome: string): Promise<boolean> {
    this.#runs.delete(core.id);
    const text = `{"id":"${core.id}","call":${this.#leases.get(core.id)},${outcome}}`;
    const answer = await patiently(this.#parts.clock, () => settleOne(this.#engine, this.#workerId, text));
    this.#leases.delete(core.id);
    return answer.refused.length === 0;
  }

  // Calls are made one after another: the engine refuses one that is older than the last.
  async #claim(execution: string): Promise<ParcelRow | undefined> {
    const claiming = this.#claiming.then(async () => {
      const call = ++this.#calls;
      const claim = () => claimExecution(this.#engine, this.#workerId, { execution, call });
      const claimed = await patiently(this.#parts.clock, claim);
      if (claimed !== undefined) this.#leases.set(execution, call);
      return claimed;
    });
    this.#claiming = claiming.catch(() => {});
    return await claiming;
  }

  async #read(core: ContextCore): Promise<StoredExecution> {
    const [execution] = await readExecutions(this.#engine, [core.id]);
    if (execution === undefined) {
      throw new ContextError(
        `There is no workflow ${core.id}: it was purged after its end`,
        "WORKFLOW_NOT_FOUND",
      );
    }
    return execution;
  }

  async #whyNot(core: ContextCore): Promise<Error> {
    const { status } = await this.#read(core);
    const why = status === "running" ? "another process runs it" : `it is ${status}`;
    return new ContextError(
      `Cannot start workflow "${core.workflow}" (${core.id}): ${why}`,
      "WORKFLOW_NOT_STARTABLE",
    );
  }

  // It runs elsewhere, or waits. There may be no other process that does what is due.
  async #waitAWhile(tries: number): Promise<void> {
    const { ms } = await patiently(this.#parts.clock, () => tick(this.#engine));
    const pauseMs = Math.min(250, 5 * 2 ** Math.min(tries, 6), Math.max(2, ms ?? 250));
    await this.#parts.clock.sleep(pauseMs);
  }

  #checkOpen(): void {
    if (!this.#isClosed) return;
    throw new ContextError("The Admin that made this context was closed: make another", "ADMIN_CLOSED");
  }

  async #enter(): Promise<void> {
    this.#checkOpen();
    this.#using++;
    this.#worker ??= this.#register();
    try {
      this.#workerId = await this.#worker;
    } catch (error) {
      this.#using--;
      this.#worker = undefined;
      throw error;
    }
  }

  async #register(): Promise<string> {
    const { leaseMs } = this.#parts;
    const name = `${Deno.hostname()}:${Deno.pid}/direct`;
    // A queue of its own: nothing is waiting in it, nothing is woken for it.
    const id = await registerWorker(this.#engine, { name, queues: "{direct.callers}", leaseMs, info: "{}" });
    this.#cancelBeats = this.#beats(id);
    return id;
  }

  #beats(id: string): CancelTimer {
    const { clock, leaseMs } = this.#parts;
    let cancel: CancelTimer;
    const again = (): void => {
      cancel = clock.after(leaseMs / 3, () => {
        again();
        void this.#beat(id);
      });
    };
    again();
    return () => cancel();
  }

  async #beat(id: string): Promise<void> {
    try {
      const holds = new Map(this.#leases);
      const { alive, stop, lost } = await beat(this.#engine, id, { holds: holdsText(holds) });
      for (const { id, reason } of stop) cancel(this.#runs.get(id), reason);
      for (const id of lost) {
        if (this.#leases.get(id) === holds.get(id)) this.#runs.get(id)?.stop("lost", LOST);
      }
      if (alive) return;
      for (const run of this.#runs.values()) run.stop("lost", LOST);
      this.#cancelBeats?.();
      this.#worker = this.#register();
      this.#workerId = await this.#worker;
    } catch (error) {
      this.#parts.warn("no answer to a heartbeat", { error });
    }
  }

  async #leave(): Promise<void> {
    if (--this.#using > 0 || this.#worker === undefined) return;
    this.#cancelBeats?.();
    const worker = this.#worker;
    this.#worker = undefined;
    await leave(this.#engine, await worker);
  }
}

// A workflow that is run by hand has no code that could be told.
function cancel(run: WorkflowRun | undefined, reason: string): void {
  if (run?.isDriven) run.cancel(reason);
  else run?.stop("cancelled", reason);
}

function outcomeOf(core: ContextCore, execution: StoredExecution): unknown {
  if (execution.status === "completed") return execution.output;
  const { status, error, cancelReason } = execution;
  if (status === "failed") throw reviveError(error ?? { type: "Error", message: "no reason was stored" });
  throw new WorkflowCancelledError(core.workflow, core.id, cancelReason ?? "no reason was given");
}

function isTransient(thrown: unknown): boolean {
  for (let error = thrown; error instanceof Error; error = error.cause) {
    if (error instanceof TransientStepError) return true;
  }
  return false;
}

const LOST = "This process was silent for too long";

// A sleep up to this long is spent in the process that called the workflow.
const HOLD_MS = 30_000;

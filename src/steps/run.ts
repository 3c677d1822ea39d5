import type { ExecutionError, SqlTag } from "../define/mod.ts";
import { setImmediate } from "node:timers";
import { failureOf } from "../define/failure.ts";
import { type JsonValue, toJson } from "../shared/json.ts";
import { Deliveries } from "./deliveries.ts";
import { ContextError, DuplicateStepError, reviveError, WorkflowCancelledError } from "./errors.ts";
import type { StepCall } from "./step_call.ts";
import { type Ticket, Tickets } from "./tickets.ts";
import { LeaseLostError, type StepNews, type StepRow, type StepStore } from "./store.ts";
import { runAttempts } from "./attempts.ts";

/** How far a run of a workflow's code came. */
export type RunEnd =
  | { readonly status: "completed"; readonly output: string }
  | { readonly status: "failed"; readonly error: ExecutionError; readonly thrown: unknown }
  | { readonly status: "suspended"; readonly waits: readonly string[]; readonly released: readonly string[] }
  | { readonly status: "stopped"; readonly reason: StopReason; readonly message: string };

/** Why a run is ended from outside. */
export type StopReason = "cancelled" | "timeout" | "lost" | "shutdown";

/** What a run is of, and what it stands on. */
export interface RunParts {
  /** The execution. */
  readonly id: string;
  /** The workflow's name. */
  readonly workflow: string;
  /** Where steps are kept. */
  readonly store: StepStore;
  /** Makes ids, each greater than the one before. */
  readonly newId: () => string;
  /** Told what a person should know: the code has changed, something was awaited that is no step. */
  readonly warn: (message: string, fields: Record<string, unknown>) => void;
  /** Sleeps and pauses up to this long are spent in this process; longer ones suspend the workflow. */
  readonly holdMs: number;
  /** What a `TransientStepError` does in a step without a policy: it is thrown on, or tried again after a pause. */
  readonly transient: "throw" | "retry";
}

/** Something that settles what the workflow waited for: a timer that fired, a signal, a child that ended. */
export interface SettledWait {
  /** What was waited for. */
  readonly id: string;
  /** What came of it. */
  readonly status: "completed" | "failed";
  /** The signal's payload, the child's output. */
  readonly output?: JsonValue;
  /** Why it failed. */
  readonly error?: ExecutionError;
}

/** What the code begins to wait for. */
export type WaitStart = Pick<StepNews, "kind" | "delay_ms" | "until" | "signal" | "child">;

interface Call {
  isOver: boolean;
  readonly promise: Promise<unknown>;
}

/**
 * One run of a workflow's code, from its top to its end or to where it must wait. Steps that are over are answered
 * from the store; what is new is run and saved before its result is handed on.
 */
export class WorkflowRun {
  readonly #parts: RunParts;
  readonly #rows = new Map<string, StepRow>();
  readonly #calls = new Map<string, Call>();
  readonly #waits = new Map<string, { id: string; inProcess: boolean }>();
  readonly #released: string[] = [];
  readonly #timers = new Set<ReturnType<typeof setTimeout>>();
  readonly #endings = new Tickets();
  readonly #ended = Promise.withResolvers<RunEnd>();
  readonly #abort = new AbortController();
  #deliveries!: Deliveries;
  #state: "open" | "suspended" | "over" = "open";
  #driven = false;
  #active = 0;
  #seq = 0;
  #strayed = false;

  /** @param parts what it is of, and what it stands on */
  constructor(parts: RunParts) {
    this.#parts = parts;
  }

  /** The execution. */
  get id(): string {
    return this.#parts.id;
  }

  /** Whether results of an earlier run are still being handed out. */
  get isReplaying(): boolean {
    return this.#deliveries.isReplaying;
  }

  /** Fires when the run is ended from outside. */
  get abortSignal(): AbortSignal {
    return this.#abort.signal;
  }

  /** Whether steps may be called. */
  get isOpen(): boolean {
    return this.#state === "open";
  }

  /** Whether the workflow's code runs it. */
  get isDriven(): boolean {
    return this.#driven;
  }

  /** The run's end. */
  get end(): Promise<RunEnd> {
    return this.#ended.promise;
  }

  /** Reads what earlier runs left, and takes in what was waited for and came. */
  async open(settled: readonly SettledWait[]): Promise<void> {
    for (const row of await this.#parts.store.load(this.id)) this.#rows.set(row.name, row);
    const over = [...this.#rows.values()].filter((row) => row.seq !== null);
    this.#seq = (over.at(-1)?.seq ?? 0) + 1;
    const came = new Map(settled.map((one) => [one.id, one]));
    for (const row of this.#rows.values()) {
      if (row.status === "waiting") await this.#takeIn(row, came.get(row.wait_id!));
      else if (row.status === "retrying" && came.has(row.wait_id!)) {
        this.#rows.set(row.name, { ...row, is_due: true });
      }
    }
    const expected = [...this.#rows.values()].filter((row) => row.seq !== null)
      .sort((a, b) => a.seq! - b.seq!).map((row) => row.name);
    this.#deliveries = new Deliveries(expected, {
      onChange: (then, now) => this.#tellChange(then, now),
      onIdle: () => this.#lookIdle(),
    });
  }

  /** Runs the code. */
  drive(code: () => unknown): Promise<RunEnd> {
    this.#driven = true;
    new Promise((resolve) => resolve(code())).then(
      (value) => this.#complete(value),
      (thrown) => this.#fail(thrown),
    );
    return this.end;
  }

  /** Ends the run from outside. */
  stop(reason: StopReason, message: string): void {
    if (this.#state !== "open") return;
    this.#close("over");
    this.#abort.abort(
      reason === "cancelled"
        ? new WorkflowCancelledError(this.#parts.workflow, this.id, message)
        : new ContextError(message, `WORKFLOW_${reason.toUpperCase()}`),
    );
    this.#ended.resolve({ status: "stopped", reason, message });
  }

  /** Ends the run: the workflow was ended by hand. */
  finish(): void {
    this.#close("over");
  }

  /** Runs a step, or answers it from what was saved. */
  step<T>(call: StepCall<T>): Promise<T> {
    return this.#once(call.name, (row) => this.#counted(() => runAttempts(this, call, row))) as Promise<T>;
  }

  /** Waits for something durable: a timer, a signal, a child. */
  wait(name: string, start: () => WaitStart): Promise<JsonValue | undefined> {
    if (!this.#driven) {
      throw new ContextError(
        `"${name}" cannot be waited for here: the workflow was begun with ctx.start(), and only the function of workflow() can be left and entered again`,
        "WORKFLOW_NOT_DRIVEN",
      );
    }
    return this.#once(name, async (row) => {
      const begun = row === undefined ? await this.#counted(() => this.#begin(name, start())) : row;
      return await this.#await(name, begun.wait_id!, delayOf(begun));
    }) as Promise<JsonValue | undefined>;
  }

  /**
   * A step that is run by hand: its result if it is over (throws what it failed with), otherwise what takes its end.
   */
  async acquire(name: string): Promise<{ value: unknown } | ((end: Promise<unknown>) => Promise<void>)> {
    this.#checkOpen(name);
    const known = this.#calls.get(name);
    if (known !== undefined && !known.isOver) throw new DuplicateStepError(name);
    const row = this.#rows.get(name);
    if (known !== undefined || row?.seq != null) {
      return { value: await this.#once(name, () => Promise.resolve(undefined)) };
    }
    const ending = Promise.withResolvers<unknown>();
    ending.promise.catch(() => {});
    const over = this.#once(name, () => this.#counted(() => ending.promise)).catch(() => {});
    return async (end) => {
      ending.resolve(end);
      await over;
    };
  }

  /** Saves that a step ended, and hands its result on when its turn has come. */
  async saveEnd(news: Omit<StepNews, "execution_id" | "seq">): Promise<void> {
    const ticket = this.#endings.take();
    await ticket.through(() => this.save({ ...news, seq: this.#seq++ } as Omit<StepNews, "execution_id">));
    await this.#turn(news.name, ticket);
  }

  /** Saves a transactional step: `body` gives what is to be saved. */
  async saveInTransaction(
    body: (sql: SqlTag) => Promise<Omit<StepNews, "execution_id" | "seq">>,
  ): Promise<void> {
    let name = "";
    let ticket: Ticket | undefined;
    try {
      await this.#guarded(() =>
        this.#parts.store.saveInTransaction(async (sql) => {
          const news = await body(sql);
          name = news.name;
          ticket = this.#endings.take();
          return { execution_id: this.id, ...news, seq: this.#seq++ } as StepNews;
        })
      );
    } catch (error) {
      ticket?.giveBack();
      throw error;
    }
    await this.#turn(name, ticket!);
  }

  /** Saves news of a step. */
  async save(news: Omit<StepNews, "execution_id">): Promise<void> {
    await this.#guarded(() => this.#parts.store.save({ execution_id: this.id, ...news } as StepNews));
  }

  /** Waits before another attempt at a step. */
  async pause(name: string, waitId: string, ms: number | undefined): Promise<void> {
    this.#active--;
    try {
      await this.#await(name, waitId, ms);
    } finally {
      this.#active++;
    }
  }

  /** Makes an id. */
  newId(): string {
    return this.#parts.newId();
  }

  /** What a `TransientStepError` does in a step without a policy. */
  get transient(): "throw" | "retry" {
    return this.#parts.transient;
  }

  /** Hands a live result on when its turn has come. */
  #turn(name: string, ticket: Ticket): Promise<void> {
    return new Promise((resolve) => ticket.call(() => this.#deliveries.live(`step "${name}"`, resolve)));
  }

  #once(name: string, live: (row: StepRow | undefined) => Promise<unknown>): Promise<unknown> {
    this.#checkOpen(name);
    if (this.#state === "suspended") return new Promise(() => {});
    const known = this.#calls.get(name);
    if (known !== undefined) {
      if (!known.isOver) throw new DuplicateStepError(name);
      return known.promise;
    }
    const row = this.#rows.get(name);
    if (row?.seq == null && this.isReplaying) this.#deliveries.stuck(`step "${name}"`);
    const promise = row?.seq == null ? live(row) : this.#replay(row);
    const call: Call = { isOver: false, promise };
    const over = (): void => {
      call.isOver = true;
    };
    promise.then(over, over);
    this.#calls.set(name, call);
    return promise;
  }

  #replay(row: StepRow): Promise<unknown> {
    return new Promise((resolve, reject) => {
      this.#deliveries.stored(row.name, () => {
        if (row.status === "failed") reject(reviveError(row.name, row.error as unknown as ExecutionError));
        else resolve(row.has_output ? row.output : undefined);
      });
    });
  }

  async #counted<T>(work: () => Promise<T>): Promise<T> {
    this.#active++;
    try {
      return await work();
    } finally {
      this.#active--;
      this.#lookIdle();
    }
  }

  async #begin(name: string, start: WaitStart): Promise<StepRow & Pick<WaitStart, "delay_ms" | "until">> {
    const wait_id = this.newId();
    await this.save({ name, status: "waiting", wait_id, ...start });
    return { ...start, name, status: "waiting", wait_id } as StepRow & WaitStart;
  }

  // In this process while it is held here; otherwise the promise stays open, and the next run answers it.
  #await(name: string, id: string, ms: number | undefined): Promise<undefined> {
    const inProcess = ms !== undefined && ms <= this.#parts.holdMs;
    this.#waits.set(name, { id, inProcess });
    this.#lookIdle();
    return new Promise((resolve) => {
      if (ms === undefined || ms > MAX_TIMEOUT_MS) return;
      const timer = setTimeout(() => {
        this.#timers.delete(timer);
        this.#waits.delete(name);
        this.#released.push(id);
        const isSleep = this.#rows.get(name)?.kind !== "step" && name.startsWith("sleep");
        this.#counted(async () => {
          if (isSleep) await this.saveEnd({ name, kind: "sleep", status: "completed", is_undefined: true });
          resolve(undefined);
        }).catch(() => {});
      }, ms);
      this.#timers.add(timer);
    });
  }

  async #takeIn(row: StepRow, came: SettledWait | undefined): Promise<void> {
    if (came === undefined && !(row.is_due && row.kind === "sleep")) return;
    const failed = came?.status === "failed";
    const seq = this.#seq++;
    const output = came?.output;
    await this.save({
      name: row.name,
      kind: row.kind,
      status: failed ? "failed" : "completed",
      seq,
      ...(failed ? { error: came.error } : row.kind === "sleep" ? { is_undefined: true } : {
        output: JSON.stringify(output ?? null),
      }),
    });
    this.#rows.set(row.name, {
      ...row,
      status: failed ? "failed" : "completed",
      seq,
      error: failed ? came.error as never : null,
      output: row.kind === "sleep" ? null : output ?? null,
      has_output: row.kind !== "sleep" && !failed,
    });
  }

  #checkOpen(name: string): void {
    if (this.#state === "over") {
      throw new ContextError(
        `Step "${name}" was called after workflow "${this.#parts.workflow}" (${this.id}) had ended or was stopped: await every step`,
        "WORKFLOW_NOT_RUNNING",
      );
    }
    if (this.#state === "suspended" && !this.#strayed) {
      this.#strayed = true;
      this.#parts.warn(
        `Workflow "${this.#parts.workflow}" called step "${name}" after it was suspended: it awaited something that is ` +
          `neither a step nor ctx.sleep(), ctx.signal() or ctx.run(). Put that into a step; until then it is done again when the workflow goes on`,
        { execution: this.id, step: name },
      );
    }
  }

  async #guarded<T>(save: () => Promise<T>): Promise<T> {
    if (this.#state !== "open") return await new Promise<T>(() => {});
    try {
      return await save();
    } catch (error) {
      if (!(error instanceof LeaseLostError)) throw error;
      this.stop("lost", error.message);
      return await new Promise<T>(() => {});
    }
  }

  // Nothing runs and nothing is to be handed out: what is left is to wait. Two turns, so that the code has come round.
  #lookIdle(): void {
    if (!this.#mayRest()) return;
    setImmediate(() => {
      if (this.#mayRest()) setImmediate(() => this.#mayRest() && this.#suspend());
    });
  }

  #mayRest(): boolean {
    if (this.#state !== "open" || !this.#driven || this.#active > 0 || this.#waits.size === 0) return false;
    if ([...this.#waits.values()].some((wait) => wait.inProcess)) return false;
    if (this.#deliveries.isReplaying) {
      this.#deliveries.stuck(`its wait for "${[...this.#waits.keys()].at(-1)}"`);
    }
    return this.#deliveries.isIdle;
  }

  #suspend(): void {
    const waits = [...this.#waits.values()].map((wait) => wait.id);
    this.#close("suspended");
    this.#ended.resolve({ status: "suspended", waits, released: this.#released });
  }

  #complete(value: unknown): void {
    if (this.#state !== "open") return;
    this.#deliveries.end();
    this.#warnOfRunning();
    try {
      const output = toJson(value, { what: `the result of workflow "${this.#parts.workflow}"` });
      this.#close("over");
      this.#ended.resolve({ status: "completed", output });
    } catch (error) {
      this.#fail(error);
    }
  }

  #warnOfRunning(): void {
    const running = [...this.#calls].filter(([, call]) => !call.isOver).map(([name]) => name);
    if (this.#active === 0 || running.length === 0) return;
    this.#parts.warn(
      `Workflow "${this.#parts.workflow}" ended while step "${
        running.join('", "')
      }" was running; what it gives is lost: await every step`,
      { execution: this.id, steps: running },
    );
  }

  #fail(thrown: unknown): void {
    if (this.#state !== "open") return;
    this.#close("over");
    const step = this.#stepOf(thrown);
    const error = { ...failureOf(thrown).error, ...(step === undefined ? {} : { step }) };
    this.#ended.resolve({ status: "failed", error, thrown });
  }

  // The step whose error this is, or is the cause of: retry() lets that one run again.
  #stepOf(thrown: unknown): string | undefined {
    for (let error = thrown, depth = 0; error instanceof Error && depth < 10; error = error.cause, depth++) {
      const step = this.#failures.get(error);
      if (step !== undefined) return step;
      if ("step" in error && typeof error.step === "string") return error.step;
    }
    return undefined;
  }

  readonly #failures = new WeakMap<Error, string>();

  /** Notes which step threw an error. */
  noteFailure(step: string, thrown: unknown): void {
    if (thrown instanceof Error) this.#failures.set(thrown, step);
  }

  #close(state: "suspended" | "over"): void {
    this.#state = state;
    for (const timer of this.#timers) clearTimeout(timer);
    this.#timers.clear();
    this.#deliveries?.close();
  }

  #tellChange(then: string, now: string): void {
    this.#parts.warn(
      `The code of workflow "${this.#parts.workflow}" has changed while ${this.id} was under way: it came to ${now} where ` +
        `it came to step "${then}" before. Step "${then}" disappeared, was renamed or changed its place; its stored result is kept. ` +
        `Let workflows under way end before you change them, or give the new code another name`,
      { execution: this.id, then, now },
    );
  }
}

function delayOf(begun: Pick<WaitStart, "kind" | "delay_ms" | "until">): number | undefined {
  if (begun.kind !== "sleep") return undefined;
  if (begun.delay_ms !== undefined) return begun.delay_ms;
  return begun.until === undefined ? undefined : Math.max(0, Date.parse(begun.until) - Date.now());
}

const MAX_TIMEOUT_MS = 2 ** 31 - 1;

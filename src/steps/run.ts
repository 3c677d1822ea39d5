import type { Clock } from "../runtime/clock.ts";
import { failureOf } from "../define/failure.ts";
import type { SqlTag } from "../define/mod.ts";
import { type JsonValue, toJson } from "../shared/json.ts";
import { runAttempts } from "./attempts.ts";
import { CancellationPoint, CANCELLED } from "./cancellation_point.ts";
import { Deliveries } from "./deliveries.ts";
import { Continuation } from "./continuation.ts";
import { ContextError, DuplicateStepError, WorkflowCancelledError } from "./errors.ts";
import { cancellationNews, History } from "./history.ts";
import type { RunEnd, RunParts, SettledWait, StopReason, WaitStart } from "./run_parts.ts";
import type { StepCall } from "./step_call.ts";
import { reviveError, type StepError } from "./step_error.ts";
import { LeaseLostError, type StepNews, type StepRow } from "./store.ts";
import { type CallbackPlace, OrderedCallbacks } from "./ordered_callbacks.ts";
import { lengthOf, Waits } from "./waits.ts";
import { Warnings } from "./warnings.ts";

export type { RunEnd, RunParts, SettledWait, StopReason, WaitStart } from "./run_parts.ts";

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
  readonly #warnings: Warnings;
  readonly #waits: Waits;
  readonly #calls = new Map<string, Call>();
  readonly #busy = new Set<string>();
  readonly #cancellation = new CancellationPoint();
  readonly #endings = new OrderedCallbacks();
  readonly #ended = Promise.withResolvers<RunEnd>();
  readonly #failures = new WeakMap<Error, string>();
  /** Where the code began to wait, by the name of the wait. */
  readonly #callers = new Map<string, Error>();
  #abort = new AbortController();
  #history!: History;
  #deliveries!: Deliveries;
  #state: "open" | "suspended" | "over" = "open";
  #driven = false;
  #cancelReason: string | undefined;

  /** @param parts what it belongs to, and what it needs */
  constructor(parts: RunParts) {
    this.#parts = parts;
    this.#warnings = new Warnings(parts);
    this.#waits = new Waits(parts.clock, parts.holdMs);
  }

  /** The execution. */
  get id(): string {
    return this.#parts.id;
  }

  /** Whether results of an earlier run are still being handed out. */
  get isReplaying(): boolean {
    return this.#deliveries.isReplaying;
  }

  /** Fires when the run is ended from outside; once a cancelled workflow cleans up, it is a new one. */
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

  /** What a `TransientStepError` does in a step without a policy. */
  get transient(): "throw" | "retry" {
    return this.#parts.transient;
  }

  /** Time and chance. */
  get clock(): Clock {
    return this.#parts.clock;
  }

  /** Makes an id. */
  newId(): string {
    return this.#parts.newId();
  }

  /** Reads what earlier runs left, and takes in what was waited for and came. */
  async open(settled: readonly SettledWait[]): Promise<void> {
    // A run that is stopped meanwhile, because its lease is lost for example, never reads them to the end.
    await Promise.race([this.#read(settled), this.end]);
  }

  async #read(settled: readonly SettledWait[]): Promise<void> {
    this.#history = new History(await this.#parts.store.load(this.id));
    // What came meanwhile may be a result of the cancellation, such as a child that was cancelled, too. The code is told of the cancellation first.
    if (this.#cancellation.isAsked) {
      await this.#history.markCancelled(this.#cancelReason!, (news) => this.save(news));
    }
    await this.#history.takeIn(settled, (news) => this.save(news));
    this.#deliveries = new Deliveries(this.#parts.clock, this.#history.order, {
      onChange: (then, now) => this.#warnings.changed(then, now),
      onIdle: () => {
        this.#tryCancel();
        this.#lookIdle();
      },
    });
  }

  /** Runs the code. */
  drive(code: () => unknown): Promise<RunEnd> {
    if (!this.isOpen) return this.end;
    this.#driven = true;
    if (this.#history.wasCancelled) this.#deliveries.stored(CANCELLED, () => this.#throwCancelled());
    new Promise((resolve) => resolve(code())).then(
      (value) => this.#complete(value),
      (thrown) => this.#fail(thrown),
    );
    this.#tryCancel();
    return this.end;
  }

  /** Cancels the workflow: its code is told where it stands, may clean up, and ends. */
  cancel(message: string): void {
    const error = this.#errorOf("cancelled", message);
    if (this.#state !== "open" || !this.#cancellation.ask(error)) return;
    this.#cancelReason = message;
    this.#abort.abort(error);
    this.#tryCancel();
  }

  /** Ends the run from outside, at once. */
  stop(reason: StopReason, message: string): void {
    if (this.#state !== "open") return;
    this.#close("over");
    this.#abort.abort(this.#errorOf(reason, message));
    this.#ended.resolve({ status: "stopped", reason, message });
  }

  /** Ends the run: the workflow was ended by hand. */
  finish(): void {
    this.#close("over");
  }

  /** Runs a step, or answers it from what was saved. */
  step<T>(call: StepCall<T>): Promise<T> {
    const { name } = call;
    return this.#once(name, (row) => this.#counted(name, () => runAttempts(this, call, row))) as Promise<T>;
  }

  /** Waits for something durable: a timer, a signal, a child. */
  wait(name: string, start: () => WaitStart): Promise<JsonValue | undefined> {
    if (!this.#driven) {
      throw new ContextError(
        `"${name}" cannot be waited for here: the workflow was begun with ctx.start(), and only the function of workflow() can be left and entered again`,
        "WORKFLOW_NOT_DRIVEN",
      );
    }
    this.#callers.set(name, new Error());
    return this.#once(name, async (row) => {
      const begun = row === undefined ? await this.#counted(name, () => this.#begin(name, start())) : row;
      return await this.#await(name, begun.wait_id!, lengthOf(begun, this.#parts.clock));
    }) as Promise<JsonValue | undefined>;
  }

  /**
   * A step that is run by hand: its result if it is over (throws what it failed with), otherwise what takes its end.
   */
  async acquire(name: string): Promise<{ value: unknown } | ((end: Promise<unknown>) => Promise<void>)> {
    this.#checkOpen(name);
    const known = this.#calls.get(name);
    if (known !== undefined && !known.isOver) throw new DuplicateStepError(name);
    if (known !== undefined || this.#history.get(name)?.seq != null) {
      return { value: await this.#once(name, () => Promise.resolve(undefined)) };
    }
    const ending = Promise.withResolvers<unknown>();
    ending.promise.catch(() => {});
    const begun = Promise.withResolvers<void>();
    const over = this.#once(name, () => {
      begun.resolve();
      return this.#counted(name, () => ending.promise);
    });
    // A workflow that is being cancelled begins nothing: then it throws instead.
    await Promise.race([begun.promise, over]);
    const quiet = over.catch(() => {});
    return async (end) => {
      ending.resolve(end);
      await quiet;
    };
  }

  /** Saves that a step ended, and hands its result on when its turn has come. */
  async saveEnd(news: Omit<StepNews, "execution_id" | "seq">): Promise<void> {
    const place = this.#endings.take();
    await place.through(() => {
      this.#cancellation.check(news.name);
      return this.save({ ...news, seq: this.#history.nextSeq() } as Omit<StepNews, "execution_id">);
    });
    await this.#turn(news.name, place);
  }

  /** Saves a transactional step: `body` gives the result to save. */
  async saveInTransaction(
    body: (sql: SqlTag) => Promise<Omit<StepNews, "execution_id" | "seq">>,
  ): Promise<void> {
    let name = "";
    let place: CallbackPlace | undefined;
    try {
      await this.#guarded(() =>
        this.#parts.store.saveInTransaction(async (sql) => {
          const news = await body(sql);
          name = news.name;
          this.#cancellation.check(name);
          place = this.#endings.take();
          return { execution_id: this.id, ...news, seq: this.#history.nextSeq() } as StepNews;
        })
      );
    } catch (error) {
      place?.giveBack();
      throw error;
    }
    await this.#turn(name, place!);
  }

  /** Saves news of a step. */
  async save(news: Omit<StepNews, "execution_id">): Promise<void> {
    await this.#guarded(() => this.#parts.store.save({ execution_id: this.id, ...news } as StepNews));
  }

  /** Waits before another attempt at a step. */
  async pause(name: string, waitId: string, ms: number | undefined): Promise<void> {
    this.#cancellation.check(name);
    this.#busy.delete(name);
    await this.#await(name, waitId, ms);
    this.#busy.add(name);
  }

  /** Notes which step threw an error. */
  noteFailure(step: string, thrown: unknown): void {
    if (thrown instanceof Error) this.#failures.set(thrown, step);
  }

  /** Gives a live result to the code when its turn has come. */
  #turn(name: string, place: CallbackPlace): Promise<void> {
    return new Promise((resolve) => place.call(() => this.#deliveries.live(`step "${name}"`, resolve)));
  }

  #once(name: string, live: (row: StepRow | undefined) => Promise<unknown>): Promise<unknown> {
    this.#checkOpen(name);
    if (this.#state === "suspended") return new Promise(() => {});
    const known = this.#calls.get(name);
    if (known !== undefined) {
      if (!known.isOver) throw new DuplicateStepError(name);
      return known.promise;
    }
    const promise = this.#cancellation.watch(name, this.#answer(name, live));
    const call: Call = { isOver: false, promise };
    const over = (): void => {
      call.isOver = true;
    };
    promise.then(over, over);
    this.#calls.set(name, call);
    return promise;
  }

  #answer(name: string, live: (row: StepRow | undefined) => Promise<unknown>): Promise<unknown> {
    const row = this.#history.get(name);
    if (row?.seq != null) return this.#replay(row);
    if (this.isReplaying) this.#deliveries.stuck(`step "${name}"`);
    const cancelled = this.#cancellation.take();
    if (cancelled !== undefined) return Promise.reject(cancelled);
    return this.#cancellation.isAsked ? new Promise(() => {}) : live(row);
  }

  #replay(row: StepRow): Promise<unknown> {
    return new Promise((resolve, reject) => {
      this.#deliveries.stored(row.name, () => {
        if (row.status === "failed") {
          const error = reviveError(row.error as unknown as StepError, this.#callers.get(row.name));
          this.noteFailure(row.name, error);
          reject(error);
        } else resolve(row.has_output ? row.output : undefined);
      });
    });
  }

  async #counted<T>(name: string, work: () => Promise<T>): Promise<T> {
    this.#busy.add(name);
    try {
      return await work();
    } finally {
      this.#busy.delete(name);
      this.#lookIdle();
    }
  }

  async #begin(name: string, start: WaitStart): Promise<StepRow & Pick<WaitStart, "delay_ms" | "until">> {
    const wait_id = this.newId();
    const { traceparent } = this.#parts;
    const child = start.child === undefined || traceparent == null
      ? {}
      : { child: { ...start.child, traceparent } };
    await this.save({ name, status: "waiting", wait_id, ...start, ...child });
    return { ...start, name, status: "waiting", wait_id } as StepRow & WaitStart;
  }

  // A short wait ends in this process. Otherwise the promise stays open, and the next run answers it.
  #await(name: string, id: string, ms: number | undefined): Promise<undefined> {
    return new Promise((resolve) => {
      const isSleep = this.#history.get(name)?.kind !== "step" && name.startsWith("sleep");
      const onDue = (): void => {
        this.#counted(name, async () => {
          if (isSleep) await this.saveEnd({ name, kind: "sleep", status: "completed", is_undefined: true });
          resolve(undefined);
        }).catch(() => {});
      };
      this.#waits.add(name, { id, ms, onDue });
      this.#lookIdle();
    });
  }

  #checkOpen(name: string): void {
    if (this.#state === "over") {
      throw new ContextError(
        `Step "${name}" was called after workflow "${this.#parts.workflow}" (${this.id}) had ended or was stopped: await every step`,
        "WORKFLOW_NOT_RUNNING",
      );
    }
    if (this.#state === "suspended") this.#warnings.strayed(name);
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

  #errorOf(reason: StopReason, message: string): Error {
    return reason === "cancelled"
      ? new WorkflowCancelledError(this.#parts.workflow, this.id, message)
      : new ContextError(message, `WORKFLOW_${reason.toUpperCase()}`);
  }

  // Its place among the steps is stored, so that every replay throws it there.
  #tryCancel(): void {
    if (!this.#cancellation.isAsked || !this.#driven || this.#history.wasCancelled || this.isReplaying) {
      return;
    }
    if (this.#busy.has(CANCELLED) || this.#state !== "open") return;
    this.#counted(CANCELLED, async () => {
      await this.saveEnd(cancellationNews(this.#cancelReason!));
      this.#throwCancelled();
    }).catch((error) => this.#fail(error));
  }

  #throwCancelled(): void {
    this.#abort = new AbortController();
    this.#busy.clear();
    this.#waits.clear();
    this.#cancellation.deliver();
  }

  // Nothing runs and no result is left, so it waits. Two turns give the code time to make its next call.
  #lookIdle(): void {
    if (!this.#mayRest()) return;
    const { clock } = this.#parts;
    clock.nextTurn(() => {
      if (this.#mayRest()) clock.nextTurn(() => this.#mayRest() && this.#suspend());
    });
  }

  #mayRest(): boolean {
    if (this.#state !== "open" || !this.#driven || this.#busy.size > 0 || this.#cancellation.isAsked) {
      return false;
    }
    if (!this.#waits.areElsewhere) return false;
    if (this.#deliveries.isReplaying) this.#deliveries.stuck(`its wait for "${this.#waits.last}"`);
    return this.#deliveries.isIdle;
  }

  #suspend(): void {
    const waits = this.#waits.ids;
    this.#close("suspended");
    this.#ended.resolve({ status: "suspended", waits, released: this.#waits.released });
  }

  #complete(value: unknown): void {
    if (this.#state !== "open") return;
    if (this.#cancellation.isThrown) return this.#concludeCancelled();
    this.#deliveries.end();
    const running = [...this.#calls].filter(([, call]) => !call.isOver).map(([name]) => name);
    if (this.#busy.size > 0 && running.length > 0) this.#warnings.leftRunning(running);
    try {
      if (value instanceof Continuation) {
        this.#close("over");
        this.#ended.resolve({ status: "continued", inputs: value.inputs });
        return;
      }
      const output = toJson(value, { what: `the result of workflow "${this.#parts.workflow}"` });
      this.#close("over");
      this.#ended.resolve({ status: "completed", output });
    } catch (error) {
      this.#fail(error);
    }
  }

  #fail(thrown: unknown): void {
    if (this.#state !== "open") return;
    if (this.#cancellation.isThrown) return this.#concludeCancelled(thrown);
    this.#close("over");
    const step = this.#stepOf(thrown);
    const failure = failureOf(thrown);
    const error = { ...failure.error, ...(step === undefined ? {} : { step }) };
    this.#ended.resolve({ status: "failed", error, thrown, retryable: failure.retryable });
  }

  // The code was told of the cancellation. However it ends, the workflow was cancelled.
  #concludeCancelled(thrown?: unknown): void {
    if (thrown !== undefined && !isOfCancellation(thrown)) this.#warnings.cleanupFailed(thrown);
    this.#close("over");
    this.#ended.resolve({ status: "stopped", reason: "cancelled", message: this.#cancelReason! });
  }

  // The step whose error this is, or is the cause of: retry() lets that one run again.
  #stepOf(thrown: unknown): string | undefined {
    for (let error = thrown, depth = 0; error instanceof Error && depth < 10; error = error.cause, depth++) {
      const step = this.#failures.get(error);
      if (step !== undefined) return step;
    }
    return undefined;
  }

  #close(state: "suspended" | "over"): void {
    this.#state = state;
    this.#waits.stop();
    this.#deliveries?.close();
  }
}

function isOfCancellation(thrown: unknown): boolean {
  for (let error = thrown; error instanceof Error; error = error.cause) {
    if (error instanceof WorkflowCancelledError) return true;
    if (error instanceof AggregateError && error.errors.some(isOfCancellation)) return true;
  }
  return false;
}

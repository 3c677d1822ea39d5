import {
  backfillSchedule,
  listSchedules,
  pauseSchedule,
  resumeSchedule,
  schedule,
  type ScheduleInfo,
  triggerSchedule,
  unschedule,
} from "../db/calls/schedules.ts";
import { type Duration, durationMs } from "../shared/duration.ts";
import { toJson } from "../shared/json.ts";
import {
  ANYTHING,
  checkArgument,
  checkOptions,
  checkShape,
  DURATION,
  engineOptions,
  EXECUTION_TYPE,
  type ExecutionType,
  MOMENT,
  NAME,
  type ScheduledOptions,
  type Shape,
  STORED_TEXT,
  TRANSACTION,
  type Transaction,
} from "../define/mod.ts";
import type { ClientCore } from "./core.ts";
import { ExecutionRun } from "./run.ts";
import type { Run } from "../define/mod.ts";

/** When something runs, and what. */
export interface ScheduleOptions {
  /** Five or six fields, names, `L`, or `@daily` and its kind. */
  cron: string;
  /** The name of the flow or task. */
  target: string;
  /** Which of the two it is. Default: `workflow`. */
  type?: ExecutionType;
  /** What each execution is started with. */
  inputs?: unknown;
  /** The time zone of the cron expression. Default: UTC. */
  timezone?: string;
  /** What happens when the run before is not over. Default: `skip`. */
  overlap?: "skip" | "queue" | "allow" | "cancel";
  /** What happens with runs that were missed. Default: `one`. */
  catchUp?: "none" | "one" | "all";
  /** How far a run may be moved at random. */
  jitter?: Duration;
  /** How each execution runs. */
  options?: ScheduledOptions;
  /** The caller's own transaction, to join it. */
  sql?: Transaction;
}

const SCHEDULE: Shape = {
  cron: STORED_TEXT,
  target: NAME,
  type: EXECUTION_TYPE,
  inputs: ANYTHING,
  timezone: STORED_TEXT,
  overlap: { kind: "choice", values: ["skip", "queue", "allow", "cancel"] },
  catchUp: { kind: "choice", values: ["none", "one", "all"] },
  jitter: DURATION,
  options: ANYTHING,
  sql: TRANSACTION,
};

/** Schedules: what runs again and again. */
export class Schedules {
  readonly #core: ClientCore;

  /**
   * Made by the application.
   *
   * @param core what calls
   */
  constructor(core: ClientCore) {
    this.#core = core;
  }

  /**
   * Creates a schedule, or replaces the one of that name.
   *
   * @param name its name
   * @param options when it fires, and what it starts
   * @returns when it fires next
   */
  async set(name: string, options: ScheduleOptions): Promise<Date | null> {
    checkName(name, "schedules.set()");
    checkShape(options, SCHEDULE, { where: "schedules.set()", required: ["cron", "target"] });
    if (options.options !== undefined) {
      checkOptions(options.options, { in: "schedule", where: "schedules.set() options" });
    }
    const engine = this.#core.within(options.sql);
    return await this.#core.retried(() =>
      schedule(engine, {
        name,
        cron: options.cron,
        target: options.target,
        type: options.type ?? "workflow",
        inputs: toJson(options.inputs ?? {}, { what: "inputs" }),
        timezone: options.timezone ?? "UTC",
        overlap: options.overlap ?? "skip",
        catchUp: options.catchUp ?? "one",
        jitterSeconds: options.jitter === undefined ? 0 : durationMs(options.jitter) / 1000,
        options: JSON.stringify(engineOptions(options.options ?? {}, "schedule")),
      })
    );
  }

  /** Removes a schedule; false if there was none. Its executions stay. */
  async remove(name: string): Promise<boolean> {
    checkName(name, "schedules.remove()");
    return await this.#core.retried(() => unschedule(this.#core.engine, name));
  }

  /** Keeps a schedule from firing; false if it was paused already. */
  async pause(name: string): Promise<boolean> {
    checkName(name, "schedules.pause()");
    return await this.#core.retried(() => pauseSchedule(this.#core.engine, name));
  }

  /** Lets a schedule fire again; gives its next time. */
  async resume(name: string): Promise<Date | null> {
    checkName(name, "schedules.resume()");
    return await this.#core.retried(() => resumeSchedule(this.#core.engine, name));
  }

  /** Fires a schedule now, besides its times. */
  async trigger(name: string): Promise<Run> {
    checkName(name, "schedules.trigger()");
    const id = await this.#core.retried(() => triggerSchedule(this.#core.engine, name));
    return new ExecutionRun(this.#core, { id, created: true });
  }

  /** Starts what a schedule would have started in a time past. */
  async backfill(name: string, span: { from: Date | string; to: Date | string }): Promise<Run[]> {
    const where = "schedules.backfill()";
    checkName(name, where);
    const required = ["from", "to"];
    checkShape(span, { from: MOMENT, to: MOMENT }, { where, argument: "span", required });
    const dates = { from: new Date(span.from), to: new Date(span.to) };
    const ids = await this.#core.retried(() => backfillSchedule(this.#core.engine, name, dates));
    return ids.map((id) => new ExecutionRun(this.#core, { id, created: true }));
  }

  /** All schedules, with their last and next run. */
  async list(): Promise<readonly ScheduleInfo[]> {
    return await this.#core.retried(() => listSchedules(this.#core.engine));
  }
}

function checkName(name: string, where: string): void {
  checkArgument(name, { argument: "name", type: NAME, where });
}

import {
  cancelExecution,
  listExecutions,
  readLogs,
  readTree,
  retryExecution,
  type StoredFilter,
} from "../db/calls/executions.ts";
import { toJson } from "../shared/json.ts";
import {
  type Execution,
  type ExecutionFilter,
  type ExecutionPage,
  type ExecutionRef,
  type ExecutionStatus,
  type ExecutionType,
  InvalidOptionError,
  type LogEntry,
  refuseUnknown,
  type Run,
  type SqlRunner,
  type StartOptions,
  type WaitOptions,
  type WatchOptions,
} from "../define/mod.ts";
import type { ClientCore } from "./core.ts";
import { idOf, toCreate } from "./request.ts";
import { ExecutionRun, readOne } from "./run.ts";

/** One execution to create, whatever it runs. */
export interface ExecutionRequest extends StartOptions {
  /** A task or a workflow. */
  type: ExecutionType;
  /** The task's or flow's name. */
  targetName: string;
  /** What it is started with. */
  inputs?: unknown;
}

const FILTER_KEYS = [
  "type",
  "target",
  "status",
  "queue",
  "parent",
  "metadata",
  "createdAfter",
  "createdBefore",
  "limit",
  "cursor",
];
const STATUSES: readonly string[] = ["pending", "running", "suspended", "completed", "failed", "cancelled"];

/** Executions: create, read, list, wait, cancel, retry. */
export class Executions {
  readonly #core: ClientCore;

  /**
   * Made by the application.
   *
   * @param core what calls
   */
  constructor(core: ClientCore) {
    this.#core = core;
  }

  /** Creates one execution of whichever type. */
  async create(request: ExecutionRequest): Promise<Run> {
    const { type, targetName, inputs, ...options } = checkRequest(request);
    const id = await this.#core.start(
      { type, target: targetName, inputs: inputs ?? {}, options },
      "executions.create()",
    );
    return new ExecutionRun(this.#core, id);
  }

  /**
   * Creates thousands in one call: all of them or none.
   *
   * @param requests what to create
   * @param options the caller's transaction, to join it
   * @returns the runs, in the order of the requests
   */
  async createMany(requests: readonly ExecutionRequest[], options: { sql?: SqlRunner } = {}): Promise<Run[]> {
    refuseUnknown(options, ["sql"], "executions.createMany()");
    const elements = requests.map((request, index) => {
      const { type, targetName, inputs, ...start } = checkRequest(request);
      return toCreate(
        { type, target: targetName, inputs: inputs ?? {}, options: start },
        `executions.createMany()[${index}]`,
      );
    });
    const ids = await this.#core.createAll(elements, options.sql);
    return ids.map((id) => new ExecutionRun(this.#core, id));
  }

  /** One execution; nothing if there is none. */
  async get(execution: ExecutionRef): Promise<Execution | null> {
    return await readOne(this.#core, execution);
  }

  /**
   * A page of executions, newest first.
   *
   * @param filter which ones; the page's `cursor` in the next filter gives the next page
   */
  async query(filter: ExecutionFilter = {}): Promise<ExecutionPage> {
    const stored = toStored(filter);
    const executions = await this.#core.retried(() =>
      listExecutions(this.#core.engine, { ...stored, limit: stored.limit + 1 })
    );
    const page = executions.slice(0, stored.limit);
    return { executions: page, cursor: executions.length > stored.limit ? page.at(-1)!.id : null };
  }

  /** An execution with all its descendants, oldest first. */
  async tree(execution: ExecutionRef): Promise<Execution[]> {
    return await this.#core.retried(() => readTree(this.#core.engine, idOf(execution)));
  }

  /** Durable log lines of an execution, oldest first. */
  async logs(execution: ExecutionRef, options: { after?: string } = {}): Promise<LogEntry[]> {
    refuseUnknown(options, ["after"], "executions.logs()");
    return await this.#core.retried(() =>
      readLogs(this.#core.engine, idOf(execution), options.after ?? null)
    );
  }

  /** Waits for the end, and gives the execution in its final state, whichever that is. */
  async wait(execution: ExecutionRef, options?: WaitOptions): Promise<Execution> {
    if (options !== undefined) refuseUnknown(options, ["timeout", "signal"], "executions.wait()");
    return await this.#core.wait(idOf(execution), options);
  }

  /**
   * The execution each time that it has changed, first as it is now, last in its final state.
   *
   * @param execution the execution
   * @param options how often to look, for how long to watch, and what ends it early
   */
  watch(execution: ExecutionRef, options?: WatchOptions): AsyncIterable<Execution> {
    return this.#core.watch(idOf(execution), options, "executions.watch()");
  }

  /** Cancels an execution and its children; false if it was over already. */
  async cancel(
    execution: ExecutionRef,
    options: { reason?: string; sql?: SqlRunner } = {},
  ): Promise<boolean> {
    refuseUnknown(options, ["reason", "sql"], "executions.cancel()");
    return await this.#core.retried(() =>
      cancelExecution(this.#core.within(options.sql), idOf(execution), options.reason ?? null)
    );
  }

  /** Lets a failed or cancelled execution go on: a workflow from where it stood, a task anew. */
  async retry(execution: ExecutionRef, options: { sql?: SqlRunner } = {}): Promise<void> {
    refuseUnknown(options, ["sql"], "executions.retry()");
    await this.#core.retried(() => retryExecution(this.#core.within(options.sql), idOf(execution)));
  }
}

function checkRequest(request: ExecutionRequest): ExecutionRequest {
  if (request?.type === "task" || request?.type === "workflow") return request;
  throw new InvalidOptionError("type", `executions.create(): "type" must be "task" or "workflow"`);
}

function toStored(filter: ExecutionFilter): StoredFilter {
  refuseUnknown(filter, FILTER_KEYS, "executions.query()");
  const limit = filter.limit ?? 100;
  if (!Number.isInteger(limit) || limit < 1 || limit > 1_000) {
    throw new InvalidOptionError(
      "limit",
      `executions.query(): "limit" must be a whole number from 1 to 1000, not ${limit}`,
    );
  }
  return {
    limit,
    ...(filter.type === undefined ? {} : { type: filter.type }),
    ...(filter.target === undefined ? {} : { target: filter.target }),
    ...(filter.status === undefined ? {} : { statuses: statusesOf(filter.status) }),
    ...(filter.queue === undefined ? {} : { queue: filter.queue }),
    ...(filter.parent === undefined ? {} : { parentId: idOf(filter.parent) }),
    ...(filter.metadata === undefined ? {} : { metadata: toJson(filter.metadata, { what: "metadata" }) }),
    ...(filter.createdAfter === undefined
      ? {}
      : { createdAfter: timeOf(filter.createdAfter, "createdAfter") }),
    ...(filter.createdBefore === undefined
      ? {}
      : { createdBefore: timeOf(filter.createdBefore, "createdBefore") }),
    ...(filter.cursor === undefined ? {} : { beforeId: idOf(filter.cursor) }),
  };
}

function statusesOf(status: NonNullable<ExecutionFilter["status"]>): readonly ExecutionStatus[] {
  const statuses = typeof status === "string" ? [status] : status;
  const wrong = statuses.find((one) => !STATUSES.includes(one));
  if (wrong === undefined) return statuses;
  throw new InvalidOptionError(
    "status",
    `executions.query(): there is no status "${wrong}"; there are: ${STATUSES.join(", ")}`,
  );
}

function timeOf(value: Date | string, option: string): Date {
  const time = new Date(value);
  if (!Number.isNaN(time.getTime())) return time;
  throw new InvalidOptionError(
    option,
    `executions.query(): "${option}" must be a Date or an ISO 8601 time, not "${String(value)}"`,
  );
}

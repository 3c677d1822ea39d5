import { LIST_LIMIT } from "../shared/limits.ts";
import {
  changeExecution,
  deleteExecution,
  listExecutions,
  readLogs,
  readTree,
  retryExecution,
  type StoredFilter,
} from "../db/calls/executions.ts";
import { toJson } from "../shared/json.ts";
import {
  ANY_STORED_TEXT,
  ANYTHING,
  type ArgumentType,
  ARRAY,
  BOOLEAN,
  type ChangeOptions,
  checkArgument,
  checkChange,
  checkPlain,
  checkShape,
  COUNT,
  engineOptions,
  EXECUTION,
  type Execution,
  EXECUTION_TYPE,
  type ExecutionFilter,
  type ExecutionPage,
  type ExecutionRef,
  type ExecutionStatus,
  type ExecutionType,
  FINGERPRINT,
  type LogEntry,
  MOMENT,
  NAME,
  OBJECT,
  type OperationFilter,
  type OwnType,
  type PauseOptions,
  type Reason,
  type Run,
  type Shape,
  type StartOptions,
  TRANSACTION,
  type Transaction,
  VARIABLES,
  type WaitOptions,
  type WatchOptions,
} from "../define/mod.ts";
import type { ClientCore } from "./core.ts";
import {
  checkHistory,
  difference,
  differenceOfRuns,
  history,
  type HistoryStep,
  type PastState,
  type RunsPart,
  stateAt,
  type StateChange,
} from "./history.ts";
import {
  type ChangePlan,
  edit,
  type Fork,
  fork,
  type ForkChanges,
  plan,
  rewind,
  type StateChanges,
  type StepChanges,
} from "./changes.ts";
import { changeMany, type MigrateOptions, type Migration, type RepairOptions } from "./migrations.ts";
import { idOf, inputsText, isKeyed, toCreate } from "./request.ts";
import { exportFile, importFile } from "./frozen.ts";
import { pause, resume } from "./pauses.ts";
import { readReasons } from "./reasons.ts";
import { cancel, ExecutionRun, readOne } from "./run.ts";

/** One execution to create, whatever it runs. */
export interface ExecutionRequest extends StartOptions {
  /** A task or a workflow. */
  type: ExecutionType;
  /** The task's or flow's name. */
  target: string;
  /** What it is started with. */
  inputs?: unknown;
}

const REQUEST: Shape = { type: EXECUTION_TYPE, target: NAME, inputs: ANYTHING };
const FILTER: Shape = {
  type: EXECUTION_TYPE,
  target: NAME,
  version: COUNT,
  line: COUNT,
  status: ANYTHING,
  queue: NAME,
  parent: EXECUTION,
  fingerprint: FINGERPRINT,
  variables: VARIABLES,
  metadata: OBJECT,
  createdAfter: MOMENT,
  createdBefore: MOMENT,
  limit: { kind: "number", from: 1, to: 1_000, whole: true },
  cursor: { kind: "id" },
};
const LINE_ID: OwnType = {
  kind: "own",
  wanted: "the id of a log line",
  fits: (value) => typeof value === "string" && /^\d{1,18}$/.test(value),
};
const STEP: ArgumentType = { kind: "number", from: 1, to: 2 ** 31 - 1, whole: true };
const PAGE: Shape = {
  after: { kind: "number", from: 0, to: 2 ** 31 - 1, whole: true },
  limit: { kind: "number", from: 1, to: 1_000, whole: true },
};
const CHANGES: Shape = {
  fibre: { kind: "number", from: 0, to: 1_000_000, whole: true },
  set: OBJECT,
  note: ANY_STORED_TEXT,
};
const STEP_CHANGES: Shape = { ...CHANGES, step: STEP };
const FORK: Shape = {
  version: COUNT,
  inputs: ANYTHING,
  map: OBJECT,
  accept: { kind: "choice", values: ["sure", "likely"] },
  dryRun: BOOLEAN,
};
const WHEN: OwnType = {
  kind: "own",
  wanted: "the number of a step, from 1, or a Date",
  fits: (value) =>
    value instanceof Date ? !Number.isNaN(value.getTime()) : Number.isInteger(value) && Number(value) > 0,
};
const FILE: OwnType = {
  kind: "own",
  wanted: "the text of a file that executions.export() gave",
  fits: (value) => typeof value === "string" && /^\s*\{/.test(value),
};
const STATUS: ArgumentType = {
  kind: "choice",
  values: ["pending", "running", "suspended", "completed", "failed", "cancelled", "frozen"],
};

/** Executions: create, read, list, wait, cancel, retry, delete. */
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
    const where = "executions.create()";
    const { type, target, inputs, ...options } = checkRequest(request, where);
    const started = await this.#core.start(
      { type, target, inputs: inputs ?? {}, options },
      where,
      REQUEST,
    );
    return new ExecutionRun(this.#core, started);
  }

  /**
   * Creates thousands in one call: all of them or none.
   *
   * @param requests what to create
   * @param options the caller's transaction, to join it
   * @returns the runs, in the order of the requests
   */
  async createMany(
    requests: readonly ExecutionRequest[],
    options: { sql?: Transaction } = {},
  ): Promise<Run[]> {
    const where = "executions.createMany()";
    checkArgument(requests, { argument: "requests", type: ARRAY, where });
    checkShape(options, { sql: TRANSACTION }, { where });
    let keyed = false;
    let before: { request: ExecutionRequest; head: string } | undefined;
    const elements = requests.map((request, index) => {
      // Most differ only in their inputs. What is the same was checked.
      if (before !== undefined && differOnlyInInputs(request, before.request)) {
        return { head: before.head, inputs: inputsText(request, request.inputs ?? {}) };
      }
      const at = `${where}[${index}]`;
      const { type, target, inputs, ...start } = checkRequest(request, at);
      keyed ||= isKeyed(start);
      const element = toCreate({ type, target, inputs: inputs ?? {}, options: start }, at, REQUEST);
      before = { request, head: element.head };
      return element;
    });
    const started = await this.#core.createAll(elements, { sql: options.sql, keyed });
    return started.map((one) => new ExecutionRun(this.#core, one));
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
    const stored = storedFilter(filter);
    const executions = await this.#core.retried(() =>
      listExecutions(this.#core.engine, { ...stored, limit: stored.limit + 1 })
    );
    const page = executions.slice(0, stored.limit);
    return { executions: page, cursor: executions.length > stored.limit ? page.at(-1)!.id : null };
  }

  /**
   * Why an execution does not continue: what it waits for, since when, and what lets it continue. Of what is over: how it
   * ended.
   *
   * @param execution the execution
   * @returns the reasons, as sentences and facts
   * @throws {ExecutionNotFoundError} there is none
   */
  async explain(execution: ExecutionRef): Promise<Reason[]> {
    const id = idOf(execution);
    return await this.#core.retried(() => readReasons(this.#core.engine, id));
  }

  /** An execution with all its descendants, oldest first. */
  async tree(execution: ExecutionRef): Promise<Execution[]> {
    const id = idOf(execution);
    return await this.#core.retried(() => readTree(this.#core.engine, id));
  }

  /**
   * Gives an execution that has not begun another queue, priority or time. What it expires at stays.
   *
   * @param execution what waits
   * @param to what is new
   * @throws {ExecutionStateError} it has begun
   */
  async change(execution: ExecutionRef, to: ChangeOptions): Promise<void> {
    const id = idOf(execution);
    checkChange(to, "executions.change()", "to");
    const changed = JSON.stringify(engineOptions(to, "change"));
    await this.#core.retried(() => changeExecution(this.#core.engine, id, changed));
  }

  /** Durable log lines of an execution, oldest first. */
  async logs(execution: ExecutionRef, options: { after?: string } = {}): Promise<LogEntry[]> {
    const id = idOf(execution);
    checkShape(options, { after: LINE_ID }, { where: "executions.logs()" });
    return await this.#core.retried(() => readLogs(this.#core.engine, id, options.after ?? null));
  }

  /**
   * What a workflow did, step by step: when, what it took, what it asked for and logged, and from line to line.
   *
   * @param execution a workflow
   * @param options where to go on (the last step of the page before), and how many steps
   * @throws {ExecutionStateError} it is a task
   */
  async history(
    execution: ExecutionRef,
    options: { after?: number; limit?: number } = {},
  ): Promise<HistoryStep[]> {
    idOf(execution);
    checkShape(options, PAGE, { where: "executions.history()" });
    return await history(this.#core, execution, { after: options.after ?? 0, limit: options.limit ?? 100 });
  }

  /**
   * A workflow as it was after a step, or at a time: lines, variables, what it waited for. Rebuilt by running the program again
   * with what it was given then; nothing happens outside.
   *
   * @param execution a workflow in the flow language
   * @param when the number of a step (see {@linkcode Executions.history}), or a time
   * @throws {InvalidOptionError} it had not begun then
   */
  async at(execution: ExecutionRef, when: number | Date): Promise<PastState> {
    idOf(execution);
    checkArgument(when, { argument: "when", type: WHEN, where: "executions.at()" });
    return await stateAt(this.#core, execution, when);
  }

  /** The lines and variables that changed from one step of a workflow to another. */
  async diff(execution: ExecutionRef, from: number, to: number): Promise<StateChange[]> {
    idOf(execution);
    for (const [argument, value] of [["from", from], ["to", to]] as const) {
      checkArgument(value, { argument, type: STEP, where: "executions.diff()" });
    }
    return await difference(this.#core, execution, [from, to]);
  }

  /** The first step in which two workflows part, and what differed; null if they do the same all along. */
  async diffRuns(one: ExecutionRef, other: ExecutionRef): Promise<RunsPart | null> {
    idOf(one);
    idOf(other);
    return await differenceOfRuns(this.#core, [one, other]);
  }

  /**
   * Rebuilds every state of a workflow from its journal, and compares the last one with what is stored.
   *
   * @returns what does not fit, in sentences; empty: all is well
   */
  async checkHistory(execution: ExecutionRef): Promise<string[]> {
    idOf(execution);
    return await checkHistory(this.#core, execution);
  }

  /**
   * Changes variables of a workflow that waits or has failed, in place. What failed goes on with them at `retry()`.
   *
   * @param execution a workflow in the flow language
   * @param changes the new values, of which branch, and why
   * @returns the number that the change has among the steps
   * @throws {ExecutionStateError} a worker runs it, it is over, or it took a step meanwhile
   */
  edit(execution: ExecutionRef, changes: StateChanges & { dryRun?: false }): Promise<number>;
  /** Only says what would change. */
  edit(execution: ExecutionRef, changes: StateChanges & { dryRun: true }): Promise<ChangePlan>;
  async edit(
    execution: ExecutionRef,
    changes: StateChanges & { dryRun?: boolean },
  ): Promise<number | ChangePlan> {
    idOf(execution);
    const shape = { ...CHANGES, dryRun: BOOLEAN };
    checkShape(changes, shape, { where: "executions.edit()", argument: "changes", required: ["set"] });
    const { dryRun, ...given } = plain(changes);
    return await (dryRun ? plan : edit)(this.#core, execution, given);
  }

  /**
   * Puts a workflow back to an earlier step. It goes on from there. Children that it began since are cancelled. What had been
   * under way at the step and has ended is taken again.
   *
   * @param execution a workflow in the flow language that waits or has failed
   * @param changes the step, other values of variables, and why
   * @returns the number that the change has among the steps
   */
  rewind(execution: ExecutionRef, changes: StepChanges & { dryRun?: false }): Promise<number>;
  /** Only says what would change, which children would be cancelled, and what goes on. */
  rewind(execution: ExecutionRef, changes: StepChanges & { dryRun: true }): Promise<ChangePlan>;
  async rewind(
    execution: ExecutionRef,
    changes: StepChanges & { dryRun?: boolean },
  ): Promise<number | ChangePlan> {
    idOf(execution);
    const shape = { ...STEP_CHANGES, dryRun: BOOLEAN };
    checkShape(changes, shape, { where: "executions.rewind()", argument: "changes", required: ["step"] });
    const { dryRun, ...given } = plain(changes);
    return await (dryRun ? plan : rewind)(this.#core, execution, given);
  }

  /**
   * Makes a new workflow that goes on from a step of another one. What had ended then stays its past. What was under way begins
   * again, under new ids. A workflow in TypeScript runs from the top: the results of its steps up to that one answer it.
   *
   * @param execution a workflow, in any state
   * @param changes the step, other values of variables, other inputs, another version, why, and whether only to say what would begin.
   *   Code has neither variables nor versions to choose.
   */
  async fork(execution: ExecutionRef, changes: ForkChanges): Promise<Fork> {
    idOf(execution);
    const shape = { ...STEP_CHANGES, ...FORK };
    checkShape(changes, shape, { where: "executions.fork()", argument: "changes", required: ["step"] });
    return await fork(this.#core, execution, plain(changes));
  }

  /**
   * Moves workflows to another version of their flow, in the database and in pieces: each goes on there when it is opened next.
   * Those for which that is not sure stay on their version.
   *
   * @param filter which ones; it names the flow. Default status: all that have not ended
   * @param options the version, what to do with what is not sure, and whether only to say where each would go on
   */
  async migrate(filter: OperationFilter, options: MigrateOptions = {}): Promise<Migration> {
    return await changeMany(this.#core, "migrate", filter, options);
  }

  /**
   * Patches workflows that failed or wait, moves them to another version, and lets them go on, in the database and in pieces.
   *
   * @param filter which ones
   * @param options new values of variables, the version, and how they go on
   */
  async repair(filter: OperationFilter, options: RepairOptions): Promise<Migration> {
    return await changeMany(this.#core, "repair", filter, options);
  }

  /**
   * An execution with all that it started and its whole history, as the text of a file for {@linkcode Executions.import} of
   * another installation. It contains inputs, outputs, variables and the seed of the random numbers: keep it as safe as the database.
   *
   * @param execution the execution, in any state; with it go at most 10,000 executions
   */
  async export(execution: ExecutionRef): Promise<string> {
    const id = idOf(execution);
    return await this.#core.retried(() => exportFile(this.#core, id));
  }

  /**
   * Stores an exported execution as a frozen copy, with the same ids: to look at, to fork and to rebuild. Nothing runs it, and
   * what would change it is refused.
   *
   * @param file what `executions.export()` gave
   * @param options who imports it. Default: the role of the connection
   * @returns the id of the copy
   * @throws {InvalidOptionError} the file is damaged, or was written by a newer version
   * @throws {ExecutionStateError} there is an execution with one of its ids
   */
  async import(file: string, options: { by?: string } = {}): Promise<string> {
    const where = "executions.import()";
    checkArgument(file, { argument: "file", type: FILE, where });
    checkShape(options, { by: ANY_STORED_TEXT }, { where });
    return await importFile(this.#core, file, options.by ?? null);
  }

  /** Waits for the end, and gives the execution in its final state, whichever that is. */
  async wait(execution: ExecutionRef, options?: WaitOptions): Promise<Execution> {
    return await this.#core.wait(execution, options, "executions.wait()");
  }

  /**
   * The execution each time that it has changed, first as it is now, last in its final state.
   *
   * @param execution the execution
   * @param options how often to look, for how long to watch, and what ends it early
   */
  watch(execution: ExecutionRef, options?: WatchOptions): AsyncIterable<Execution> {
    return this.#core.watch(execution, options, "executions.watch()");
  }

  /** Cancels an execution and its children; false if it had ended already. */
  async cancel(
    execution: ExecutionRef,
    options: { reason?: string; sql?: Transaction } = {},
  ): Promise<boolean> {
    const where = "executions.cancel()";
    checkShape(options, { reason: ANY_STORED_TEXT, sql: TRANSACTION }, { where });
    return await cancel(this.#core, execution, { reason: options.reason, where, sql: options.sql });
  }

  /**
   * Pauses an execution: an attempt or step that runs ends, and then it does not continue. What a workflow waits for may end,
   * and what it started continues.
   *
   * @param execution the execution
   * @param options why, and who
   * @returns false if it has ended, is being cancelled, or is paused already
   */
  async pause(execution: ExecutionRef, options: PauseOptions = {}): Promise<boolean> {
    return await pause(
      this.#core,
      { kind: "execution", name: idOf(execution) },
      options,
      "executions.pause()",
    );
  }

  /** Lets a paused execution continue; false if it was not paused. */
  async resume(execution: ExecutionRef): Promise<boolean> {
    return await resume(this.#core, { kind: "execution", name: idOf(execution) });
  }

  /** Runs a failed or cancelled execution again: a workflow continues where it stopped, a task starts again. */
  async retry(execution: ExecutionRef, options: { sql?: Transaction } = {}): Promise<void> {
    const id = idOf(execution);
    checkShape(options, { sql: TRANSACTION }, { where: "executions.retry()" });
    await this.#core.retried(() => retryExecution(this.#core.within(options.sql), id));
  }

  /**
   * Deletes an execution that is over and all that it started: inputs, outputs, errors, logs, signals, steps and keys.
   * Backups still have them.
   *
   * @param execution the execution; what a workflow started goes with that workflow only
   * @param options a transaction to do it in
   * @returns how many executions were deleted
   * @throws {ExecutionStateError} it, or something that it started, is not over, or a workflow started it
   */
  async delete(execution: ExecutionRef, options: { sql?: Transaction } = {}): Promise<number> {
    const id = idOf(execution);
    checkShape(options, { sql: TRANSACTION }, { where: "executions.delete()" });
    return await this.#core.retried(() => deleteExecution(this.#core.within(options.sql), id));
  }
}

// What JSON would lose is refused before anything is read.
function plain<Changes extends StateChanges>(changes: Changes): Changes {
  return changes.set === undefined
    ? changes
    : { ...changes, set: JSON.parse(toJson(changes.set, { what: "changes.set" })) };
}

// The rest of it is checked as the options of a start are.
function checkRequest(request: ExecutionRequest, where: string): ExecutionRequest {
  checkPlain(request, { argument: "request", where });
  for (const argument of ["type", "target"] as const) {
    checkArgument(request[argument], { argument, type: REQUEST[argument]!, where });
  }
  return request;
}

function differOnlyInInputs(one: ExecutionRequest, other: ExecutionRequest): boolean {
  if (Object.getPrototypeOf(one ?? {}) !== Object.getPrototypeOf(other)) return false;
  const names = Object.keys(one) as (keyof ExecutionRequest)[];
  return names.length === Object.keys(other).length &&
    names.every((name) => name === "inputs" ? "inputs" in other : one[name] === other[name]);
}

/** A filter as the database takes it, checked. */
export function storedFilter(filter: ExecutionFilter): StoredFilter {
  checkShape(filter, FILTER, { where: "executions.query()" });
  return {
    limit: filter.limit ?? LIST_LIMIT,
    ...(filter.type === undefined ? {} : { type: filter.type }),
    ...(filter.target === undefined ? {} : { target: filter.target }),
    ...(filter.version === undefined ? {} : { version: filter.version }),
    ...(filter.line === undefined ? {} : { line: filter.line }),
    ...(filter.status === undefined ? {} : { statuses: statusesOf(filter.status) }),
    ...(filter.queue === undefined ? {} : { queue: filter.queue }),
    ...(filter.parent === undefined ? {} : { parentId: idOf(filter.parent) }),
    ...(filter.fingerprint === undefined ? {} : { fingerprint: filter.fingerprint }),
    ...(filter.variables === undefined ? {} : { variables: toJson(filter.variables, { what: "variables" }) }),
    ...(filter.metadata === undefined ? {} : { metadata: toJson(filter.metadata, { what: "metadata" }) }),
    ...(filter.createdAfter === undefined ? {} : { createdAfter: new Date(filter.createdAfter) }),
    ...(filter.createdBefore === undefined ? {} : { createdBefore: new Date(filter.createdBefore) }),
    ...(filter.cursor === undefined ? {} : { beforeId: filter.cursor }),
  };
}

function statusesOf(status: NonNullable<ExecutionFilter["status"]>): readonly ExecutionStatus[] {
  const statuses = Array.isArray(status) ? status : [status];
  for (const one of statuses) {
    checkArgument(one, { argument: "status", type: STATUS, where: "executions.query()" });
  }
  return statuses;
}

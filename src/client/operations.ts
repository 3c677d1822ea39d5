import {
  changeOperation,
  listActs,
  listOperations,
  listPlaces,
  readOperation,
  startOperation,
} from "../db/calls/operations.ts";
import { ExecutionNotFoundError } from "../db/engine_errors.ts";
import {
  ANY_STORED_TEXT,
  ANYTHING,
  type ArgumentType,
  ARRAY,
  BOOLEAN,
  checkArgument,
  checkChange,
  checkPlain,
  checkShape,
  COUNT,
  engineOptions,
  EXECUTION,
  EXECUTION_TYPE,
  FINGERPRINT,
  MOMENT,
  NAME,
  OBJECT,
  type Operation,
  type OperationAct,
  type OperationFilter,
  type OperationPlace,
  type OperationRequest,
  type Shape,
  VARIABLES,
} from "../define/mod.ts";
import { toJson } from "../shared/json.ts";
import { LIST_LIMIT } from "../shared/limits.ts";
import type { ClientCore } from "./core.ts";
import { pairVersions } from "./pairings.ts";
import { idOf } from "./request.ts";

/** What migrate and repair take. */
export const MIGRATION: Shape = {
  to: COUNT,
  map: OBJECT,
  accept: { kind: "choice", values: ["sure", "likely"] },
  set: OBJECT,
  fibre: { kind: "number", from: 0, to: 1_000_000, whole: true },
  note: ANY_STORED_TEXT,
  dryRun: BOOLEAN,
  by: ANY_STORED_TEXT,
};
/** How what is repaired goes on. */
export const THEN: ArgumentType = { kind: "choice", values: ["retry", "resume"] };
const REQUEST: Shape = {
  action: {
    kind: "choice",
    values: ["cancel", "retry", "signal", "pause", "resume", "change", "migrate", "repair"],
  },
  filter: OBJECT,
  reason: ANY_STORED_TEXT,
  change: OBJECT,
  name: NAME,
  payload: ANYTHING,
  ...MIGRATION,
  then: THEN,
};
/** Which executions. */
export const FILTER: Shape = {
  ids: ARRAY,
  type: EXECUTION_TYPE,
  target: NAME,
  version: COUNT,
  status: ANYTHING,
  queue: NAME,
  parent: EXECUTION,
  fingerprint: FINGERPRINT,
  line: COUNT,
  variables: VARIABLES,
  metadata: OBJECT,
  paused: BOOLEAN,
  createdAfter: MOMENT,
  createdBefore: MOMENT,
};
const PAGE: Shape = { after: EXECUTION, limit: { kind: "number", from: 1, to: 1_000, whole: true } };

/** What is done to many executions, in the database and in pieces. */
export class Operations {
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
   * Cancels, retries, signals, pauses, resumes, changes, migrates or repairs all executions that fit a filter. Workers, or pg_cron, do it in the
   * background. Executions that are created later are left alone.
   *
   * @param request what to do, to which executions
   * @returns the operation as it begins
   */
  async start(request: OperationRequest): Promise<Operation> {
    const where = "operations.start()";
    checkPlain(request, { argument: "request", where });
    for (const argument of ["action", "filter"] as const) {
      checkArgument(request[argument], { argument, type: REQUEST[argument]!, where });
    }
    checkShape(request, REQUEST, { where });
    checkShape(request.filter, FILTER, { where });
    const { action, filter: _filter, dryRun = false, by = null, payload, change, ...others } = request;
    if (action === "change" || change !== undefined) checkChange(change ?? {}, where, "change");
    const args = {
      ...others,
      ...(change === undefined ? {} : engineOptions(change, "change")),
      payload: action === "signal" ? payload ?? null : payload,
    };
    if (action === "migrate" || action === "repair") await pairVersions(this.#core, request);
    const given = {
      action,
      filter: toJson(storedFilter(request.filter), { what: "filter" }),
      args: toJson(args, { what: "arguments" }),
      dryRun: String(dryRun),
      by,
    };
    const id = await this.#core.retried(() => startOperation(this.#core.engine, given));
    return await this.get(id);
  }

  /** An operation as it is now. */
  async get(operation: string): Promise<Operation> {
    const id = idOf(operation);
    const found = await this.#core.retried(() => readOperation(this.#core.engine, id));
    if (found === null) throw ExecutionNotFoundError.of(id);
    return found;
  }

  /** The last operations, newest first. */
  async list(): Promise<readonly Operation[]> {
    return await this.#core.retried(() => listOperations(this.#core.engine, LIST_LIMIT));
  }

  /** What an operation did to each execution, in the order of their ids; the next page begins after the last one. */
  async acts(
    operation: string,
    page: { after?: string; limit?: number } = {},
  ): Promise<readonly OperationAct[]> {
    const id = idOf(operation);
    checkShape(page, PAGE, { where: "operations.acts()" });
    const { after = null, limit = LIST_LIMIT } = page;
    return await this.#core.retried(() => listActs(this.#core.engine, id, { after, limit }));
  }

  /** Where the workflows of a migration or a repair stood and where they go on, in groups; of a dry run, too. */
  async places(operation: string): Promise<readonly OperationPlace[]> {
    const id = idOf(operation);
    return await this.#core.retried(() => listPlaces(this.#core.engine, id));
  }

  /** Stops an operation; what it has done stays. False if it was not running. */
  async stop(operation: string): Promise<boolean> {
    const id = idOf(operation);
    return await this.#core.retried(() => changeOperation(this.#core.engine, "stop", id));
  }

  /** Continues an operation that was stopped. False if it was not stopped. */
  async resume(operation: string): Promise<boolean> {
    const id = idOf(operation);
    return await this.#core.retried(() => changeOperation(this.#core.engine, "resume", id));
  }

  /**
   * Does the next piece of an operation here and now, beside the workers.
   *
   * @param operation the operation
   * @returns false if it has ended, was stopped, or another session works on it
   */
  async work(operation: string): Promise<boolean> {
    const id = idOf(operation);
    return await this.#core.retried(() => changeOperation(this.#core.engine, "work", id));
  }
}

function storedFilter(filter: OperationFilter): Record<string, unknown> {
  const { ids, createdAfter, createdBefore, parent, ...same } = filter;
  return {
    ...(ids === undefined ? {} : { ids: ids.map(idOf) }),
    ...same,
    ...(parent === undefined ? {} : { parent: idOf(parent) }),
    ...(createdAfter === undefined ? {} : { created_after: new Date(createdAfter).toISOString() }),
    ...(createdBefore === undefined ? {} : { created_before: new Date(createdBefore).toISOString() }),
  };
}

import { systemClock } from "../runtime/clock.ts";
import { createMany } from "../db/calls/executions.ts";
import { readExecutions } from "../db/calls/executions.ts";
import { findUnregistered } from "../db/calls/registration.ts";
import { registerWorkflow } from "../db/calls/steps.ts";
import { connect } from "../db/connect.ts";
import type { Database } from "../db/database.ts";
import { openEmbedded } from "../db/embedded.ts";
import { install } from "../db/install.ts";
import {
  checkArgument,
  checkShape,
  ClosedError,
  type DatabasePlace,
  DURATION,
  FUNCTION,
  InvalidOptionError,
  KEY,
  NAME,
  OBJECT,
  placeOf,
  type TaskLog,
  TEXT,
  WORKFLOW,
  type WorkflowRef,
} from "../define/mod.ts";
import { type Duration, durationMs } from "../shared/duration.ts";
import { assertJson, type JsonObject, toJson } from "../shared/json.ts";
import { LEASE_MS } from "../shared/limits.ts";
import { makeContext, type WorkflowContext } from "./context.ts";
import { DIRECT_QUEUE, DirectDriver } from "./direct.ts";
import { DIRECT_CONNECTIONS } from "./direct_store.ts";
import { ContextError } from "./errors.ts";
import { Counter } from "./names.ts";

/** How an `Admin` works. */
export interface AdminOptions {
  /** The schema that Rhythm lives in. Default: `rhythm`. */
  schema?: string;
  /** How long this process may be silent before another may go on with its workflows. Default: 15 s. */
  lease?: Duration;
  /** Told what a person should know: the code of a workflow under way has changed, … Default: `console.warn`. */
  onWarning?: (message: string, fields: Record<string, unknown>) => void;
}

/** How a workflow is created. */
export interface CreateWorkflowOptions {
  /**
   * The queue it waits in until somebody runs it. Default: `direct`, which no worker serves unless it is told to: the
   * workflow waits for the process that calls it.
   */
  queue?: string;
  /** A second call under the same key gives the first workflow. */
  idempotencyKey?: string;
  /** What to attach; it can be searched. */
  metadata?: Record<string, unknown>;
}

/**
 * Creates workflows in TypeScript and runs them in the process that calls them, without a worker.
 *
 * @example Create and run
 * ```ts
 * import { Admin, workflow } from "@rhythm/core/steps";
 *
 * const greet = workflow("greet", (_ctx, who: string) => `Hello, ${who}`);
 *
 * async function main(): Promise<void> {
 *   await using admin = new Admin("postgres://localhost/mydb", { schema: "custom" });
 *   await admin.install();
 *   const ctx = await admin.createWorkflow("greet", "Ada");
 *   console.log(await greet(ctx, "Ada"));
 * }
 * ```
 */
export class Admin {
  readonly #place: DatabasePlace;
  readonly #schema: string;
  readonly #leaseMs: number;
  readonly #warn: NonNullable<AdminOptions["onWarning"]>;
  #closed = false;
  #opened: Promise<{ database: Database; driver: DirectDriver }> | undefined;

  /**
   * Says where the database is; nothing is opened yet.
   *
   * @param databaseUrl `postgres://…`; a directory for the embedded database, or `memory://`. Default:
   *   `RHYTHM_DATABASE_URL`, else the embedded database in `.rhythm/`
   * @param options the schema, and how long it may be silent
   */
  constructor(databaseUrl?: string | null, options: AdminOptions = {}) {
    const where = "new Admin()";
    if (databaseUrl != null) checkArgument(databaseUrl, { argument: "databaseUrl", type: TEXT, where });
    checkShape(options, { schema: TEXT, lease: DURATION, onWarning: FUNCTION }, { where });
    this.#place = placeOf(databaseUrl ?? undefined, { where });
    this.#schema = options.schema ?? "rhythm";
    this.#leaseMs = options.lease === undefined ? LEASE_MS : durationMs(options.lease);
    if (this.#leaseMs < 1_000) {
      throw new InvalidOptionError("lease", `new Admin(): "lease" must be at least one second`);
    }
    this.#warn = options.onWarning ?? ((message, fields) => console.warn(message, fields));
  }

  /** Installs the schema, or brings it up to date; when it is, that costs one query. */
  async install(): Promise<void> {
    const { database } = await this.#open();
    await install(database, { schema: this.#schema });
  }

  /**
   * Creates a workflow; its status is `pending` until somebody runs it.
   *
   * @param workflow the workflow's name, or what `workflow()` made
   * @param input what it is run with
   * @param options the queue, and what is attached
   * @returns its context
   */
  async createWorkflow<Input = unknown>(
    workflow: string | WorkflowRef<Input>,
    input?: Input,
    options: CreateWorkflowOptions = {},
  ): Promise<WorkflowContext> {
    const where = "createWorkflow()";
    checkArgument(workflow, { argument: "workflow", type: WORKFLOW, where });
    const name = typeof workflow === "string" ? workflow : workflow.name;
    checkShape(options, { queue: NAME, idempotencyKey: KEY, metadata: OBJECT }, { where });
    if (options.metadata !== undefined) assertJson(options.metadata, { what: "metadata" });
    const { database } = await this.#open();
    const inputs = toJson(input === undefined ? {} : input, { what: `input of workflow "${name}"` });
    const request: JsonObject = { type: "workflow", target: name, queue: options.queue ?? DIRECT_QUEUE };
    if (options.idempotencyKey !== undefined) request.idempotency_key = options.idempotencyKey;
    if (options.metadata !== undefined) request.metadata = options.metadata as JsonObject;
    const text = `[${JSON.stringify(request).slice(0, -1)},"inputs":${inputs}}]`;
    const [id] = await database.transaction(async (tx) => {
      const engine = { on: tx, schema: this.#schema };
      const unregistered = await findUnregistered(engine, [{ kind: "workflow", name }]);
      if (unregistered.length > 0) await registerWorkflow(engine, name, null);
      return await createMany(engine, text);
    });
    return await this.getWorkflow(id!);
  }

  /**
   * The context of a workflow that was created before: by this process, by one that is gone, or by
   * `rhythm.workflows.start()`.
   *
   * @param id the workflow's id
   * @returns its context
   * @throws {ContextError} there is none
   */
  async getWorkflow(id: string): Promise<WorkflowContext> {
    const { database, driver } = await this.#open();
    const engine = { on: database, schema: this.#schema };
    checkArgument(id, { argument: "id", type: TEXT, where: "getWorkflow()" });
    const [execution] = UUID.test(id) ? await readExecutions(engine, [id]) : [];
    if (execution === undefined || execution.type !== "workflow") {
      throw new ContextError(`There is no workflow "${id}"`, "WORKFLOW_NOT_FOUND");
    }
    return makeContext({
      id: execution.id,
      workflow: execution.target,
      input: execution.inputs,
      metadata: execution.metadata,
      log: CONSOLE,
      driver,
      run: undefined,
      counter: new Counter(),
    });
  }

  /** Gives back what still runs here, and closes the connections. */
  async close(): Promise<void> {
    this.#closed = true;
    const opened = await this.#opened?.catch(() => undefined);
    this.#opened = undefined;
    await opened?.driver.close();
    await opened?.database.close();
  }

  /** Closes. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  #open(): Promise<{ database: Database; driver: DirectDriver }> {
    if (this.#closed) return Promise.reject(new ClosedError("The Admin"));
    return this.#opened ??= (async () => {
      const { kind, at } = this.#place;
      const database = kind === "server"
        // Idle connections are closed soon, so that a script that forgets close() ends.
        ? connect({
          url: at,
          maxConnections: DIRECT_CONNECTIONS,
          idleTimeoutMs: 2_000,
          applicationName: "rhythm steps",
        })
        : await openEmbedded({ dataDir: at });
      const parts = {
        database,
        schema: this.#schema,
        leaseMs: this.#leaseMs,
        clock: systemClock,
        warn: this.#warn,
      };
      return { database, driver: new DirectDriver(parts) };
    })();
  }
}

const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

const line = (write: (...parts: unknown[]) => void) => (message: string, data?: unknown): void => {
  write(...(data === undefined ? [message] : [message, data]));
};

const CONSOLE: TaskLog = {
  debug: line(console.debug),
  info: line(console.info),
  warn: line(console.warn),
  error: line(console.error),
};

import { AsyncLocalStorage } from "node:async_hooks";
import { libraryVersion } from "../db/schema_gen.ts";
import {
  apiRoutes,
  type Commands,
  type HttpParts,
  type MetricFamily,
  type Readiness,
  type ReadModel,
  type Watched,
} from "../http/mod.ts";
import type { Worker } from "../worker/loop/worker.ts";
import type { Clock } from "../runtime/clock.ts";
import type { EngineRef } from "../db/calls/engine_ref.ts";
import { readAddress, useAddress } from "../db/calls/addresses.ts";
import { findToken } from "../db/calls/tokens.ts";
import { listQueues, type QueueInfo } from "../db/calls/queues.ts";
import { readFlowState, readViolations } from "../db/calls/state.ts";
import { AskTimeoutError } from "../client/errors.ts";
import { idOf } from "../client/request.ts";
import { askFor } from "../client/signals.ts";
import { RhythmError } from "../shared/error.ts";
import { inspectFlow } from "../flow/mod.ts";
import { type JsonValue, toJson } from "../shared/json.ts";
import { poolMetrics, type QueueDepth, queueMetrics, single, workerMetrics } from "./metrics.ts";
import { Console } from "./console.ts";
import { MeteredDatabase, type PoolUse } from "./pool_meter.ts";
import { pageReadsOf } from "./page_reads.ts";
import type { AppParts, Rhythm } from "./rhythm.ts";
import type { Services } from "./services.ts";

/** What the HTTP interface of an application needs. */
export function httpParts(
  rhythm: Rhythm,
  parts: AppParts,
  options: {
    worker?: Worker;
    pools?: readonly (() => PoolUse)[];
    token?: string;
    watched?: Watched;
    links?: Set<string>;
  },
): HttpParts {
  const reads = readModelOf(rhythm, parts);
  const console = new Console(parts);
  const { watched, links } = options;
  return {
    routes: () => apiRoutes(reads, commandsOf(rhythm, console)),
    as: (name, work) => acting.run(rhythm.as(name), work),
    findToken: (hash) => findToken({ on: parts.database, schema: parts.schema }, hash),
    addresses: {
      read: (token) => readAddress({ on: parts.database, schema: parts.schema }, token),
      use: (token, payload) =>
        useAddress({ on: parts.database, schema: parts.schema }, token, toJson(payload, { what: "payload" })),
    },
    readiness: () => readinessOf(parts, options.worker),
    metrics: () => metricsOf(parts, options),
    version: libraryVersion,
    clock: parts.clock,
    ...(options.token === undefined ? {} : { token: options.token }),
    ...(watched === undefined ? {} : {
      dashboard: {
        reads: pageReadsOf(rhythm, parts, { reads, console }),
        watched,
        ...(links === undefined ? {} : { links }),
        about: {
          schema: parts.schema,
          ...(parts.environment === undefined ? {} : { environment: parts.environment }),
          ...(links === undefined ? {} : { mode: "dev" }),
        },
        // Loaded when a browser asks for the first time: a worker that nobody looks at has no pages in memory.
        file: async (request, path, basePath) => {
          const { dashboardFile } = await import("../dashboard/mod.ts");
          return await dashboardFile(request, { path, basePath });
        },
      },
    }),
    onError: (error, request) =>
      parts.logger.error("a request failed", { url: withoutAddress(request.url), error }),
  };
}

/** What HTTP reads, from an application. */
export function readModelOf(rhythm: Rhythm, parts: AppParts): ReadModel {
  const engine = { on: parts.database, schema: parts.schema };
  return {
    execution: (id) => rhythm.executions.get(id),
    executions: (filter) => rhythm.executions.query(filter),
    tree: (id) => rhythm.executions.tree(id),
    logs: (id, after) => rhythm.executions.logs(id, after === undefined ? {} : { after }),
    explain: (id) => rhythm.executions.explain(id),
    position: (id) => positionOf(engine, idOf(id)),
    history: (id, page) => rhythm.executions.history(id, page),
    at: (id, when) => rhythm.executions.at(id, when),
    diff: (id, from, to) => rhythm.executions.diff(id, from, to),
    diffRuns: (one, other) => rhythm.executions.diffRuns(one, other),
    export: (id) => rhythm.executions.export(id),
    pauses: () => rhythm.pauses(),
    operations: () => rhythm.operations.list(),
    operation: (id) => rhythm.operations.get(id),
    places: (id) => rhythm.operations.places(id),
    acts: (id, page) => rhythm.operations.acts(id, page),
    rates: (filter) => rhythm.rates(filter),
    failures: (filter) => rhythm.failures.list(filter),
    failure: (fingerprint) => rhythm.failures.get(fingerprint),
    failureHooks: () => rhythm.failures.hooks(),
    gates: () => rhythm.gates.list(),
    audit: (filter) => rhythm.audit(filter),
    tokens: () => rhythm.tokens.list(),
    queues: () => rhythm.queues.list(),
    workers: () => rhythm.workers.list(),
    schedules: () => rhythm.schedules.list(),
    flows: () => rhythm.flows.list(),
    heat: (name, filter) => rhythm.flows.heat(name, filter),
    violations: () => readViolations(engine),
  };
}

/** What HTTP does, through an application. */
export function commandsOf(rhythm: Rhythm, console: Console): Commands {
  const now = (): Services => acting.getStore() ?? rhythm;
  return {
    start: async (type, target, inputs, options) => {
      const run = type === "task"
        ? await now().tasks.queue(target, inputs, options)
        : await now().workflows.start(target, inputs, options);
      return { id: run.id, created: run.created };
    },
    ask: async (id, { name, payload, idempotencyKey, timeout, signal }) => {
      const options = { timeout, signal, ...(idempotencyKey !== undefined && { idempotencyKey }) };
      const { signals } = now();
      try {
        return await askFor(signals, { execution: id, name, payload }, { ...options, where: "ask" });
      } catch (error) {
        if (!(error instanceof AskTimeoutError)) throw error;
        return (await signals.getAsk(error.askId))!;
      }
    },
    getAsk: (id) => now().signals.getAsk(id),
    answerAsk: (id, { answer, error }) =>
      error === undefined ? now().signals.answer(id, answer ?? null) : now().signals.reject(id, error),
    signal: (id, name, payload) => now().signals.send({ execution: id, name, payload }),
    change: (id, to) => now().executions.change(id, to),
    cancel: (id, reason) => now().executions.cancel(id, { reason }),
    retry: (id) => now().executions.retry(id),
    edit: (id, changes) => now().executions.edit(id, changes),
    rewind: (id, changes) => now().executions.rewind(id, changes),
    plan: (id, { step, ...changes }) =>
      step === undefined
        ? now().executions.edit(id, { ...changes, dryRun: true })
        : now().executions.rewind(id, { ...changes, step, dryRun: true }),
    fork: (id, changes) => now().executions.fork(id, changes),
    import: (file) => now().executions.import(file),
    delete: (id) => now().executions.delete(id),
    wait: (id, options) => rhythm.executions.wait(id, options),
    operate: (request) => now().operations.start(request),
    changeOperation: (id, change) => now().operations[change](id),
    setFailure: (fingerprint, state, words) => now().failures.set(fingerprint, state, words),
    setFailureHook: (name, hook) => now().failures.setHook(name, hook),
    removeFailureHook: (name) => now().failures.removeHook(name),
    setGate: (flow, options) => now().gates.set(flow, options),
    removeGate: (gate) => now().gates.remove(gate),
    query: (query) => console.run(query),
    createToken: (name, options) => now().tokens.create(name, options),
    revokeToken: (name) => now().tokens.revoke(name),
    pause: (kind, name, options) => {
      switch (kind) {
        case "execution":
          return now().executions.pause(name, options);
        case "task":
          return now().tasks.pause(name, options);
        case "flow":
          return now().flows.pause(name, options);
        case "queue":
          return now().queues.pause(name, options);
        case "everything":
          return now().pause(options);
      }
    },
    resume: (kind, name) => {
      switch (kind) {
        case "execution":
          return now().executions.resume(name);
        case "task":
          return now().tasks.resume(name);
        case "flow":
          return now().flows.resume(name);
        case "queue":
          return now().queues.resume(name);
        case "everything":
          return now().resume();
      }
    },
    configureQueue: (name, limits) => now().queues.configure(name, limits),
    configureKey: (queue, key, limits) => now().queues.configureKey(queue, key, limits),
    pauseKey: (queue, key, options) => now().queues.pauseKey(queue, key, options),
    resumeKey: (queue, key) => now().queues.resumeKey(queue, key),
    drainWorker: (id, options) => now().workers.drain(id, options),
    resumeWorker: (id) => now().workers.resume(id),
    setFlowVersion: (name, version) => now().flows.setVersion(name, version),
    registerFlow: async (name, source) => ({ ...await now().flows.register({ name, source }) }),
    schedule: async (name, definition) => {
      await now().schedules.set(name, definition);
    },
    backfillSchedule: async (name, span) => (await now().schedules.backfill(name, span)).map(({ id }) => id),
    changeSchedule: async (name, change) => {
      await now().schedules[change](name);
    },
  };
}

// Who reads the log must not be able to answer for somebody else.
function withoutAddress(url: string): string {
  return url.replace(/\/signals\/[^/?#]+/, "/signals/(hidden)");
}

// For whom a request acts.
const acting = new AsyncLocalStorage<Services>();

// The place of a workflow depends only on its snapshot and its program.
async function positionOf(engine: EngineRef, id: string): Promise<JsonValue> {
  const state = await readFlowState(engine, id);
  if (state === null) return null;
  const { code, snapshot, ...rest } = state;
  const fibres = snapshot === null ? [] : inspectFlow(code as never, snapshot as never).fibres;
  return { ...rest, fibres: fibres as unknown as JsonValue };
}

// /ready needs no token, so this shows no name of a server, no port and no role.
async function readinessOf(parts: AppParts, worker: Worker | undefined): Promise<Readiness> {
  const checks: Record<string, string> = { database: await askDatabase(parts) };
  if (worker !== undefined) {
    checks.worker = workerCheck(worker);
  }
  return { ready: Object.values(checks).every((state) => state === "ok"), checks };
}

function workerCheck({ isHeard, state, trouble }: Worker): string {
  if (!isHeard) return `the worker is ${state} or was not heard for a lease`;
  return trouble === undefined ? "ok" : `the database does not do what the worker asks (${trouble})`;
}

async function askDatabase(parts: AppParts): Promise<string> {
  try {
    await soon(parts.clock, parts.database.query("select 1"));
    return "ok";
  } catch (error) {
    parts.logger.debug("the database did not answer when asked for /ready", { error });
    return `the database does not answer (${error instanceof RhythmError ? error.code : "TOO_SLOW"})`;
  }
}

async function metricsOf(
  parts: AppParts,
  { worker, pools = [] }: { worker?: Worker; pools?: readonly (() => PoolUse)[] },
): Promise<MetricFamily[]> {
  const engine = { on: parts.database, schema: parts.schema };
  const uses = pools.map((use) => use());
  if (parts.database instanceof MeteredDatabase) uses.unshift(parts.database.use("client"));
  const families = [...(worker === undefined ? [] : workerMetrics(worker)), ...poolMetrics(uses)];
  const up = (value: number): MetricFamily =>
    single("rhythm_database_up", "Whether the database answers", value);
  try {
    return [...families, ...queueMetrics(depthsOf(await soon(parts.clock, listQueues(engine)))), up(1)];
  } catch {
    return [...families, up(0)];
  }
}

// A scraper has its own timeout, and wants the other metrics even if the database does not answer.
async function soon<T>(clock: Clock, answer: Promise<T>): Promise<T> {
  const { promise, reject } = Promise.withResolvers<never>();
  const cancel = clock.after(
    PATIENCE_MS,
    () => reject(new Error(`no answer within ${PATIENCE_MS / 1000} s`)),
  );
  try {
    return await Promise.race([answer, promise]);
  } finally {
    cancel();
  }
}

function depthsOf(queues: readonly QueueInfo[]): QueueDepth[] {
  return queues.map(({ queue, ready, delayed, running, suspended, oldestSeconds }) => ({
    name: queue,
    counts: { ready, delayed, running, suspended },
    oldestSeconds: oldestSeconds ?? 0,
  }));
}

const PATIENCE_MS = 2_000;

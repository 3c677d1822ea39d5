import { listViews } from "../db/calls/console.ts";
import {
  lastLines,
  listEnded,
  listFamily,
  listGroups,
  listKeysOf,
  listRows,
  readMark,
  readPulse,
  readSource,
  readStamp,
  readTraceparent,
} from "../db/calls/pages.ts";
import { listDepths } from "../db/calls/queues.ts";
import { ExecutionNotFoundError, ExecutionStateError } from "../db/engine_errors.ts";
import { storedFilter } from "../client/executions.ts";
import type { HistoryStep } from "../client/history.ts";
import { idOf } from "../client/request.ts";
import { type PageReads, type ReadModel, Watched } from "../http/mod.ts";
import type { JsonValue } from "../shared/json.ts";
import type { Console } from "./console.ts";
import { controlReadsOf } from "./control_reads.ts";
import { readTraceUrl } from "./environment.ts";
import type { AppParts, Rhythm } from "./rhythm.ts";

/** What the viewers of a process share. The statistics of the embedded database are not kept, and its looks cost no server. */
export function watchedOf({ clock, database, schema }: AppParts): Watched {
  if (database.kind === "embedded") return new Watched(clock);
  return new Watched(clock, () => readMark({ on: database, schema }));
}

/** What the pages of the dashboard read, from an application. */
export function pageReadsOf(
  rhythm: Rhythm,
  parts: AppParts,
  { reads, console }: { reads: ReadModel; console: Console },
): PageReads {
  const engine = { on: parts.database, schema: parts.schema };
  return {
    pulse: () => readPulse(engine),
    overview: async (span) => {
      const [each, count] = SPANS[span];
      const since = new Date(parts.clock.now() - count * EACH_MS[each]);
      const [pulse, ended, queues, failures, workers, schedules, operations, pauses] = await Promise.all([
        readPulse(engine),
        listEnded(engine, { each, since }),
        listDepths(engine),
        reads.failures({ state: ["new", "known"], limit: 6 }),
        reads.workers(),
        reads.schedules(),
        reads.operations(),
        reads.pauses(),
      ]);
      const due = schedules.filter(({ nextRunAt }) => nextRunAt !== null)
        .sort((a, b) => Number(a.nextRunAt) - Number(b.nextRunAt)).slice(0, 6)
        .map(({ name, target, nextRunAt, cron, lastError }) => ({
          name,
          target,
          nextRunAt,
          cron,
          lastError,
        }));
      return {
        ...{ pulse, queues, failures, pauses, due },
        ended: { each, count, spans: ended },
        workers: workers.map(({ id, name, running, beatAt, leaseUntil, startedAt }) => ({
          ...{ id, name, running, beatAt, leaseUntil, startedAt },
        })),
        operations: operations.filter(({ state }) => state === "running").slice(0, 5),
        now: new Date(parts.clock.now()),
      };
    },
    rows: (filter) => listRows(engine, storedFilter(filter)),
    groups: (by, filter) => listGroups(engine, by, storedFilter(filter)),
    stamp: (id, after) => readStamp(engine, idOf(id), after),
    one: (id) => oneOf(rhythm, { engine, reads }, idOf(id)),
    failures: (filter) => reads.failures(filter),
    operations: () => reads.operations(),
    audit: (filter) => reads.audit(filter),
    tokens: () => reads.tokens(),
    console: async () => ({
      views: await listViews(engine),
      problem: await console.problem(),
      isEmbedded: console.isEmbedded,
    }),
    operation: async (id) => {
      const [operation, acts] = await Promise.all([reads.operation(id), reads.acts(id, { limit: 200 })]);
      const isMove = operation.action === "migrate" || operation.action === "repair";
      return { operation, acts, places: isMove ? await reads.places(id) : [] };
    },
    ...controlReadsOf(rhythm, { engine, reads, clock: parts.clock }),
    doctor: async (how) => {
      const { examine, CHECK } = await import("./doctor/examine.ts");
      const { database, schema } = parts;
      const patient = { engine, on: database, kind: database.kind, schema };
      return await examine(patient, how === "quick" ? [CHECK] : []);
    },
    compare: (ids) => compareRuns(rhythm, { engine, reads }, ids),
  };
}

async function compareRuns(
  rhythm: Rhythm,
  { engine, reads }: { engine: Parameters<typeof readPulse>[0]; reads: ReadModel },
  refs: readonly [string, string],
): Promise<unknown> {
  const ids = refs.map(idOf) as [string, string];
  const sides = await Promise.all(ids.map(async (id) => {
    const [execution, source] = await Promise.all([rhythm.executions.get(id), readSource(engine, id)]);
    if (execution === null) throw ExecutionNotFoundError.of(id);
    if (source === null) {
      throw new ExecutionStateError({
        code: "RH003",
        message: `Cannot compare ${id}: only workflows in the flow language have steps to compare`,
      });
    }
    const { target, status, createdAt, completedAt, inputs } = execution;
    return { id, target, status, createdAt, completedAt, ...shown({ inputs }), ...source };
  }));
  return { sides, part: await reads.diffRuns(...ids) };
}

async function oneOf(
  rhythm: Rhythm,
  { engine, reads }: { engine: Parameters<typeof readPulse>[0]; reads: ReadModel },
  id: string,
): Promise<{ readonly steps: readonly HistoryStep[]; readonly [name: string]: unknown }> {
  const template = readTraceUrl();
  const [execution, family, source, position, reasons, logs, keys, traceparent] = await Promise.all([
    rhythm.executions.get(id),
    listFamily(engine, id, MOST_ROWS + 1),
    readSource(engine, id),
    reads.position(id).catch(() => null),
    reads.explain(id),
    lastLines(engine, id, MOST_LINES),
    listKeysOf(engine, id),
    template === undefined ? null : readTraceparent(engine, id),
  ]);
  if (execution === null) throw ExecutionNotFoundError.of(id);
  // A workflow of another version of the library cannot be rebuilt: the rest is shown all the same.
  const steps = source === null
    ? []
    : await reads.history(id, { after: 0, limit: MOST_STEPS }).catch(() => []);
  const fibres = (position as { fibres?: JsonValue } | null)?.fibres ?? [];
  const { inputs, output, metadata, progress, checkpoint, ...rest } = execution;
  return {
    execution: { ...rest, ...shown({ inputs, output, metadata, progress, checkpoint }) },
    family: family.slice(0, MOST_ROWS),
    hasMore: family.length > MOST_ROWS,
    ...{ source, fibres, reasons, logs, steps, keys, traceUrl: traceUrlOf(template, traceparent) },
  };
}

/**
 * The address of a trace.
 *
 * @param template an address with `{trace_id}` in it
 * @param traceparent as W3C Trace Context has it
 * @returns null: there is none, or the template is no address of a page
 */
export function traceUrlOf(template: string | undefined, traceparent: string | null): string | null {
  const id = /^[0-9a-f]{2}-([0-9a-f]{32})-/.exec(traceparent ?? "")?.[1];
  if (template === undefined || id === undefined || !template.includes("{trace_id}")) return null;
  const url = URL.parse(template.replaceAll("{trace_id}", id));
  return url !== null && /^https?:$/.test(url.protocol) ? url.href : null;
}

// What is larger is loaded when somebody asks for it.
function shown(values: Record<string, JsonValue>): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(values).map(([name, value]) => {
      const text = JSON.stringify(value) ?? "null";
      return [name, text.length > MOST_CHARACTERS ? { $large: text.length } : value];
    }),
  );
}

const SPANS = { hour: ["minute", 60], day: ["hour", 24], quarter: ["day", 90] } as const;
const EACH_MS = { minute: 60_000, hour: 3_600_000, day: 86_400_000 } as const;
const MOST_ROWS = 300;
const MOST_LINES = 500;
const MOST_STEPS = 500;
const MOST_CHARACTERS = 100_000;

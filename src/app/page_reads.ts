import { listViews } from "../db/calls/console.ts";
import { lastLines, listFamily, listRows, readPulse, readSource, readStamp } from "../db/calls/pages.ts";
import { ExecutionNotFoundError } from "../db/engine_errors.ts";
import { storedFilter } from "../client/executions.ts";
import type { HistoryStep } from "../client/history.ts";
import { idOf } from "../client/request.ts";
import type { PageReads, ReadModel } from "../http/mod.ts";
import type { JsonValue } from "../shared/json.ts";
import type { Console } from "./console.ts";
import { controlReadsOf } from "./control_reads.ts";
import type { AppParts, Rhythm } from "./rhythm.ts";

/** What the pages of the dashboard read, from an application. */
export function pageReadsOf(
  rhythm: Rhythm,
  parts: AppParts,
  { reads, console }: { reads: ReadModel; console: Console },
): PageReads {
  const engine = { on: parts.database, schema: parts.schema };
  return {
    pulse: () => readPulse(engine),
    overview: async () => {
      const since = new Date(parts.clock.now() - 3_600_000);
      const [pulse, rates, queues, failures, workers, schedules, operations, pauses] = await Promise.all([
        readPulse(engine),
        reads.rates({ span: "minute", since }),
        reads.queues(),
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
        rates: rates.map(({ at, type, target, completed, failed, cancelled, p95Ms }) => ({
          ...{ at, type, target, completed, failed, cancelled, p95Ms },
        })),
        workers: workers.map(({ id, name, running, beatAt, leaseUntil, startedAt }) => ({
          ...{ id, name, running, beatAt, leaseUntil, startedAt },
        })),
        operations: operations.filter(({ state }) => state === "running").slice(0, 5),
        now: new Date(parts.clock.now()),
      };
    },
    rows: (filter) => listRows(engine, storedFilter(filter)),
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
      return { operation, acts };
    },
    ...controlReadsOf(rhythm, engine, reads),
  };
}

async function oneOf(
  rhythm: Rhythm,
  { engine, reads }: { engine: Parameters<typeof readPulse>[0]; reads: ReadModel },
  id: string,
): Promise<{ readonly steps: readonly HistoryStep[]; readonly [name: string]: unknown }> {
  const [execution, family, source, position, reasons, logs] = await Promise.all([
    rhythm.executions.get(id),
    listFamily(engine, id, MOST_ROWS + 1),
    readSource(engine, id),
    reads.position(id).catch(() => null),
    reads.explain(id),
    lastLines(engine, id, MOST_LINES),
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
    ...{ source, fibres, reasons, logs, steps },
  };
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

const MOST_ROWS = 300;
const MOST_LINES = 500;
const MOST_STEPS = 500;
const MOST_CHARACTERS = 100_000;

import {
  lastRuns,
  listFlowRows,
  listKeys,
  listQueueRows,
  listStanding,
  listVersionWaits,
  listWaitingFlows,
  readFlowStamp,
  readSignals,
  upcomingTimes,
} from "../db/calls/control_pages.ts";
import type { EngineRef } from "../db/calls/engine_ref.ts";
import { UnknownNameError } from "../db/engine_errors.ts";
import type { PageReads, ReadModel } from "../http/mod.ts";
import type { Clock } from "../runtime/clock.ts";
import type { Rhythm } from "./rhythm.ts";

/** What the pages of queues, workers, schedules and flows read. */
export function controlReadsOf(
  rhythm: Rhythm,
  { engine, reads, clock }: { engine: EngineRef; reads: ReadModel; clock: Pick<Clock, "now"> },
): Pick<
  PageReads,
  | "queues"
  | "queue"
  | "workers"
  | "schedules"
  | "schedule"
  | "upcoming"
  | "flows"
  | "flowStamp"
  | "flow"
  | "graph"
  | "signals"
> {
  const flowOf = async (
    name: string,
    { version: wanted, hours }: { version?: number; hours: number },
  ): Promise<unknown> => {
    const [versions, waits, rates, standing, rows, gates, pauses] = await Promise.all([
      rhythm.flows.versions(name),
      listVersionWaits(engine),
      reads.rates({
        target: name,
        type: "workflow",
        total: true,
        span: "hour",
        since: new Date(clock.now() - hours * HOUR_MS),
      }),
      listStanding(engine, name),
      listFlowRows(engine),
      reads.gates(),
      reads.pauses(),
    ]);
    const row = rows.find((one) => one.name === name);
    if (row === undefined) throw unknown(`There is no flow "${name}"`);
    const version = wanted ?? row.version;
    const since = new Date(clock.now() - hours * HOUR_MS);
    const { lines } = await reads.heat(name, { version, since });
    const shown = versions.filter((one, index) => index < MOST_VERSIONS || one.version === version);
    return {
      ...{ name, version, hours, standing, lines },
      hasMore: versions.length > shown.length,
      row: { ...row, waits: waits.filter((one) => one.flow === name) },
      gates: gates.filter((gate) => gate.flow === name),
      pause: pauses.find((one) => one.kind === "workflow" && one.name === name) ?? null,
      versions: shown.map((
        { version, isCurrent, description, options, inputSchema, source, createdAt },
      ) => ({
        ...{ version, isCurrent, description, options, inputSchema, source, createdAt },
        waiting: waits.find((one) => one.flow === name && one.version === version)?.waiting ?? 0,
      })),
      rates: rates.map(({ queue, completed, failed, cancelled, p50Ms, p95Ms }) => ({
        ...{ queue, completed, failed, cancelled, p50Ms, p95Ms },
      })),
    };
  };
  const graphOf = async (name: string, wanted: number | undefined): Promise<unknown> => {
    const [versions, standing] = await Promise.all([rhythm.flows.versions(name), listStanding(engine, name)]);
    const found = versions.find(({ version, isCurrent }) =>
      wanted === undefined ? isCurrent : version === wanted
    );
    if (found === undefined) throw unknown(`There is no version ${wanted ?? ""} of flow "${name}"`);
    const { version, source } = found;
    const marks = new Map(
      standing.filter((one) => one.version === version).map((
        { line, executions },
      ) => [line, `◷ ${executions}`]),
    );
    // The parser is loaded when somebody looks at a picture.
    const { drawFlow } = await import("./draw_flow.ts");
    return { version, picture: drawFlow({ name, source }, marks) };
  };
  return {
    queues: () => listQueueRows(engine),
    queue: async (name) => {
      const [queues, keys] = await Promise.all([
        listQueueRows(engine),
        listKeys(engine, name, MOST_KEYS + 1),
      ]);
      const found = queues.find(({ queue }) => queue === name);
      if (found === undefined) throw unknown(`There is no queue "${name}": it has no work, worker or limit`);
      return { queue: found, keys: keys.slice(0, MOST_KEYS), hasMore: keys.length > MOST_KEYS };
    },
    workers: async () => {
      const workers = await reads.workers();
      // Heartbeats move all the time; a page that follows them looks as often.
      return workers.map(({ info, ...rest }) => ({ ...rest, ...aboutOf(info) }));
    },
    schedules: async () =>
      (await reads.schedules()).map(({ inputs: _inputs, options: _options, ...rest }) => rest),
    schedule: async (name) => {
      const [schedules, runs] = await Promise.all([reads.schedules(), lastRuns(engine, name)]);
      const schedule = schedules.find((one) => one.name === name);
      if (schedule === undefined) throw unknown(`There is no schedule "${name}"`);
      const { cron, timezone } = schedule;
      return { schedule, next: await upcomingTimes(engine, { cron, timezone, count: 10 }), runs };
    },
    upcoming: (cron, timezone) => upcomingTimes(engine, { cron, timezone, count: 5 }),
    flows: () => listWaitingFlows(engine),
    flowStamp: (name) => readFlowStamp(engine, name),
    flow: (name, filter) => flowOf(name, filter),
    graph: (name, version) => graphOf(name, version),
    signals: () => readSignals(engine),
  };
}

function aboutOf(
  info: Record<string, unknown>,
): { library: string | null; memoryBytes: number | null; tasks: string[] } {
  const { library, memoryBytes, tasks } = info;
  return {
    memoryBytes: typeof memoryBytes === "number" ? memoryBytes : null,
    library: typeof library === "string" ? library : null,
    tasks: Array.isArray(tasks) ? tasks.filter((one) => typeof one === "string") : [],
  };
}

function unknown(message: string): UnknownNameError {
  return new UnknownNameError({ code: "RH004", message });
}

const MOST_KEYS = 200;
const MOST_VERSIONS = 50;
const HOUR_MS = 3_600_000;

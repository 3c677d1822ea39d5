import { systemClock } from "../runtime/clock.ts";
import type { QueueInfo } from "../db/calls/queues.ts";
import type { ScheduleInfo } from "../db/calls/schedules.ts";
import { readWorkers, type WorkerInfo } from "../db/calls/state.ts";
import type { JsonValue } from "../shared/json.ts";
import type { FlowVersion } from "../db/calls/flows.ts";
import type { Call } from "./command.ts";
import { brief, tellCount, tellDuration, tellSince } from "./format.ts";
import { asTyped } from "./how_to_type.ts";
import { openSession } from "./session.ts";
import { type Cell, table } from "./table.ts";

/** Lists the queues. */
export async function listQueues(call: Call): Promise<void> {
  await using session = await openSession(call.options);
  const queues = await session.queues.list();
  if (call.json) return call.terminal.print(JSON.stringify({ queues }));
  show(call, queues, {
    none: "no queue has work, a worker or a limit: `rhythm start` and `rhythm queue` give it work",
    head: ["queue", "ready", "delayed", "running", "suspended", "oldest", "workers", "state", "limits"],
    right: [1, 2, 3, 4, 5, 6],
    flexible: [8],
    optional: [4],
    row: (queue) => [
      queue.queue,
      ...[queue.ready, queue.delayed, queue.running, queue.suspended].map(tellCount),
      queue.oldestSeconds === null || queue.ready === 0 ? "" : tellDuration(queue.oldestSeconds * 1_000),
      tellCount(queue.workers),
      stateOf(queue),
      limitsOf(queue),
    ],
  });
}

/** Lists the workers. */
export async function listWorkers(call: Call): Promise<void> {
  await using session = await openSession(call.options);
  const workers = await readWorkers(session.engine);
  if (call.json) return call.terminal.print(JSON.stringify({ workers }));
  show(call, workers, {
    none: "no worker is alive: `rhythm worker` or `rhythm dev` runs one",
    head: ["name", "running", "queues", "heartbeat", "up for", "id"],
    right: [1],
    flexible: [2],
    optional: [5],
    row: (worker) => [
      worker.name,
      tellCount(worker.running),
      worker.queues.length === 0 ? "all" : worker.queues.join(", "),
      heartbeatOf(worker),
      tellDuration(systemClock.now() - worker.startedAt.getTime()),
      { text: worker.id, style: "quiet" },
    ],
  });
}

function heartbeatOf({ beatAt, leaseUntil, drainingSince }: WorkerInfo): Cell {
  const isLost = leaseUntil < new Date(systemClock.now());
  return isLost
    ? { text: `${tellSince(beatAt)}: lost`, style: "bad" }
    : drainingSince !== null
    ? { text: `${tellSince(beatAt)}: draining`, style: "warn" }
    : { text: tellSince(beatAt), style: "good" };
}

/** Lists the schedules. */
export async function listSchedules(call: Call): Promise<void> {
  await using session = await openSession(call.options);
  const schedules = await session.schedules.list();
  if (call.json) return call.terminal.print(JSON.stringify({ schedules }));
  show(call, schedules, {
    none: "there are no schedules: `rhythm schedules set` makes one",
    head: ["name", "cron", "zone", "runs", "next", "last", "fired", "remarks"],
    right: [6],
    flexible: [7],
    optional: [2, 6],
    row: (schedule) => [
      schedule.name,
      schedule.cron,
      schedule.timezone,
      `${schedule.type === "task" ? "task " : ""}${schedule.target}`,
      when(schedule.nextRunAt),
      when(schedule.lastRunAt),
      tellCount(schedule.fired),
      remarkOf(schedule),
    ],
  });
}

/** Lists the flows that are registered. */
export async function listFlows(call: Call): Promise<void> {
  await using session = await openSession(call.options);
  const flows = await (await session.flows()).list();
  if (call.json) return call.terminal.print(JSON.stringify({ flows }));
  show(call, flows, {
    none: "no flow is registered: `rhythm flow register flows/` does it",
    head: ["name", "version", "changed", "options", "description"],
    right: [1],
    flexible: [4],
    optional: [3],
    row: (flow) => [
      flow.name,
      String(flow.version),
      when(flow.updatedAt),
      JSON.stringify(flow.options) === "{}" ? "" : brief(flow.options, 40),
      flow.description ?? "",
    ],
  });
}

/** The versions of a flow. */
export function showVersions(call: Call, versions: readonly FlowVersion[]): void {
  if (call.json) return call.terminal.print(JSON.stringify({ versions }));
  show(call, versions, {
    none: "",
    head: ["version", "state", "registered", "description"],
    right: [0],
    flexible: [3],
    row: (one) => [
      String(one.version),
      one.isCurrent ? { text: "current", style: "good" } : "",
      when(one.createdAt),
      one.description ?? "",
    ],
  });
}

interface Shape<Row> {
  none: string;
  head: string[];
  right: number[];
  flexible: readonly number[];
  optional?: readonly number[];
  row: (row: Row) => Cell[];
}

function show<Row>(call: Call, rows: readonly Row[], shape: Shape<Row>): void {
  if (rows.length === 0) return call.terminal.say(asTyped(shape.none));
  call.terminal.print(table(rows.map(shape.row), shape, call.terminal));
}

function stateOf({ paused, ready, workers }: QueueInfo): Cell {
  if (paused) return { text: "paused", style: "warn" };
  return ready > 0 && workers === 0 ? { text: "no worker", style: "bad" } : "";
}

function limitsOf(queue: QueueInfo): string {
  const limits: string[] = [];
  if (queue.concurrency !== null) limits.push(`${queue.concurrency} at once`);
  if (queue.perKeyConcurrency !== null) limits.push(`${queue.perKeyConcurrency} per key`);
  if (queue.rate !== null) limits.push(`${queue.rate} per ${tellDuration((queue.perSeconds ?? 1) * 1_000)}`);
  if (queue.perKeyRate !== null) {
    limits.push(`${queue.perKeyRate} a key per ${tellDuration((queue.perKeyPerSeconds ?? 1) * 1_000)}`);
  }
  if (queue.fair) limits.push("fair");
  return limits.join(", ");
}

function remarkOf({ paused, lastError }: ScheduleInfo): Cell {
  const remarks = [...(paused ? ["paused"] : []), ...(lastError === null ? [] : [faultOf(lastError)])];
  return { text: remarks.join(", "), style: lastError === null ? "warn" : "bad" };
}

function when(at: Date | null): string {
  return at === null ? "" : tellSince(at);
}

function faultOf(error: JsonValue): string {
  const told = error as { message?: string } | null;
  return told?.message ?? JSON.stringify(error);
}

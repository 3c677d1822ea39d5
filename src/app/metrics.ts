import type { Distribution, MetricFamily, Sample } from "../http/mod.ts";
import type { Histogram } from "../worker/loop/stats.ts";
import type { PoolUse } from "./pool_meter.ts";
import type { Worker } from "../worker/loop/worker.ts";

/** A queue as the engine's view shows it. */
export interface QueueDepth {
  /** Its name. */
  readonly name: string;
  /** Executions by where they stand: `ready`, `delayed`, `running`, `suspended`. */
  readonly counts: Readonly<Record<string, number>>;
  /** How long the oldest one has been ready, in seconds. */
  readonly oldestSeconds: number;
}

/** What a worker measured of itself. */
export function workerMetrics(worker: Worker): MetricFamily[] {
  const { stats } = worker;
  const attempts: Sample[] = [];
  const ends: Sample[] = [];
  const waits: Sample[] = [];
  const seconds: Distribution[] = [];
  const batches: Distribution[] = [];
  for (const kind of ["task", "workflow"] as const) {
    for (const [name, one] of stats.names[kind]) {
      attempts.push(...samplesOf(one.attempts, { kind, name }));
      ends.push(...samplesOf(one.ends, { kind, name }));
      if (kind === "workflow") waits.push({ labels: { name }, value: one.waits });
      else {seconds.push({
          labels: { name },
          bounds: one.seconds.bounds,
          counts: one.seconds.counts,
          sum: one.seconds.sum,
        });}
      if (one.batches.sum > 0) {
        const { bounds, counts, sum } = one.batches;
        batches.push({ labels: { name }, bounds, counts, sum });
      }
    }
  }
  return [
    counter("rhythm_attempts_total", "Attempts this worker settled, by outcome", attempts),
    counter(
      "rhythm_ends_total",
      "Executions that ended in this worker, by outcome",
      ends,
    ),
    counter("rhythm_waits_total", "How often workflows began to wait", waits),
    counter("rhythm_refused_total", "Outcomes that changed nothing: lost leases, executions that had ended", [
      { value: stats.refused },
    ]),
    gauge("rhythm_in_flight", "Executions this worker has in flight", [{ value: worker.inFlight }]),
    gauge("rhythm_stray_handlers", "Handlers that run on after their run was stopped", [{
      value: stats.strays,
    }]),
    gauge("rhythm_event_loop_lag_seconds", "Longest block of the event loop since the last scrape", [{
      value: worker.takeLag() / 1000,
    }]),
    histogram("rhythm_claim_seconds", "Round trips of claims that found something", stats.claimSeconds),
    histogram("rhythm_settle_seconds", "Round trips of settles", stats.settleSeconds),
    histogram("rhythm_claim_batch_size", "Executions a claim found", stats.claimSizes),
    histogram("rhythm_settle_batch_size", "Outcomes a settle carried", stats.settleSizes),
    {
      name: "rhythm_task_seconds",
      help: "Handlers from start to end",
      type: "histogram",
      distributions: seconds,
    },
    {
      name: "rhythm_task_batch_size",
      help: "Executions that a call of a handler of batches got",
      type: "histogram",
      distributions: batches,
    },
  ];
}

/** What the engine says of its queues. */
export function queueMetrics(queues: readonly QueueDepth[]): MetricFamily[] {
  const executions: Sample[] = [];
  for (const { name, counts } of queues) {
    for (const [state, value] of Object.entries(counts)) {
      executions.push({ labels: { queue: name, state }, value });
    }
  }
  const oldest = queues.map(({ name, oldestSeconds }) => ({ labels: { queue: name }, value: oldestSeconds }));
  return [
    gauge("rhythm_executions", "Executions that have not ended, by queue and state", executions),
    gauge("rhythm_queue_oldest_seconds", "How long the oldest ready execution has been waiting", oldest),
  ];
}

/** How the pools of connections are used. */
export function poolMetrics(pools: readonly PoolUse[]): MetricFamily[] {
  const each = (value: (use: PoolUse) => number): Sample[] =>
    pools.map((use) => ({ labels: { pool: use.pool }, value: value(use) }));
  return [
    gauge("rhythm_pool_size", "Connections that a pool may open", each(({ size }) => size)),
    gauge(
      "rhythm_pool_in_use",
      "Statements and transactions that have a connection",
      each(({ inUse }) => inUse),
    ),
    gauge(
      "rhythm_pool_waiting",
      "Statements and transactions that wait for one",
      each(({ waiting }) => waiting),
    ),
  ];
}

/** One gauge of one value. */
export function single(name: string, help: string, value: number): MetricFamily {
  return gauge(name, help, [{ value }]);
}

function samplesOf(counts: Readonly<Record<string, number>>, labels: Record<string, string>): Sample[] {
  return Object.entries(counts).filter(([, value]) => value > 0)
    .map(([outcome, value]) => ({ labels: { ...labels, outcome }, value }));
}

function counter(name: string, help: string, samples: readonly Sample[]): MetricFamily {
  return { name, help, type: "counter", samples };
}

function gauge(name: string, help: string, samples: readonly Sample[]): MetricFamily {
  return { name, help, type: "gauge", samples };
}

function histogram(name: string, help: string, distribution: Histogram): MetricFamily {
  return { name, help, type: "histogram", distributions: [distribution] };
}

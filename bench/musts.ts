import { short } from "./numbers.ts";
import type { Figure } from "./run.ts";

/** What Rhythm has to reach, of which docs/operate/performance.md says how it stands. */
export interface Must {
  /** Which benchmark. */
  readonly benchmark: string;
  /** Which figure of it. */
  readonly measure: string;
  /** Whose: `rhythm` where nothing is said. */
  readonly peer?: string;
  /** At least so much. */
  readonly least?: number;
  /** At most so much. */
  readonly most?: number;
  /** The bound is a multiple of this peer's figure in the same run. */
  readonly times?: string;
}

/** All of them. */
export const MUSTS: readonly Must[] = [
  { benchmark: "B1", measure: "tasks", least: 1.2, times: "graphile_worker" },
  { benchmark: "B1", measure: "WAL per task", most: 900 },
  { benchmark: "B1", measure: "worker memory", most: 150 },
  { benchmark: "B1", measure: "event loop lag", most: 50 },
  { benchmark: "B2", measure: "tasks", least: 1.5, times: "graphile_worker" },
  { benchmark: "B3", measure: "start p50", most: 1.8 },
  { benchmark: "B3", measure: "start p99", most: 5 },
  { benchmark: "B3", measure: "result p50", most: 4 },
  { benchmark: "B3", measure: "result p99", most: 9 },
  { benchmark: "B4", measure: "steps", least: 20_000 },
  { benchmark: "B4", measure: "steps", peer: "rhythm_code", least: 12_000 },
  { benchmark: "B4", measure: "WAL per step", most: 700 },
  { benchmark: "B4", measure: "worker memory", most: 150 },
  { benchmark: "B4", measure: "event loop lag", most: 50 },
  { benchmark: "B4", measure: "two workers to one", least: 1 },
  { benchmark: "B4", measure: "two workers to one", peer: "rhythm_code", least: 1 },
  { benchmark: "B5", measure: "until the result", most: 0.15 },
  { benchmark: "B6", measure: "p50", most: 4 },
  { benchmark: "B6", measure: "p99", most: 15 },
  { benchmark: "B6", measure: "woken early", most: 0 },
  { benchmark: "B7", measure: "p50", most: 4 },
  { benchmark: "B7", measure: "p95", most: 8 },
  { benchmark: "B9", measure: "to an empty database", least: 0.85 },
  { benchmark: "B10", measure: "to the speed before", least: 0.8 },
  { benchmark: "B11", measure: "slowest to best", least: 0.9 },
  { benchmark: "B11", measure: "connections a worker", most: 3 },
  { benchmark: "B12", measure: "1 KB", most: 2.5 },
  { benchmark: "B12", measure: "10 KB", most: 2.5 },
  { benchmark: "B12", measure: "100 KB", most: 2.5 },
  { benchmark: "B13", measure: "server", most: 1 },
  { benchmark: "B13", measure: "each worker", most: 1 },
  { benchmark: "B14", measure: "last tenth to the first", most: 1.1 },
  { benchmark: "B16", measure: "memory at most", most: 150 },
  { benchmark: "B16", measure: "memory at the end to after a tenth", most: 1.05 },
  { benchmark: "B16", measure: "event loop lag at most", most: 50 },
  { benchmark: "B16", measure: "connections at most", most: 3 },
  { benchmark: "B17", measure: "server CPU", most: 28 },
  { benchmark: "B17", measure: "server CPU", most: 1, times: "graphile_worker" },
  { benchmark: "B17", measure: "server CPU", most: 1, times: "pg_boss" },
  { benchmark: "B17", measure: "WAL", most: 500 },
  { benchmark: "B17", measure: "heap of a finished task", most: 200 },
  { benchmark: "B18", measure: "WAL an end, last", most: 400 },
  { benchmark: "B18", measure: "WAL, last to first", most: 1.1 },
  { benchmark: "B18", measure: "server CPU, last to first", most: 1.1 },
  { benchmark: "B19", measure: "concurrency: its server CPU", most: 2 },
  { benchmark: "B19", measure: "concurrency: drain to plain", least: 0.8 },
  { benchmark: "B19", measure: "rate: its server CPU", most: 2 },
  { benchmark: "B19", measure: "rate: drain to plain", least: 0.8 },
  { benchmark: "B19", measure: "per key: its server CPU", most: 2 },
  { benchmark: "B19", measure: "per key: drain to plain", least: 0.8 },
  { benchmark: "B20", measure: "WAL, to no journal", most: 1.05 },
  { benchmark: "B20", measure: "server CPU, to no journal", most: 1.03 },
  { benchmark: "B20", measure: "heat: of the worker's CPU", most: 0.01 },
  { benchmark: "B21", measure: "B1 beside it, to B1 alone", least: 0.9 },
  { benchmark: "B22", measure: "B1 beside it, to B1 alone", least: 0.95 },
];

/** What the figures of one line must reach, and whether they do: `≥ 20.0k: no`. */
export function judge(figures: readonly Figure[]): string {
  return MUSTS.flatMap((must) => {
    const { benchmark, measure, peer = "rhythm", times } = must;
    const ours = figures.find((figure) =>
      figure.benchmark === benchmark && figure.measure === measure && figure.peer === peer
    );
    if (ours === undefined) return [];
    const other = times === undefined ? undefined : figures.find((figure) => figure.peer === times);
    const bound = must.least ?? must.most!;
    const limit = times === undefined ? bound : bound * (other?.median ?? NaN);
    const text = `${peer === "rhythm" ? "" : `${peer} `}${must.least === undefined ? "≤" : "≥"} ${
      short(bound)
    }${times === undefined ? "" : ` × ${times}`}`;
    if (!Number.isFinite(limit) || !Number.isFinite(ours.median)) return [text];
    const reached = must.least === undefined ? ours.median <= limit : ours.median >= limit;
    return [`${text}: ${reached ? "yes" : "no"}`];
  }).join(", ");
}

import { deepStrictEqual as equal, match, strictEqual as same } from "node:assert/strict";
import { createLogger, type LogOptions } from "../../../src/app/log.ts";
import { workerMetrics } from "../../../src/app/metrics.ts";
import { renderMetrics } from "../../../src/http/mod.ts";
import type { Claimed, Outcome } from "../../../src/worker/engine/engine.ts";
import { Ledger, LINES } from "../../../src/worker/loop/ledger.ts";
import { MOST_NAMES, OTHER_NAMES, WorkerStats } from "../../../src/worker/loop/stats.ts";
import type { Worker } from "../../../src/worker/loop/worker.ts";
import { VirtualClock } from "../../support/virtual_clock.ts";
import { leased } from "../support/fake_engine.ts";

interface Line {
  level: string;
  message: string;
  [field: string]: unknown;
}

/** A ledger, and what it writes. */
function ledger(options: LogOptions = {}): {
  clock: VirtualClock;
  stats: WorkerStats;
  lines: Line[];
  it: Ledger;
} {
  const clock = new VirtualClock();
  const stats = new WorkerStats();
  const lines: Line[] = [];
  const logger = createLogger({
    level: "info",
    format: "json",
    write: (line) => lines.push(JSON.parse(line)),
    ...options,
  });
  return { clock, stats, lines, it: new Ledger({ clock, logger, stats }) };
}

const lease = { number: 1, askedAt: 0 };
const error = {
  type: "BankError",
  message: "no answer",
  code: "E1",
  stack: "BankError: no answer\n    at pay (bank.ts:1:2)",
};

function task(more: Partial<Claimed> = {}): Claimed {
  return { ...leased("t1", lease, "pay"), queue: "money", traceparent: "00-abc-def-01", ...more };
}

function flow(more: Partial<Claimed> = {}): Claimed {
  // The first 48 bits of an id are its time: a minute before the clock's.
  const at = (Date.parse("2030-01-01T00:00:00Z") - 60_000).toString(16).padStart(12, "0");
  return {
    ...task({
      kind: "workflow",
      target: "order",
      id: `${at.slice(0, 8)}-${at.slice(8)}-7000-8000-000000000000`,
      ...more,
    }),
  };
}

function ended(claimed: Claimed, what: object): Outcome {
  return { id: claimed.id, call: 1, claimed, ...what } as Outcome;
}

Deno.test("Ledger logs starts and ends at info, attempts that are repeated at warn, final failures at error, all the rest at debug", () => {
  const { it, lines, stats } = ledger({ level: "debug" });
  it.began(task());
  const at = {
    program: "p",
    version: 1,
    snapshot: null,
    settled: [],
    seed: "1",
    epoch: 0,
    cancelReason: null,
  };
  it.began(flow({ flow: { ...at, seq: 0 } }));
  it.began(flow({ flow: { ...at, seq: 1 } }));
  it.ended(ended(task(), { status: "failed", error, retryable: true, tookMs: 12.34 }), 1_500);
  it.ended(
    ended(task({ attempt: 3, failures: 2 }), { status: "failed", error, retryable: true, tookMs: 12 }),
  );
  it.ended(ended(task(), { status: "completed", output: "1", tookMs: 3 }));
  it.ended(ended(task(), { status: "released", reason: "shutting down", delayMs: 0 }));
  it.ended(ended(flow(), { status: "suspended", flow: { waits: [{}, {}] } }));
  it.ended(ended(flow(), { status: "completed", output: "1" }));
  it.ended(ended(flow(), { status: "cancelled" }));
  it.called(3, 2, 0.004);
  equal(lines.map(({ level, message }) => `${level}: ${message}`), [
    "info: task pay starts",
    "info: workflow order starts",
    "debug: workflow order continues",
    "warn: task pay failed: BankError: no answer (attempt 1, 1 of 3 threw; next in 1.5 s)",
    "error: task pay failed: BankError: no answer (attempt 3, 3 of 3 threw; it is over)",
    "info: task pay completed in 3 ms",
    "debug: task pay released: shutting down",
    "debug: workflow order suspended",
    "info: workflow order completed after 60 s",
    "info: workflow order cancelled after 60 s",
    "debug: settled 3, claimed 2",
  ]);
  const { time: _, ...warning } = lines[3]!;
  equal(warning, {
    ...{
      level: "warn",
      message: lines[3]!.message,
      task: "pay",
      execution: "t1",
      attempt: 1,
      queue: "money",
      trace: "abc",
    },
    ...{ ms: 12.3, maxAttempts: 3, failures: 1, retryInMs: 1500, error },
  });
  equal([lines[7]!.workflow, lines[7]!.waits, lines[8]!.ms], ["order", 2, 60_000]);
  for (const { level, message, ...line } of lines.slice(0, -1)) {
    const { task = line.workflow, execution, attempt, queue, trace } = line;
    equal([task, execution, attempt, queue, trace].includes(undefined), false, `${level} ${message}`);
  }
  it.failedAlone({ ...task({ target: "lost" }), error: { type: "WorkerLostError", message: "gone" } });
  const { time: __, ...alone } = lines.at(-1)!;
  equal(alone, {
    ...{ level: "error", message: "task lost failed: WorkerLostError: gone (attempt 1; it is over)" },
    ...{ task: "lost", execution: "t1", attempt: 1, queue: "money", trace: "abc" },
    error: { type: "WorkerLostError", message: "gone" },
  });
  same(stats.of("task", "lost").ends.failed, 1, "and counts what failed without an outcome");
});

Deno.test("Ledger writes nothing below the level of a kind, and makes no line for it", () => {
  const { it, lines, stats } = ledger({ levels: { task: "warn" } });
  const claimed = task();
  // What a line says and no count needs.
  Object.defineProperty(claimed, "attempt", {
    get: () => lines.push({ level: "made", message: "for nothing" }),
  });
  it.began(claimed);
  it.ended(ended(claimed, { status: "completed", output: "1", tookMs: 3 }));
  it.called(3, 2, 0.004);
  equal(lines, []);
  it.ended(ended(flow(), { status: "completed", output: "1" }));
  it.ended(ended(task(), { status: "failed", error, retryable: false }));
  equal(lines.map(({ level }) => level), ["info", "error"]);
  same(stats.of("task", "pay").ends.completed, 1, "it is counted all the same");
});

Deno.test("Ledger asks a logger that does not say its level for info and above", () => {
  const heard: string[] = [];
  const say = (level: string) => (): unknown => heard.push(level);
  const logger = { debug: say("debug"), info: say("info"), warn: say("warn"), error: say("error") };
  const it = new Ledger({ clock: new VirtualClock(), stats: new WorkerStats(), logger });
  it.began(task());
  it.ended(ended(task(), { status: "completed", output: "1" }));
  equal(heard, ["info", "info"]);
  const quiet = new Ledger({
    clock: new VirtualClock(),
    stats: new WorkerStats(),
    logger: { ...logger, level: "error" },
  });
  quiet.ended(ended(task(), { status: "completed", output: "1" }));
  equal(heard, ["info", "info"]);
});

Deno.test("Ledger writes the first lines of a second that are alike, and says how many more there were", async () => {
  const { it, lines, clock } = ledger();
  for (let n = 0; n < 5_000; n++) it.ended(ended(task(), { status: "completed", output: "1", tookMs: 1 }));
  it.ended(ended(task({ target: "rare" }), { status: "completed", output: "1", tookMs: 1 }));
  for (let n = 0; n < 100; n++) it.ended(ended(task(), { status: "failed", error, retryable: false }));
  equal([
    lines.filter(({ level }) => level === "info").length,
    lines.filter(({ level }) => level === "error").length,
  ], [LINES + 1, LINES]);
  lines.length = 0;
  await clock.pass(1_000);
  equal(lines.map(({ level, message, task, count }) => [level, message, task, count]), [
    ["info", `task pay completed: ${5_000 - LINES} more within a second`, "pay", 5_000 - LINES],
    ["error", `task pay failed: ${100 - LINES} more within a second`, "pay", 100 - LINES],
  ]);
  lines.length = 0;
  it.ended(ended(task(), { status: "completed", output: "1", tookMs: 1 }));
  same(lines.length, 1, "the next second begins anew");
});

Deno.test("metrics count attempts and ends apart, by kind, name and outcome; names are bounded", () => {
  const { it, stats } = ledger({ level: "silent" });
  it.ended(ended(task(), { status: "failed", error, retryable: true }), 10);
  it.ended(ended(task(), { status: "completed", output: "1" }));
  it.ended(ended(task(), { status: "released", reason: "x", delayMs: 0 }));
  it.ended(ended(flow(), { status: "suspended", flow: { waits: [] } }));
  it.ended(ended(flow(), { status: "failed", error, retryable: true }));
  const page = renderMetrics(workerMetrics({ stats, inFlight: 0, takeLag: () => 0 } as unknown as Worker));
  equal(page.split("\n").filter((line) => /^rhythm_(attempts|ends|waits)_total/.test(line)), [
    'rhythm_attempts_total{kind="task",name="pay",outcome="completed"} 1',
    'rhythm_attempts_total{kind="task",name="pay",outcome="failed"} 1',
    'rhythm_attempts_total{kind="task",name="pay",outcome="released"} 1',
    'rhythm_attempts_total{kind="workflow",name="order",outcome="failed"} 1',
    'rhythm_ends_total{kind="task",name="pay",outcome="completed"} 1',
    'rhythm_ends_total{kind="workflow",name="order",outcome="failed"} 1',
    'rhythm_waits_total{name="order"} 1',
  ]);
  match(page, /rhythm_task_seconds_count\{name="pay"\} 0\n/);
  for (let n = 0; n < MOST_NAMES * 2; n++) {
    it.ended(ended(task({ target: `t${n}` }), { status: "completed", output: "1" }));
  }
  same(stats.names.task.size, MOST_NAMES + 1);
  same(stats.of("task", OTHER_NAMES).ends.completed, MOST_NAMES + 1);
});

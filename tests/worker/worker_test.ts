import { deepStrictEqual as equal, match, rejects, strictEqual as same } from "node:assert/strict";
import { type AnyTask, type Logger, task } from "../../src/define/mod.ts";
import type { WorkerEvent } from "../../src/worker/events.ts";
import type { FlowRuntime } from "../../src/worker/flow_crew.ts";
import { Worker, type WorkerParts } from "../../src/worker/worker.ts";
import { MemoryEngine } from "./support/memory_engine.ts";

interface Bench {
  engine: MemoryEngine;
  worker: Worker;
  lines: string[];
  events: WorkerEvent[];
  running: Promise<void>;
}

const noFlows: FlowRuntime = {
  start: () => ({ status: "completed", output: "began", effects: [], waits: [], released: [] }),
  resume: () => ({ status: "completed", output: "resumed", effects: [], waits: [], released: [] }),
};

function bench(tasks: readonly AnyTask[], change: Partial<WorkerParts> = {}): Bench {
  const engine = new MemoryEngine();
  const lines: string[] = [];
  const events: WorkerEvent[] = [];
  const line = (level: string) => (message: string): unknown => lines.push(`${level}: ${message}`);
  const logger = {
    debug: line("debug"),
    info: line("info"),
    warn: line("warn"),
    error: line("error"),
  } as Logger;
  const worker = new Worker({
    engine,
    runtime: noFlows,
    tasks,
    logger,
    concurrency: 10,
    transactions: 2,
    leaseMs: 300,
    graceMs: 1_000,
    pollMs: 50,
    maxOutputBytes: 1_000,
    observer: (event) => events.push(event),
    ...change,
  });
  return { engine, worker, lines, events, running: worker.run() };
}

async function until(holds: () => boolean): Promise<void> {
  for (let tries = 0; !holds(); tries++) {
    if (tries > 500) throw new Error("waited in vain");
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

const untilStopped = task({ name: "patient" }, (_: null, ctx) =>
  new Promise((_resolve, reject) => {
    ctx.signal.addEventListener("abort", () => reject(ctx.signal.reason));
  }));

Deno.test("Worker runs what it claims, and settles it", async () => {
  const { engine, worker, running, events } = bench([task({ name: "double" }, (n: number) => n * 2)]);
  engine.add("double", { inputs: 4 });
  engine.add("double", { inputs: 5 });
  await until(() => engine.outcomes.length === 2);
  await worker.stop();
  await running;
  equal(engine.outcomes, [
    { id: "e1", attempt: 1, status: "completed", output: "8" },
    { id: "e2", attempt: 1, status: "completed", output: "10" },
  ]);
  equal(events.map(({ type, id }) => `${type} ${id}`).sort(), [
    "completed e1",
    "completed e2",
    "started e1",
    "started e2",
  ]);
  equal(engine.calls.filter((call) => call !== "beat" && call !== "tick"), ["register", "unlisten", "leave"]);
  same(worker.state, "stopped");
});

Deno.test("Worker has never more in hand than its concurrency", async () => {
  let running = 0;
  let most = 0;
  const slow = task({ name: "slow" }, async () => {
    most = Math.max(most, ++running);
    await new Promise((resolve) => setTimeout(resolve, 5));
    running--;
  });
  const { engine, worker } = bench([slow], { concurrency: 3 });
  for (let n = 0; n < 20; n++) engine.add("slow");
  await until(() => engine.outcomes.length === 20);
  await worker.stop();
  same(most, 3);
});

Deno.test("Worker says that it is about to sleep, looks once more, and wakes at once", async () => {
  const { engine, worker } = bench([task({ name: "t" }, () => 1)], { pollMs: 60_000 });
  await until(() => engine.moods.length >= 5);
  equal(engine.moods.slice(0, 3), ["awake", "dozing", "dozing"]);
  const before = performance.now();
  engine.add("t");
  await until(() => engine.outcomes.length === 1);
  same(performance.now() - before < 100, true);
  await worker.stop();
});

Deno.test("Worker.stop() lets handlers finish within the grace time", async () => {
  const slow = task(
    { name: "slow" },
    async () => await new Promise((resolve) => setTimeout(() => resolve("saved"), 100)),
  );
  const { engine, worker, running } = bench([slow]);
  engine.add("slow");
  await until(() => worker.inHand === 1);
  await worker.stop();
  await running;
  equal(engine.outcomes, [{ id: "e1", attempt: 1, status: "completed", output: '"saved"' }]);
});

Deno.test("Worker.stop() hands back what outlives the grace time, then takes leave", async () => {
  const { engine, worker, events } = bench([untilStopped], { graceMs: 20 });
  engine.add("patient");
  await until(() => worker.inHand === 1);
  await worker.stop();
  const outcome = engine.outcomes[0]!;
  equal([outcome.status, outcome.status === "released" && outcome.delayMs], ["released", 0]);
  same(events.at(-1)!.type, "released");
  same(engine.calls.at(-1), "leave");
});

Deno.test("Worker stops what a beat says is cancelled, and settles nothing for a lost lease", async () => {
  const { engine, worker } = bench([untilStopped]);
  engine.add("patient");
  engine.add("patient");
  await until(() => worker.inHand === 2);
  engine.nextBeat = { stop: [{ id: "e1", reason: "cancelled" }, { id: "e2", reason: "lost" }], alive: true };
  await until(() => worker.inHand === 0);
  await worker.stop();
  equal(engine.outcomes, [{ id: "e1", attempt: 1, status: "cancelled" }]);
});

Deno.test("Worker that was given up drops everything and begins anew", async () => {
  const { engine, worker, lines } = bench([untilStopped]);
  engine.add("patient");
  await until(() => worker.inHand === 1);
  engine.nextBeat = { stop: [], alive: false };
  await until(() => worker.inHand === 0);
  await until(() => engine.calls.filter((call) => call === "register").length === 2);
  match(lines.join("\n"), /warn: this worker was silent for too long and was given up/);
  await worker.stop();
  equal(engine.outcomes, []);
});

Deno.test("Worker drops everything when the database is silent for a lease", async () => {
  const { engine, worker } = bench([untilStopped], { leaseMs: 60 });
  engine.add("patient");
  await until(() => worker.inHand === 1);
  engine.beat = () => Promise.reject(new Error("transient"));
  engine.claim = () => Promise.reject(new Error("transient"));
  await until(() => worker.inHand === 0);
  await worker.stop();
  equal(engine.outcomes, []);
});

Deno.test("Worker goes on after the database was away, and ends with any other error", async () => {
  const { engine, worker, lines } = bench([task({ name: "t" }, () => 1)]);
  engine.claimErrors = [new Error("transient"), new Error("transient")];
  engine.add("t");
  await until(() => engine.outcomes.length === 1);
  equal(lines.filter((line) => line.includes("claim failed")).map((line) => line.split(":")[0]), [
    "warn",
    "error",
  ]);
  await worker.stop();

  const broken = bench([]);
  broken.engine.claimErrors = [new Error("permission denied for function claim")];
  await rejects(broken.running, /permission denied/);
  same(broken.worker.state, "stopped");
});

Deno.test("Worker leaves tasks without a handler to others, with growing pauses", async () => {
  const { engine, worker } = bench([]);
  engine.add("unknown");
  engine.add("unknown");
  await until(() => engine.outcomes.length === 2);
  await worker.stop();
  equal(
    engine.outcomes.map((outcome) => outcome.status === "released" && [outcome.reason, outcome.delayMs]),
    [
      ['The worker that claimed it has no handler for task "unknown"', 500],
      ['The worker that claimed it has no handler for task "unknown"', 1_000],
    ],
  );
});

Deno.test("Worker fails an execution whose outcome the database refuses, and settles the others", async () => {
  const { engine, worker } = bench([task({ name: "echo" }, (text: string) => text)]);
  engine.onSettle = (outcomes) => {
    const bad = outcomes.some((outcome) => outcome.status === "completed" && outcome.output.includes("bad"));
    return bad
      ? Promise.reject(new Error("unsupported Unicode escape"))
      : Promise.resolve(engine.accept(outcomes));
  };
  engine.add("echo", { inputs: "good" });
  engine.add("echo", { inputs: "bad" });
  await until(() => engine.outcomes.length === 2);
  await worker.stop();
  const failed = engine.outcomes.find(({ id }) => id === "e2")!;
  same(failed.status === "failed" && failed.error.type, "SettleError");
  match(failed.status === "failed" ? failed.error.message : "", /unsupported Unicode escape/);
});

Deno.test("Worker commits a transactional task with its own writes, and rolls back one that fails", async () => {
  const write = task({ name: "write", transactional: true }, async (fail: boolean, ctx) => {
    const rows = await ctx.sql`select 1`;
    if (fail) throw new Error("no");
    return rows;
  });
  const { engine, worker } = bench([write]);
  engine.add("write", { inputs: false });
  await until(() => engine.outcomes.length === 1);
  engine.add("write", { inputs: true });
  await until(() => engine.outcomes.length === 2);
  await worker.stop();
  equal(engine.calls.filter((call) => ["begin", "commit", "rollback"].includes(call)), [
    "begin",
    "commit",
    "begin",
    "rollback",
  ]);
  equal(engine.outcomes.map(({ status }) => status), ["completed", "failed"]);
});

Deno.test("Worker advances workflows from the start and from a snapshot, and leaves those without a program", async () => {
  const { engine, worker } = bench([]);
  engine.programs = { h1: { code: 1 } };
  const flow = { program: "h1", version: 1, seq: 0, snapshot: null, settled: [], cancelReason: null };
  engine.add("order", { flow });
  engine.add("order", { flow: { ...flow, snapshot: { at: 3 } } });
  engine.add("order", { flow: { ...flow, program: "h2" } });
  await until(() => engine.outcomes.length === 3);
  await worker.stop();
  const byId = Object.fromEntries(engine.outcomes.map((outcome) => [outcome.id, outcome]));
  const ended = { snapshot: null, effects: [], waits: [], released: [] };
  equal(byId.e1, { id: "e1", attempt: 1, seq: 0, status: "completed", output: '"began"', flow: ended });
  equal(byId.e2, { id: "e2", attempt: 1, seq: 0, status: "completed", output: '"resumed"', flow: ended });
  same(byId.e3!.status, "released");
});

Deno.test("Worker warns with the task's name when a handler blocks the event loop", async () => {
  const block = task({ name: "grind" }, () => {
    const end = performance.now() + 600;
    while (performance.now() < end);
  });
  const { engine, worker, lines } = bench([block], { leaseMs: 5_000 });
  engine.add("grind");
  await until(() => engine.outcomes.length === 1);
  await worker.stop();
  match(lines.join("\n"), /warn: task "grind" blocked the event loop for \d+ ms/);
});

Deno.test("Worker registers anew when a claim says that it was given up, and stops what it had in hand", async () => {
  const { engine, worker, lines } = bench([untilStopped]);
  engine.add("patient");
  await until(() => worker.inHand === 1);
  engine.claimErrors = [new Error("given up")];
  await until(() => engine.calls.filter((call) => call === "register").length === 2);
  await until(() => worker.inHand === 0);
  engine.add("patient");
  await until(() => worker.inHand === 1);
  same(worker.state, "running");
  same(lines.filter((line) => line.startsWith("warn: this worker was silent for too long")).length, 1);
  await worker.stop();
  equal(engine.outcomes.map(({ id, status }) => [id, status]), [["e2", "released"]]);
});

Deno.test("Worker says loudly what no worker has a handler for, every so often", async () => {
  const { engine, worker, lines } = bench([], { patienceMs: 150 });
  engine.nobodyRuns = [{ queue: "default", target: "misspelt", executions: 2, seconds: 31 }];
  await until(() => engine.calls.filter((call) => call === "unserved 150").length === 2);
  await worker.stop();
  same(
    lines.find((line) => line.startsWith("error")),
    'error: nobody runs task "misspelt": 2 executions of queue "default" wait, the oldest for 31 s, ' +
      "and no live worker has a handler for it",
  );
});

Deno.test("Worker runs once", async () => {
  const { worker, running } = bench([]);
  await rejects(worker.run(), { code: "WORKER_RAN" });
  await worker.stop();
  await running;
});

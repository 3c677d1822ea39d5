/** Every typed call against the real engine: its rows are what its types say, on a server and embedded. */
import assert from "node:assert/strict";
import { z } from "zod";
import * as executions from "../../src/db/calls/executions.ts";
import * as flows from "../../src/db/calls/flows.ts";
import type { EngineRef } from "../../src/db/calls/engine_ref.ts";
import * as pauses from "../../src/db/calls/pauses.ts";
import * as queues from "../../src/db/calls/queues.ts";
import * as schedules from "../../src/db/calls/schedules.ts";
import * as state from "../../src/db/calls/state.ts";
import * as tasks from "../../src/db/calls/tasks.ts";
import * as worker from "../../src/db/calls/worker.ts";
import { EngineError } from "../../src/db/errors.ts";
import type { JsonObject, JsonValue } from "../../src/shared/json.ts";
import { freshDatabase } from "../support/database.ts";

const json: z.ZodType<JsonValue> = z.json();
const object: z.ZodType<JsonObject> = z.record(z.string(), json);
const count = z.int().min(0);
const before = ["pending", "running", "suspended", "completed", "failed", "cancelled"] as const;
const status = z.enum([...before, "frozen"]);
const type = z.enum(["task", "workflow"]);
const error = z.strictObject({
  type: z.string(),
  message: z.string(),
  code: z.string().optional(),
  data: json.optional(),
  at: z.strictObject({ line: count, column: count }).optional(),
  stack: z.string().optional(),
  executionId: z.uuidv7().optional(),
  target: z.string().optional(),
});

const executionRow: z.ZodType<executions.StoredExecution> = z.strictObject({
  id: z.uuidv7(),
  type,
  target: z.string(),
  status,
  queue: z.string(),
  priority: z.int(),
  inputs: json,
  output: json,
  error: error.nullable(),
  cancelReason: z.string().nullable(),
  attempt: count,
  maxAttempts: count,
  failures: count,
  crashes: count,
  maxCrashes: count,
  metadata: object,
  progress: json,
  checkpoint: json,
  parentId: z.uuidv7().nullable(),
  createdAt: z.date(),
  runAt: z.date().nullable(),
  expiresAt: z.date().nullable(),
  startedAt: z.date().nullable(),
  completedAt: z.date().nullable(),
  note: z.string().nullable(),
  frozenStatus: z.enum(before).nullable(),
  gate: z.int().nullable(),
  pausedAt: z.date().nullable(),
  pausedBy: z.string().nullable(),
  pauseReason: z.string().nullable(),
});

const logRow: z.ZodType<executions.StoredLine> = z.strictObject({
  id: z.string().regex(/^\d+$/),
  executionId: z.uuidv7(),
  at: z.date(),
  level: z.string(),
  message: z.string(),
  data: json,
});

const exchanged: z.ZodType<worker.ExchangeAnswer> = z.strictObject({
  call: count,
  now: count,
  refused: z.array(z.strictObject({ id: z.uuid(), reason: z.string() })),
  declined: z.array(z.uuid()),
  early: z.record(z.string(), z.number()),
  parcels: z.array(z.strictObject({
    common: z.strictObject({
      type,
      target: z.string(),
      queue: z.string(),
      attempt: count,
      max_attempts: count,
      timeout_ms: count.nullish(),
      metadata: object.optional(),
      traceparent: z.string().nullish(),
      cancel_reason: z.string().nullish(),
      program: z.string().optional(),
      version: count.optional(),
    }),
    ids: z.array(z.uuidv7()),
    inputs: z.array(json).nullable(),
    parents: z.array(z.uuidv7().nullable()).optional(),
    states: z.array(z.object({
      seq: count,
      snapshot: json,
      settled: z.array(json),
      seed: z.string().regex(/^-?\d+$/),
      epoch: count,
      cancel_reason: z.string().nullish(),
    })).optional(),
  })),
});

const failedAlone: z.ZodType<worker.FailedAlone> = z.strictObject({
  id: z.uuid(),
  kind: z.enum(["task", "workflow"]),
  target: z.string(),
  queue: z.string(),
  attempt: z.number(),
  traceparent: z.string().nullable(),
  error: z.looseObject({ type: z.string(), message: z.string() }),
});
const ticked: z.ZodType<worker.Ticked> = z.strictObject({
  ms: z.number().nullable(),
  wrote: z.boolean(),
  failed: z.array(failedAlone).nullable(),
});

const beatAnswer: z.ZodType<worker.BeatAnswer> = z.strictObject({
  alive: z.boolean(),
  turn_ms: z.number(),
  stop: z.array(z.strictObject({ id: z.uuidv7(), reason: z.string() })),
  lost: z.array(z.uuid()),
});

const queueRow: z.ZodType<queues.QueueInfo> = z.strictObject({
  queue: z.string(),
  ready: count,
  delayed: count,
  running: count,
  suspended: count,
  oldestAt: z.date().nullable(),
  oldestSeconds: z.number().nullable(),
  workers: count,
  paused: z.boolean(),
  concurrency: count.nullable(),
  perKeyConcurrency: count.nullable(),
  rate: count.nullable(),
  perSeconds: z.number().nullable(),
  perKeyRate: z.number().nullable(),
  perKeyPerSeconds: z.number().nullable(),
  fair: z.boolean(),
});

const workerRow: z.ZodType<state.WorkerInfo> = z.strictObject({
  id: z.uuid(),
  name: z.string(),
  queues: z.array(z.string()),
  startedAt: z.date(),
  beatAt: z.date(),
  leaseUntil: z.date(),
  leaseMs: z.number(),
  sleeping: z.boolean(),
  running: count,
  drainingSince: z.date().nullable(),
  info: object,
});

const flowRow: z.ZodType<flows.FlowInfo> = z.strictObject({
  name: z.string(),
  version: count,
  program: z.string(),
  description: z.string().nullable(),
  options: object,
  inputSchema: json,
  source: z.string(),
  createdAt: z.date(),
  updatedAt: z.date(),
});

const scheduleRow: z.ZodType<schedules.ScheduleInfo> = z.strictObject({
  name: z.string(),
  cron: z.string(),
  timezone: z.string(),
  type,
  target: z.string(),
  nextRunAt: z.date().nullable(),
  lastRunAt: z.date().nullable(),
  lastSlot: z.date().nullable(),
  lastExecutionId: z.uuidv7().nullable(),
  lastError: json,
  paused: z.boolean(),
  overlap: z.enum(["skip", "queue", "allow", "cancel"]),
  catchUp: z.enum(["none", "one", "all"]),
  jitterSeconds: z.number(),
  inputs: json,
  options: object,
  queued: count,
  fired: count,
  skipped: count,
  createdAt: z.date(),
  updatedAt: z.date(),
});

const flowState: z.ZodType<state.FlowState> = z.strictObject({
  name: z.string(),
  version: count,
  source: z.string(),
  code: json,
  snapshot: json,
  waits: json,
});

const greet: flows.FlowRegistration = {
  name: "greet",
  source: 'return await Task.run("hello", {});',
  program: JSON.stringify({ code: [1] }),
  inputSchema: null,
  options: "{}",
  description: "says hello",
  deploy: null,
};

Deno.test("calls of executions give the rows their types say", async () => {
  await using test = await freshDatabase();
  const engine: EngineRef = { on: test.database, schema: test.schema };
  await flows.registerFlow(engine, greet);
  const ids = await executions.createMany(
    engine,
    JSON.stringify([
      { target: "hello", type: "task", inputs: { n: 1 }, metadata: { customer: 7 } },
      { target: "greet", type: "workflow", inputs: {} },
      { target: "hello", type: "task", delay: "1h" },
    ]),
  );
  const [task, flow, late] = z.tuple([z.uuidv7(), z.uuidv7(), z.uuidv7()]).parse(ids);
  const read = z.array(executionRow).parse(await executions.readExecutions(engine, ids));
  assert.deepEqual(read.map((row) => row.id).sort(), [...ids].sort());
  assert.equal(read.find((row) => row.id === late)?.runAt instanceof Date, true);
  const listed = await executions.listExecutions(engine, { metadata: '{"customer": 7}', limit: 10 });
  assert.deepEqual(z.array(executionRow).parse(listed).map((row) => row.id), [task]);
  assert.deepEqual((await executions.readTree(engine, flow)).map((row) => executionRow.parse(row).id), [
    flow,
  ]);
  await executions.watchExecutions(engine, [flow]);
  await executions.sendSignal(engine, { id: flow, name: "go", payload: "{}", idempotencyKey: null });
  assert.equal(await executions.cancelExecution(engine, task, "not wanted"), true);
  assert.equal(await executions.cancelExecution(engine, task, null), false);
  await executions.retryExecution(engine, task);
  const [again] = await executions.readExecutions(engine, [task]);
  assert.equal(again!.status, "pending");
  await assert.rejects(executions.retryExecution(engine, task), EngineError);
});

Deno.test("calls of workers give the rows their types say", async () => {
  await using test = await freshDatabase();
  const engine: EngineRef = { on: test.database, schema: test.schema };
  await tasks.registerTasks(engine, JSON.stringify([{ name: "hello", queue: "default", timeout: "5s" }]));
  const version = await flows.registerFlow(engine, greet);
  const [task, flow] = await executions.createMany(
    engine,
    JSON.stringify([{ target: "hello", type: "task" }, { target: "greet", type: "workflow" }]),
  );
  const me = await worker.registerWorker(engine, {
    name: "me",
    queues: "{default}",
    leaseMs: 5000,
    info: "{}",
  });
  const [known] = z.array(workerRow).parse(await state.readWorkers(engine));
  assert.deepEqual([known!.id, known!.name, known!.leaseMs, known!.queues], [me, "me", 5000, ["default"]]);
  const want = '{"limit": 100, "lease": 10, "targets": ["hello"]}';
  const claimed = exchanged.parse(await worker.exchange(engine, me, { call: 1, ends: "[]", want }));
  assert.deepEqual(claimed.parcels.flatMap(({ ids }) => ids).sort(), [task, flow].sort());
  const begun = claimed.parcels.find(({ common }) => common.type === "workflow")!;
  assert.equal(begun.common.version, version);
  assert.deepEqual([begun.states![0]!.seq, begun.states![0]!.snapshot], [0, null]);

  const alike = await executions.createMany(
    engine,
    JSON.stringify(Array.from({ length: 20 }, (_, n) => ({ target: "hello", type: "task", inputs: n }))),
  );
  const [many, ...none] = (await worker.exchange(engine, me, { call: 2, ends: "[]", want })).parcels;
  assert.deepEqual(none, []);
  assert.deepEqual([many!.ids, many!.inputs], [alike, alike.map((_, n) => n)]);
  const done = { kind: "done", call: 2, ids: alike, outputs: alike.map((_, n) => ({ n })) };
  const third = { call: 3, ends: JSON.stringify([done]), want: "{}" };
  const first = exchanged.parse(await worker.exchange(engine, me, third));
  assert.deepEqual([first.refused, first.declined], [[], []]);
  const again = await worker.exchange(engine, me, third);
  assert.deepEqual([again.refused, again.parcels], [[], []], "the same call gives the same answer");
  const late = await worker.exchange(engine, me, { ...third, call: 4 });
  assert.equal(late.refused.length, 20, "a new call finds them over");

  const child = crypto.randomUUID().replace(/^(.{8})-(.{4})-./, () => `${flow!.slice(0, 13)}-7`)
    .replace(/^(.{19})../, "$180");
  const ends = JSON.stringify([
    { kind: "outcome", id: task, call: 1, status: "completed", output: { said: "hello" } },
    {
      ...{ kind: "outcome", id: flow, call: 1, seq: 0, status: "suspended", snapshot: { at: 1 } },
      effects: [{ type: "run_task", id: child, target: "hello", inputs: {} }],
      waits: [{ mode: "all", ids: [child] }],
    },
  ]);
  const answer = exchanged.parse(await worker.exchange(engine, me, { call: 5, ends, want }));
  assert.deepEqual([answer.refused, answer.declined], [[], []]);
  assert.deepEqual(
    answer.parcels.map(({ common, ids, inputs }) => [common.target, common.timeout_ms, ids, inputs]),
    [["hello", 5_000, [child], null]],
  );
  const where = flowState.parse(await state.readFlowState(engine, flow!));
  assert.deepEqual([where.name, where.snapshot], ["greet", { at: 1 }]);
  assert.equal(await state.readFlowState(engine, task!), null);

  await worker.report(engine, me, {
    lines: JSON.stringify([{ id: child, level: "info", message: "half", data: { n: 1 } }]),
    progress: JSON.stringify({ [child]: 0.5 }),
  });
  assert.deepEqual(
    z.array(logRow).parse(await executions.readLogs(engine, child, null)).map((row) => row.message),
    ["half"],
  );
  const holds = worker.holdsText(new Map([[child, 5], [task!, 1]]));
  const heard = beatAnswer.parse(await worker.beat(engine, me, { holds }));
  assert.deepEqual(heard, { alive: true, turn_ms: 1000, stop: [], lost: [task] });
  const end = JSON.stringify({ id: child, call: 5, status: "completed", output: null });
  assert.deepEqual(await worker.settleOne(engine, me, end), { refused: [], declined: [] });
  assert.equal(ticked.parse(await worker.tick(engine)).wrote, true, "the first tick does the chores");
  const wrote = await Promise.all(
    [1, 2, 3, 4].map(async () => ticked.parse(await worker.tick(engine)).wrote),
  );
  assert.ok(
    wrote.includes(false),
    "with nothing due, and the chores done a moment ago, a tick writes nothing",
  );
  await worker.leave(engine, me);
  assert.deepEqual(await state.readWorkers(engine), []);
  assert.deepEqual(await state.readViolations(engine), []);
});

Deno.test("exchange() waits for the disk, unless it is in a hurry and leases beginnings of flows alone", async () => {
  await using test = await freshDatabase();
  const all = { on: test.database, schema: test.schema };
  await tasks.registerTasks(all, JSON.stringify([{ name: "hello", queue: "default" }]));
  await flows.registerFlow(all, greet);
  const id = await worker.registerWorker(all, { name: "me", queues: "{default}", leaseMs: 5000, info: "{}" });
  let call = 0;
  const claimed = async (targets: string[], hurry?: "beginnings"): Promise<string> => {
    const types: Record<string, string> = { hello: "task", greet: "workflow" };
    const requests = targets.map((target) => ({ target, type: types[target] }));
    await executions.createMany(all, JSON.stringify(requests));
    return await test.database.transaction(async (on) => {
      const given = { call: ++call, ends: "[]", want: '{"limit": 10}' };
      const { parcels } = await worker.exchange({ on, schema: test.schema }, id, given, hurry);
      assert.ok(parcels.flatMap(({ ids }) => ids).length >= targets.length);
      const [row] = await on.query<{ setting: string }>(
        "select current_setting('synchronous_commit') as setting",
      );
      return row!.setting;
    });
  };
  assert.equal(await claimed(["greet", "greet"], "beginnings"), "off");
  assert.equal(await claimed(["greet", "hello"], "beginnings"), "on");
  assert.equal(await claimed(["hello"], "beginnings"), "on");
  assert.equal(await claimed([], "beginnings"), "on");
  assert.equal(await claimed(["greet"]), "on");
  await test.database.script("update rhythm.workflow_state set seq = 1");
  await worker.leave(all, id);
  const other = { name: "other", queues: "{default}", leaseMs: 5000, info: "{}" };
  const next = await worker.registerWorker(all, other);
  const given = { call: 1, ends: "[]", want: '{"limit": 10}' };
  const setting = await test.database.transaction(async (on) => {
    const { parcels } = await worker.exchange({ on, schema: test.schema }, next, given, "beginnings");
    assert.ok(parcels.some(({ common }) => common.type === "workflow"));
    const [row] = await on.query<{ setting: string }>(
      "select current_setting('synchronous_commit') as setting",
    );
    return row!.setting;
  });
  assert.equal(setting, "on", "flows that go on");
});

Deno.test("calls of queues, flows and schedules give the rows their types say", async () => {
  await using test = await freshDatabase();
  const engine: EngineRef = { on: test.database, schema: test.schema };
  await flows.registerFlow(engine, { ...greet, inputSchema: '{"type": "object"}' });
  const [flow] = z.array(flowRow).parse(await flows.listFlows(engine));
  assert.deepEqual(await flows.readProgram(engine, flow!.program), { code: [1] });
  assert.equal(await flows.readProgram(engine, "none"), null);

  await executions.createMany(engine, JSON.stringify([{ target: "hello", type: "task", queue: "mail" }]));
  await queues.configureQueue(engine, "mail", {
    concurrency: 3,
    perKeyConcurrency: 1,
    rate: 10,
    perSeconds: 60,
    perKeyRate: 5,
    perKeyPerSeconds: 30,
    fair: "key",
    weights: { gold: 3 },
  });
  const mails = { kind: "queue", name: "mail" } as const;
  assert.equal(await pauses.pause(engine, mails, { reason: "down", by: "ada" }), true);
  assert.deepEqual((await pauses.listPauses(engine)).map(({ pausedAt: _, ...one }) => one), [
    { kind: "queue", name: "mail", key: null, pausedBy: "ada", reason: "down" },
  ]);
  const mail = z.array(queueRow).parse(await queues.listQueues(engine)).find((row) => row.queue === "mail")!;
  assert.deepEqual([mail.ready, mail.paused, mail.concurrency, mail.perSeconds, mail.perKeyRate, mail.fair], [
    1,
    true,
    3,
    60,
    5,
    true,
  ]);
  assert.equal(await pauses.resume(engine, mails), true);

  const nightly: schedules.ScheduleRequest = {
    name: "nightly",
    cron: "0 3 * * *",
    target: "greet",
    inputs: "{}",
    type: "workflow",
    timezone: "Europe/Berlin",
    overlap: "skip",
    catchUp: "one",
    jitterSeconds: 90,
    options: "{}",
  };
  z.date().parse(await schedules.schedule(engine, nightly));
  const [row] = z.array(scheduleRow).parse(await schedules.listSchedules(engine));
  assert.deepEqual([row!.jitterSeconds, row!.timezone, row!.paused], [90, "Europe/Berlin", false]);
  assert.equal(await schedules.pauseSchedule(engine, "nightly"), true);
  z.date().parse(await schedules.resumeSchedule(engine, "nightly"));
  z.uuidv7().parse(await schedules.triggerSchedule(engine, "nightly"));
  const span = { from: new Date("2026-01-01T00:00:00Z"), to: new Date("2026-01-03T00:00:00Z") };
  z.array(z.uuidv7()).length(2).parse(await schedules.backfillSchedule(engine, "nightly", span));
  assert.equal(await schedules.unschedule(engine, "nightly"), true);
  assert.equal(await schedules.unschedule(engine, "nightly"), false);
});

// What edit, rewind, fork, migrate, repair and retry do to children, timers and signals: each cell of the table in
// docs/guides/history.md.
import { deepStrictEqual as equal, notDeepStrictEqual as differ, ok, rejects } from "node:assert/strict";
import { type Execution, type ExecutionRef, task } from "../../mod.ts";
import { until } from "../support/until.ts";
import { type TestApp, testApp } from "./support.ts";

const source = `let bad = "bad"
const ended = await Task.run("count", "ended")
const under = Task.run("count", "under way", { queue: "held" })
const keyed = Task.run("count", "keyed", { queue: "held", idempotencyKey: "under " + Inputs.n })
const long = Timer.delay(3600)
const short = Timer.delay(0.2)
const word = await Signal.next("go")
const first = [Math.random(), crypto.randomUUID()]
const since = Task.run("count", "since", { queue: "held" })
const own = Task.run("count", "own", { queue: "held", idempotencyKey: "since " + Inputs.n })
const done = await Task.run("count", "done", { idempotencyKey: "done " + Inputs.n })
await short
const end = await Signal.next("end")
if (end === bad) throw new Error(bad + Math.random() + " " + crypto.randomUUID())
const all = await Promise.all([under, keyed, since, own])
return { word, end, ended, done, all }`;

/** The step after which the flow waits in line 7; then it waits in line 13. */
const GO = 2;

let counted: string[] = [];
const count = task({ name: "count" }, (what: string) => {
  counted.push(what);
  return what;
});

async function waiting({ rhythm }: TestApp, run: ExecutionRef, line: number): Promise<void> {
  await until(async () => {
    const { status, error } = (await rhythm.executions.get(run))!;
    ok(status !== "failed" && status !== "cancelled", JSON.stringify(error));
    return status === "suspended" &&
      ((await rhythm.executions.history(run)).at(-1)?.to.includes(line) ?? false);
  });
}

/** The children of a workflow by their input; the newest of each. */
async function children({ rhythm }: TestApp, run: ExecutionRef): Promise<Record<string, Execution>> {
  const { executions } = await rhythm.executions.query({ parent: run });
  return Object.fromEntries(
    executions.toSorted((a, b) => a.id < b.id ? -1 : 1).map((one) => [one.inputs as string, one]),
  );
}

async function timers({ rhythm }: TestApp, run: ExecutionRef): Promise<(Date | string | undefined)[]> {
  const reasons = await rhythm.executions.explain(run);
  return reasons.filter(({ reason }) => reason === "timer").map(({ until }) => until);
}

/** A flow that has come to line 13, where it waits for its last signal. */
async function scene(app: TestApp, n: number): Promise<{ run: string; before: Record<string, Execution> }> {
  counted = [];
  const { flows, signals, workflows } = app.rhythm;
  await flows.register({ name: "acts", source });
  const { id } = await workflows.start("acts", { n });
  await waiting(app, id, 7);
  await signals.send({ execution: id, name: "go", payload: "first" });
  await waiting(app, id, 13);
  return { run: id, before: await children(app, id) };
}

/** Lets everything end, and gives the output. */
async function finish(app: TestApp, run: string): Promise<Record<string, unknown>> {
  await app.rhythm.signals.send({ execution: run, name: "end", payload: "last" });
  const { status, output, error } = await app.rhythm.executions.wait(run, { timeout: "1m" });
  equal([status, error], ["completed", null]);
  equal(await app.rhythm.executions.checkHistory(run), []);
  return output as Record<string, unknown>;
}

const OUTPUT = {
  ...{ word: "first", end: "last", ended: "ended", done: "done" },
  all: ["under way", "keyed", "since", "own"],
};

Deno.test("edit(): children, timers and signals go on as they are", async () => {
  await using app = await testApp({ tasks: [count] });
  app.work();
  const { run, before } = await scene(app, 1);
  const due = await timers(app, run);
  const plan = await app.rhythm.executions.edit(run, { set: { word: "edited" }, dryRun: true });
  equal(plan, {
    changes: [{
      ...{ function: "main", line: { from: 13, to: 13 } },
      variables: { word: { from: "first", to: "edited" } },
    }],
    ...{ cancels: [], goesOn: [] },
  });
  const step = await app.rhythm.executions.edit(run, { set: { word: "edited" } });
  equal(await children(app, run), before);
  equal(await timers(app, run), due);
  equal((await app.rhythm.executions.history(run)).at(-1)!.step, step);
  app.work({ queues: ["held"] });
  equal(await finish(app, run), { ...OUTPUT, word: "edited" });
  equal(counted.toSorted(), ["done", "ended", "keyed", "own", "since", "under way"]);
});

Deno.test("rewind(): what was under way goes on, what has begun since is cancelled or stays in the list", async () => {
  await using app = await testApp({ tasks: [count] });
  const { executions } = app.rhythm;
  app.work();
  const { run, before } = await scene(app, 2);
  const past = await executions.at(run, (await executions.history(run)).at(-1)!.step);
  const due = await timers(app, run);
  const plan = await executions.rewind(run, { step: GO, set: { ended: "other" }, dryRun: true });
  equal(plan.changes.map(({ line, variables }) => [line, variables.ended]), [[
    { from: 13, to: 7 },
    { from: "ended", to: "other" },
  ]]);
  equal(plan.cancels.map(({ id }) => id).sort(), [before.since!.id, before.own!.id].sort());
  equal(plan.goesOn.map(({ kind, name }) => name ?? kind).sort(), ["count", "count", "go", "timer", "timer"]);
  equal(await children(app, run), before, "a dry run changes nothing");
  equal((await executions.history(run)).at(-1)!.step, past.step);
  await executions.rewind(run, { step: GO });
  // The signal that it took since is taken again, and so is the end of the short timer.
  await waiting(app, run, 13);
  const after = await children(app, run);
  for (const name of ["ended", "under way", "keyed"]) equal(after[name], before[name], name);
  for (const name of ["since", "own"]) {
    const { status, cancelReason } = (await executions.get(before[name]!.id))!;
    equal([name, status, cancelReason], [
      name,
      "cancelled",
      "its workflow was put back to an earlier step",
    ]);
    equal(after[name]!.status, "pending", `${name} began again`);
  }
  equal((await executions.get(before.done!.id))!.status, "completed", "what has ended stays in the list");
  equal(counted, ["ended", "done"], "what has its key does not run again");
  equal(await timers(app, run), due, "timers keep their time");
  const now = await executions.at(run, (await executions.history(run)).at(-1)!.step);
  differ(now.fibres[0]!.variables.first, past.fibres[0]!.variables.first, "others from there on");
  app.work({ queues: ["held"] });
  equal(await finish(app, run), OUTPUT);
  equal(counted.toSorted(), ["done", "ended", "keyed", "own", "since", "under way"]);
});

Deno.test("fork(): what was under way begins again, and what ended stays the past of the other one", async () => {
  await using app = await testApp({ tasks: [count] });
  const { executions, signals } = app.rhythm;
  app.work();
  const { run, before } = await scene(app, 3);
  const { id, starts } = await executions.fork(run, { step: GO });
  const fork = id!;
  equal(starts.map(({ kind, name }) => [kind, name ?? ""]).sort(), [
    ["signal", "go"],
    ["task", "count"],
    ["task", "count"],
    ["timer", ""],
    ["timer", ""],
  ]);
  const own = await children(app, fork);
  equal(Object.keys(own).sort(), ["keyed", "under way"], "what had ended belongs to the other one");
  for (const [name, { id, status, queue }] of Object.entries(own)) {
    ok(id !== before[name]!.id);
    equal([status, queue], ["pending", "held"], "it begins again, and is not a waiter for a key");
  }
  // The signal stays with the other workflow.
  await waiting(app, fork, 7);
  await signals.send({ execution: fork, name: "go", payload: "first" });
  await waiting(app, fork, 13);
  equal(await children(app, run), before, "the other one stays as it is");
  const views = await Promise.all([run, fork].map(async (one) => {
    const steps = await executions.history(one);
    return (await executions.at(one, steps.at(-1)!.step)).fibres[0]!.variables.first;
  }));
  differ(views[0], views[1], "other random numbers and ids");
  const due = await timers(app, run);
  equal(await timers(app, fork), due, "with the same time");
  app.work({ queues: ["held"] });
  equal([await finish(app, run), await finish(app, fork)], [OUTPUT, OUTPUT]);
  // "since", "own" and "done" have keys of the flow or none: those with a key run once for both.
  equal(counted.toSorted(), [
    "done",
    "ended",
    "keyed",
    "keyed",
    "own",
    "since",
    "since",
    "under way",
    "under way",
  ]);
});

/** Lets an operation do all of it. */
async function work({ rhythm: { operations } }: TestApp, { id }: { id: string }): Promise<void> {
  while ((await operations.get(id)).state === "running") await operations.work(id);
}

/** `epoch`: how often its ids and random numbers were renewed; those of another epoch are others. */
async function column(app: TestApp, run: string, name: "epoch" | "version"): Promise<number> {
  const { database, schema } = app.database;
  const text = `select coalesce(${name}, 0) as n from ${schema}.execution where id = $1`;
  return Number((await database.query(text, [run]))[0]!.n);
}

/** The signals that a workflow has taken. */
async function taken({ database: { database, schema } }: TestApp, run: string): Promise<unknown[]> {
  const rows = await database.query(
    `select name from ${schema}.signal where execution_id = $1 and taken_by is not null order by id`,
    [run],
  );
  return rows.map(({ name }) => name);
}

/** A flow that has failed in line 14, in the step that took its last signal. */
async function failure(app: TestApp, n: number): Promise<{ run: string; before: Record<string, Execution> }> {
  const { run, before } = await scene(app, n);
  await app.rhythm.signals.send({ execution: run, name: "end", payload: "bad" });
  equal((await app.rhythm.executions.wait(run, { timeout: "1m" })).status, "failed");
  return { run, before };
}

Deno.test("migrate(): children, timers, signals and keys go on as they are, in the other version", async () => {
  await using app = await testApp({ tasks: [count] });
  const { executions, flows, workflows } = app.rhythm;
  app.work();
  const { run, before } = await scene(app, 6);
  const { id: early } = await workflows.start("acts", { n: 66 }, { delay: "1h" });
  const { run: failed } = await failure(app, 666);
  const due = await timers(app, run);
  const [epoch, step] = [await column(app, run, "epoch"), (await executions.history(run)).at(-1)!.step];
  const { version } = await flows.register({ name: "acts", source: `// Another one.\n${source}` });
  const { operation } = await executions.migrate({ target: "acts" }, { note: "why", by: "ada" });
  await work(app, operation);
  equal((await app.rhythm.operations.get(operation.id)).done, 2, "it waits, or has not begun");
  // What failed goes over if the filter says so.
  const failures = await executions.migrate({ target: "acts", status: "failed" });
  await work(app, failures.operation);
  equal((await app.rhythm.operations.get(failures.operation.id)).done, 1);

  counted = [];
  app.work({ queues: ["held"] });
  equal(await finish(app, run), OUTPUT);
  const acts = (await executions.history(run)).filter(({ act }) => act !== "step");
  equal(acts.map(({ act, by, note, step, from, to }) => ({ act, by, note, step, from, to })), [{
    ...{ act: "migrated", by: "ada", note: `operation ${operation.id}: why`, step: step + 1 },
    ...{ from: [13], to: [14] },
  }]);
  const after = await children(app, run);
  equal(Object.keys(after).length, Object.keys(before).length, "it has begun nothing again");
  for (const [name, { id }] of Object.entries(before)) equal(after[name]!.id, id, name);
  equal(
    counted.filter((what) => what === "ended" || what === "done"),
    [],
    "what has ended does not run again",
  );
  equal(await taken(app, run), ["go", "end"]);
  equal(await column(app, run, "epoch"), epoch + 1, "other random numbers and ids");
  ok(due.length === 1 && due[0] !== undefined);
  await executions.change(early, { delay: 0 });
  await waiting(app, early, 8);
  for (const one of [run, early]) equal(await column(app, one, "version"), version);
  await executions.retry(failed);
  equal((await executions.wait(failed, { timeout: "1m" })).error!.at, { line: 15, column: 24 });
});

Deno.test("repair(): goes on with other variables; children, timers and keys go on, its last signal is taken again", async () => {
  await using app = await testApp({ tasks: [count] });
  const { executions } = app.rhythm;
  app.work();
  const { run, before } = await failure(app, 7);
  equal(await children(app, run), before, "what was under way when it failed stays so");
  const epoch = await column(app, run, "epoch");
  const { operation } = await executions.repair({ target: "acts", status: "failed" }, {
    ...{ set: { bad: "none" }, note: "why", by: "ada" },
  });
  await work(app, operation);
  await waiting(app, run, 15);
  equal(await children(app, run), before);
  equal(await taken(app, run), ["go", "end"]);
  equal(await column(app, run, "epoch"), epoch + 1, "other random numbers and ids");
  const steps = await executions.history(run);
  const act = steps.find(({ act }) => act !== "step")!;
  equal([act.act, act.by, act.note], ["repaired", "ada", `operation ${operation.id}: why`]);
  equal(steps.at(-1)!.took.map(({ name }) => name), ["end"]);
  app.work({ queues: ["held"] });
  const { output } = await executions.wait(run, { timeout: "1m" });
  equal(output, { ...OUTPUT, end: "bad" });
  equal(counted.toSorted(), ["done", "ended", "keyed", "own", "since", "under way"]);
  equal(await executions.checkHistory(run), []);

  // What waits is patched, too, and its timers keep their time.
  const { run: waits, before: its } = await scene(app, 77);
  const due = await timers(app, waits);
  const patched = await executions.repair({ ids: [waits] }, { set: { word: "patched" } });
  await work(app, patched.operation);
  equal(await timers(app, waits), due);
  equal(Object.keys(await children(app, waits)), Object.keys(its));
  equal(await finish(app, waits), { ...OUTPUT, word: "patched" });
});

Deno.test("retry(): the step in which it failed is taken again: the same random numbers, other ids, no act", async () => {
  await using app = await testApp({ tasks: [count] });
  const { executions } = app.rhythm;
  app.work();
  const { run, before } = await failure(app, 8);
  const first = (await executions.get(run))!.error!.message;
  const step = (await executions.history(run)).at(-1)!.step;
  const epoch = await column(app, run, "epoch");
  await executions.retry(run);
  const { status, error } = await executions.wait(run, { timeout: "1m" });
  equal(status, "failed", "nothing has changed, so it fails in the same place");
  const [random, id] = first.split(" ");
  const again = error!.message.split(" ");
  equal(again[0], random);
  differ(again[1], id);
  equal(await column(app, run, "epoch"), epoch);
  equal(await children(app, run), before);
  equal(await taken(app, run), ["go", "end"]);
  const steps = await executions.history(run);
  ok(steps.every(({ act }) => act === "step"));
  equal(
    [steps.at(-1)!.step, steps.some((one) => one.step === step)],
    [step + 1, false],
    "its number is missing",
  );
  await executions.edit(run, { set: { bad: "none" } });
  await executions.retry(run);
  await waiting(app, run, 15);
  equal((await timers(app, run)).length, 1, "the long timer goes on");
  app.work({ queues: ["held"] });
  equal((await executions.wait(run, { timeout: "1m" })).output, { ...OUTPUT, end: "bad" });
  equal(counted.toSorted(), ["done", "ended", "keyed", "own", "since", "under way"]);
});

Deno.test("retry(): a child that made it fail runs again, and so does what was cancelled with it", async () => {
  let isBroken = true;
  let breaks = 0;
  const flaky = task({ name: "flaky" }, (what: string) => {
    if (what === "breaks") breaks++;
    if (what === "breaks" && isBroken) throw new Error("no");
    return what;
  });
  await using app = await testApp({ tasks: [count, flaky] });
  const { executions, flows, workflows } = app.rhythm;
  app.work();
  await flows.register({
    name: "f",
    source: `const ended = await Task.run("flaky", "ends")
return ended + await Task.run("flaky", "breaks", { idempotencyKey: "the key" })`,
  });
  const { id } = await workflows.start("f");
  equal((await executions.wait(id, { timeout: "1m" })).status, "failed");
  const before = await children(app, id);
  isBroken = false;
  await executions.retry(id);
  equal((await executions.wait(id, { timeout: "1m" })).output, "endsbreaks");
  const after = await children(app, id);
  equal([after.ends, after.breaks!.id], [before.ends, before.breaks!.id]);
  equal([before.breaks!.attempt, after.breaks!.attempt], [1, 2]);
  const other = await workflows.start("f");
  equal(await other.result({ timeout: "1m" }), "endsbreaks", "the key is kept");
  equal(breaks, 2, "so it has not run again");

  const { run, before: its } = await scene(app, 9);
  const due = await timers(app, run);
  await executions.cancel(run);
  equal((await executions.wait(run, { timeout: "1m" })).status, "cancelled");
  for (const name of ["under way", "keyed", "since", "own"]) {
    equal((await executions.get(its[name]!.id))!.status, "cancelled", name);
  }
  await executions.retry(run);
  await waiting(app, run, 13);
  equal(await timers(app, run), due);
  app.work({ queues: ["held"] });
  equal(await finish(app, run), OUTPUT);
  for (const [name, { id }] of Object.entries(await children(app, run))) equal(id, its[name]!.id, name);
  equal(counted.toSorted(), ["done", "ended", "keyed", "own", "since", "under way"]);
});

Deno.test("edit(), rewind(), fork(): in which state a workflow may be", async () => {
  await using app = await testApp({ tasks: [count] });
  const { executions, flows, workflows } = app.rhythm;
  app.work();
  const end = async (name: string, text: string): Promise<string> => {
    await flows.register({ name, source: `let n = 1\nawait Timer.delay(0)\n${text}` });
    const { id } = await workflows.start(name);
    await executions.wait(id, { timeout: "1m" });
    return id;
  };
  const completed = await end("completes", "return n");
  const failed = await end("fails", "if (n === 1) throw new Error('no')\nreturn n");
  await flows.register({ name: "waits", source: "let n = 1\nawait Signal.next('go')\nreturn n" });
  const { id: cancelled } = await workflows.start("waits");
  await waiting(app, cancelled, 2);
  await executions.cancel(cancelled);
  for (const run of [completed, failed, cancelled]) {
    const { id } = await executions.fork(run, { step: 1, set: { n: 2 } });
    if (run === cancelled) await app.rhythm.signals.send({ execution: id!, name: "go" });
    equal((await executions.wait(id!, { timeout: "1m" })).output, 2);
  }
  await rejects(
    executions.edit(completed, { set: { n: 2 }, dryRun: true }),
    /it is completed and has no state/,
  );
  await rejects(executions.rewind(completed, { step: 1, dryRun: true }), /it is completed and has no state/);
  await rejects(executions.rewind(failed, { step: 9, dryRun: true }), /has no step 9/);
  await rejects(executions.edit(completed, { set: { n: 2 } }), /it is completed and has no state to change/);
  await rejects(executions.rewind(completed, { step: 1 }), /it is completed and has no state to change/);
  await executions.rewind(failed, { step: 1, set: { n: 3 } });
  equal((await executions.wait(failed, { timeout: "1m" })).output, 3);
});

Deno.test("POST /api/executions/:id/edit, rewind, fork do what the calls do", async () => {
  await using app = await testApp({ tasks: [count] });
  const { executions, flows, signals, workflows } = app.rhythm;
  app.work();
  await flows.register({ name: "waits", source: "let n = 1\nawait Signal.next('go')\nreturn n" });
  const { id } = await workflows.start("waits");
  await waiting(app, id, 2);
  const ask = async (verb: string, body: object): Promise<[number, Record<string, unknown>]> => {
    const answer = await app.rhythm.fetch(
      new Request(`http://host/api/executions/${id}/${verb}`, {
        method: "POST",
        headers: { authorization: `Bearer ${app.rhythm.token}`, "content-type": "application/json" },
        body: JSON.stringify(body),
      }),
    );
    return [answer.status, await answer.json()];
  };
  const changes = [{ function: "main", line: { from: 2, to: 2 }, variables: { n: { from: 1, to: 2 } } }];
  equal(await ask("edit", { set: { n: 2 }, dryRun: true }), [200, {
    change: null,
    changes,
    cancels: [],
    goesOn: [],
  }]);
  equal(await ask("edit", { set: { n: 2 }, note: "why" }), [200, { change: 2 }]);
  const [, planned] = await ask("rewind", { step: 1, set: { n: 3 }, dryRun: true });
  equal([planned.change, planned.cancels], [null, []]);
  equal(await ask("rewind", { step: 1, set: { n: 3 } }), [200, { change: 3 }]);
  const [status, dry] = await ask("fork", { step: 3, dryRun: true });
  equal([status, dry.id, (dry.starts as { kind: string }[]).map(({ kind }) => kind)], [200, null, [
    "signal",
  ]]);
  const [, { id: fork }] = await ask("fork", { step: 3, set: { n: 4 } });
  for (const execution of [id, fork as string]) await signals.send({ execution, name: "go" });
  equal((await executions.wait(id, { timeout: "1m" })).output, 3);
  equal((await executions.wait(fork as string, { timeout: "1m" })).output, 4);
  equal((await ask("edit", { set: { n: 2 } }))[0], 409);
});

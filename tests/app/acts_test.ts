// What edit, rewind and fork do to children, timers and signals: each line of the table in docs/guides/history.md.
import { deepStrictEqual as equal, notDeepStrictEqual as differ, ok, rejects } from "node:assert/strict";
import { type Execution, type ExecutionRef, task } from "../../mod.ts";
import { until } from "../support/until.ts";
import { type TestApp, testApp } from "./support.ts";

const source = `const ended = await Task.run("count", "ended")
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
const all = await Promise.all([under, keyed, since, own])
return { word, end, ended, done, all }`;

/** The steps after which the flow waits in line 6, and in line 12. */
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

/** A flow that has come to line 12, where it waits for its last signal. */
async function scene(app: TestApp, n: number): Promise<{ run: string; before: Record<string, Execution> }> {
  counted = [];
  const { flows, signals, workflows } = app.rhythm;
  await flows.register({ name: "acts", source });
  const { id } = await workflows.start("acts", { n });
  await waiting(app, id, 6);
  await signals.send({ execution: id, name: "go", payload: "first" });
  await waiting(app, id, 12);
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
      ...{ function: "main", line: { from: 12, to: 12 } },
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
    { from: 12, to: 6 },
    { from: "ended", to: "other" },
  ]]);
  equal(plan.cancels.map(({ id }) => id).sort(), [before.since!.id, before.own!.id].sort());
  equal(plan.goesOn.map(({ kind, name }) => name ?? kind).sort(), ["count", "count", "go", "timer", "timer"]);
  equal(await children(app, run), before, "a dry run changes nothing");
  equal((await executions.history(run)).at(-1)!.step, past.step);
  await executions.rewind(run, { step: GO });
  // The signal that it took since is taken again, and so is the end of the short timer.
  await waiting(app, run, 12);
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
  await waiting(app, fork, 6);
  await signals.send({ execution: fork, name: "go", payload: "first" });
  await waiting(app, fork, 12);
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

// Workflows that go on in another version of their flow.
import assert from "node:assert/strict";
import { type ExecutionRef, type Run, task } from "../../mod.ts";
import { compileFlow } from "../../src/flow/mod.ts";
import { until } from "../support/until.ts";
import { type TestApp, testApp } from "./support.ts";

const price = task({ name: "price" }, ({ item }: { item: string }) => item === "pen" ? 2 : 250);

async function work({ rhythm: { operations } }: TestApp, id: string): Promise<void> {
  while ((await operations.get(id)).state === "running") await operations.work(id);
}

async function untilWaits({ rhythm }: TestApp, run: ExecutionRef, line: number): Promise<void> {
  await until(async () => {
    const { status } = (await rhythm.executions.get(run))!;
    assert.notEqual(status, "failed");
    return status === "suspended" &&
      (await rhythm.executions.history(run)).at(-1)?.to.includes(line) === true;
  });
}

Deno.test("migrate(): workflows go on in the new version from where they stand; others stay", async () => {
  await using app = await testApp({ tasks: [price] });
  const { executions, flows, workflows, signals } = app.rhythm;
  await flows.register({
    name: "buy",
    source: `const amount = await Task.run("price", Inputs)
await Signal.next("go")
return { amount, tax: 0 }`,
  });
  app.work();
  const runs = await Promise.all(["pen", "desk"].map((item) => workflows.start("buy", { item })));
  for (const run of runs) await untilWaits(app, run, 2);
  const { version } = await flows.register({
    name: "buy",
    source: `// With a tax.
const amount = await Task.run("price", Inputs)

await Signal.next("go")
return { amount, tax: amount / 10, version: Context.version }`,
  });

  const { operation: dry, places } = await executions.migrate({ target: "buy" }, { dryRun: true });
  assert.equal(dry.done, 2);
  assert.deepEqual(places, [{
    ...{ version: 1, lines: [2], sources: ['await Signal.next("go")'], toLines: [4] },
    ...{ toSources: ['await Signal.next("go")'], how: "sure", why: null, result: "would", executions: 2 },
    example: places[0]!.example,
  }]);
  const { operation } = await executions.migrate({ target: "buy", metadata: {} }, { note: "tax" });
  await work(app, operation.id);
  for (const run of runs) {
    await signals.send({ execution: run, name: "go", payload: 1 });
    const { amount, ...rest } = await run.result({ timeout: "2m" }) as { amount: number };
    assert.deepEqual(rest, { tax: amount / 10, version });
    const acts = (await executions.history(run)).filter(({ act }) => act !== "step");
    assert.deepEqual(acts.map(({ act, note, from, to }) => ({ act, note, from, to })), [{
      ...{ act: "migrated", note: `operation ${operation.id}: tax`, from: [2], to: [4] },
    }]);
    assert.equal((await executions.at(run, 1)).version, 1);
    assert.equal((await executions.at(run, acts[0]!.step)).version, version);
    assert.deepEqual(await executions.checkHistory(run), []);
  }
});

Deno.test("rewind(): to a step before a migration is to the version of then", async () => {
  await using app = await testApp({});
  const { executions, flows, workflows, signals } = app.rhythm;
  const source = `await Signal.next("one")
await Signal.next("two")
await Signal.next("three")
return Context.version`;
  await flows.register({ name: "f", source });
  app.work();
  const run = await workflows.start("f");
  await untilWaits(app, run, 1);
  await signals.send({ execution: run, name: "one", payload: 1 });
  await untilWaits(app, run, 2);
  await flows.register({ name: "f", source: `// Another one.\n${source}` });
  await work(app, (await executions.migrate({ target: "f" })).operation.id);
  await signals.send({ execution: run, name: "two", payload: 1 });
  await untilWaits(app, run, 4);
  await executions.rewind(run, { step: 1 });
  await untilWaits(app, run, 3);
  await signals.send({ execution: run, name: "three", payload: 1 });
  assert.equal(await run.result({ timeout: "2m" }), 1);
  assert.deepEqual(await executions.checkHistory(run), []);
});

Deno.test("migrate(): what is likely needs accept or set, what is nowhere a map; SQL does it with the registration", async () => {
  await using app = await testApp({ tasks: [price] });
  const { executions, flows, workflows, signals, operations } = app.rhythm;
  const body = (first: string, second: string): string =>
    `const who = Inputs.who
if (who === "a") await Signal.next("go")
${first}
${second}
return who`;
  await flows.register({
    name: "f",
    source: body("await Signal.next('two')", "if (who === 'c') await Signal.next('three')"),
  });
  app.work();
  const [a, b, c, d] = await Promise.all(["b", "c", "a", "x"].map(async (who) => {
    const run = await workflows.start("f", { who });
    await untilWaits(app, run, who === "a" ? 2 : 3);
    return run;
  })) as [Run, Run, Run, Run];
  await signals.send({ execution: b, name: "two" });
  await untilWaits(app, b, 4);
  await flows.register({
    name: "f",
    source: `const who = Inputs.who
const more = "new"
if (who === "a") await Signal.next("go")
const got = await Signal.next('two', { timeout: "1h" })
return who + more`,
  });
  const [row] = await app.database.database.query<{ id: string }>(
    "select rhythm.migrate('f', dry_run => true, p_by => 'ada') as id".replaceAll(
      "rhythm.",
      `${app.database.schema}.`,
    ),
    [],
  ) as [{ id: string }];
  await work(app, row.id);
  const told = (await operations.places(row.id)).map(({ lines, toLines, how, why, executions }) => ({
    lines,
    toLines,
    how,
    why,
    executions,
  }));
  assert.deepEqual(told, [
    { lines: [2], toLines: [3], how: "likely", why: '"more" has no value there', executions: 1 },
    { lines: [3], toLines: [4], how: "likely", why: '"more" has no value there', executions: 2 },
    { lines: [4], toLines: [null], how: "none", why: "its statement is gone, or another one", executions: 1 },
  ]);
  // Nothing is sure, so everything stays.
  const { operation: none } = await executions.migrate({ target: "f" });
  await work(app, none.id);
  assert.deepEqual((await operations.acts(none.id)).map(({ result }) => result), Array(4).fill("refused"));
  // A value for the variable makes the unchanged statement sure, and a map tells the others where to go on.
  const { operation } = await executions.migrate({ target: "f" }, {
    set: { more: "!" },
    map: { 3: 4, 4: 4 },
  });
  await work(app, operation.id);
  assert.equal((await operations.get(operation.id)).done, 4);
  for (const run of [a, d]) await signals.send({ execution: run, name: "two" });
  await signals.send({ execution: b, name: "three" });
  await signals.send({ execution: c, name: "go" });
  await signals.send({ execution: c, name: "two" });
  const results = await Promise.all([a, b, c, d].map((run) => run.result({ timeout: "2m" })));
  assert.deepEqual(results, ["b!", "c!", "a!", "x!"]);
  for (const run of [a, b, c, d]) assert.deepEqual(await executions.checkHistory(run), []);
});

Deno.test("migrate(): the deploy of the guide, as it stands there, in one transaction", async () => {
  await using app = await testApp({ tasks: [price] });
  const { executions, flows, workflows, signals, operations } = app.rhythm;
  const { database, schema } = app.database;
  await flows.register({ name: "order", source: 'await Signal.next("go")\nreturn 1' });
  await database.query("create table invoice (id integer)", []);
  app.work();
  const run = await workflows.start("order");
  await untilWaits(app, run, 1);

  const source = '// Discounts.\nawait Signal.next("go")\nreturn 2';
  const { program } = compileFlow({ name: "order.flow", source });
  const guide = await Deno.readTextFile(new URL("../../docs/guides/migrate.md", import.meta.url));
  const [, text] = /```text\nbegin;\n([^`]+?)commit;\n```/.exec(guide)!;
  const deploy = text!.replace("$flow$…$flow$", `$flow$${source}$flow$`)
    .replace("$program$…$program$", () => `$program$${JSON.stringify(program)}$program$`)
    .replaceAll("rhythm.", `${schema}.`);
  await assert.rejects(
    database.transaction(async (tx) => {
      await tx.script(deploy);
      throw new Error("rolled back");
    }),
    /rolled back/,
  );
  assert.deepEqual([(await flows.versions("order")).length, (await operations.list()).length], [1, 0]);
  await database.transaction((tx) => tx.script(deploy));
  const { id } = (await operations.list())[0]!;
  await work(app, id);
  await signals.send({ execution: run, name: "go" });
  assert.equal(await run.result({ timeout: "2m" }), 2);
  assert.deepEqual(await executions.checkHistory(run), []);
  assert.deepEqual(await database.query("select discount from invoice", []), []);
});

Deno.test("migrate(): a workflow in a worker's memory hears of it with its next step", async () => {
  const open: (() => void)[] = [];
  const slow = task({ name: "slow" }, () => new Promise<string>((done) => open.push(() => done("ok"))));
  await using app = await testApp({ tasks: [slow] });
  const { executions, flows, workflows } = app.rhythm;
  await flows.register({ name: "f", source: 'const one = await Task.run("slow")\nreturn "old " + one' });
  const early = await workflows.start("f", {}, { delay: "1h" });
  app.work();
  const warm = await workflows.start("f", {});
  await until(() => open.length === 1);
  await flows.register({ name: "f", source: 'const one = await Task.run("slow")\nreturn "new " + one' });
  const { operation } = await executions.migrate({ target: "f" });
  await work(app, operation.id);
  open.pop()!();
  assert.equal(await warm.result({ timeout: "2m" }), "new ok");
  assert.equal((await app.rhythm.operations.get(operation.id)).done, 2);
  await executions.cancel(early);
});

Deno.test("repair(): what failed is patched, goes to the mended version, and ends", async () => {
  await using app = await testApp({ tasks: [price] });
  const { executions, flows, workflows, operations } = app.rhythm;
  await flows.register({
    name: "buy",
    source: `const { amount } = { amount: await Task.run("price", Inputs) }
return Inputs.customer.name + " pays " + amount`,
  });
  app.work();
  const runs = await Promise.all([1, 2, 3].map((n) => workflows.start("buy", { item: "pen", n })));
  for (const run of runs) assert.equal((await executions.wait(run, { timeout: "2m" })).status, "failed");
  const failed = { target: "buy", status: "failed", line: 2 } as const;
  assert.equal((await executions.repair({ ...failed, line: 3 }, { to: 1, dryRun: true })).operation.done, 0);
  await flows.register({
    name: "buy",
    source: `const { amount } = { amount: await Task.run("price", Inputs) }
return (Inputs.customer?.name ?? "Somebody") + " pays " + amount`,
  });
  const { places } = await executions.repair(failed, { to: 2, dryRun: true });
  assert.deepEqual(places.map(({ lines, toLines, how, executions }) => [lines, toLines, how, executions]), [[
    [1],
    [1],
    "sure",
    3,
  ]]);
  const { operation } = await executions.repair(failed, { to: 2, note: "no customer", by: "ada" });
  await work(app, operation.id);
  for (const run of runs) {
    assert.equal(await run.result({ timeout: "2m" }), "Somebody pays 2");
    const act = (await executions.history(run)).find(({ act }) => act !== "step")!;
    assert.deepEqual([act.act, act.by, act.note], [
      "repaired",
      "ada",
      `operation ${operation.id}: no customer`,
    ]);
    assert.deepEqual(await executions.checkHistory(run), []);
  }
  assert.equal((await operations.get(operation.id)).done, 3);
});

Deno.test("repair(): variables alone, in the version that they run", async () => {
  const pay = task(
    { name: "pay", retry: { maxAttempts: 1 } },
    ({ amount }: { amount: number }) => `paid ${amount}`,
  );
  await using app = await testApp({ tasks: [price, pay] });
  const { executions, flows, operations, signals, workflows } = app.rhythm;
  await flows.register({
    name: "buy",
    source: `let limit = 100
let amount = await Task.run("price", Inputs)
if (amount > limit) throw new RangeError("too much")
return await Task.run("pay", { amount })`,
  });
  app.work();
  const run = await workflows.start("buy", { item: "desk" });
  assert.equal((await executions.wait(run, { timeout: "2m" })).status, "failed");
  const { operation } = await executions.repair({ target: "buy", status: "failed" }, {
    set: { limit: 1000 },
  });
  await work(app, operation.id);
  assert.equal(await run.result({ timeout: "2m" }), "paid 250");
  await assert.rejects(executions.repair({ target: "buy" }, {}), /repair needs "set", "to", or both/);

  // What waits and is paused goes on, patched.
  await flows.register({ name: "hold", source: 'let limit = 1\nawait Signal.next("go")\nreturn limit' });
  const [held, other] = [await workflows.start("hold"), await workflows.start("hold")];
  for (const one of [held, other]) {
    await untilWaits(app, one, 2);
    await signals.send({ execution: one, name: "go" }).catch(() => {});
  }
  await other.result({ timeout: "2m" });
  const paused = await workflows.start("hold");
  await untilWaits(app, paused, 2);
  await executions.pause(paused, { reason: "look first" });
  const resumed = await executions.repair({ target: "hold", paused: true }, {
    set: { limit: 7 },
    then: "resume",
  });
  await work(app, resumed.operation.id);
  assert.equal((await operations.get(resumed.operation.id)).done, 1);
  assert.equal((await executions.get(paused))!.pausedAt, null);
  await signals.send({ execution: paused, name: "go" });
  assert.equal(await paused.result({ timeout: "2m" }), 7);
  assert.equal(await held.result({ timeout: "2m" }), 1);
});

Deno.test("repair(): a migration that no worker has applied yet says that it was refused", async () => {
  await using app = await testApp({ tasks: [] });
  const { executions, flows, operations, signals, workflows } = app.rhythm;
  await flows.register({ name: "hold", source: 'let limit = 1\nawait Signal.next("go")\nreturn limit' });
  app.work();
  const run = await workflows.start("hold");
  await untilWaits(app, run, 2);
  await flows.register({ name: "hold", source: 'let limit = 1\nawait Signal.next("go")\nreturn limit + 1' });
  const { operation: moved } = await executions.migrate({ target: "hold" });
  await work(app, moved.id);
  assert.equal((await operations.get(moved.id)).done, 1);
  const { operation: repaired } = await executions.repair({ target: "hold" }, { set: { limit: 5 } });
  await work(app, repaired.id);
  const { done, refused } = await operations.get(moved.id);
  assert.deepEqual([done, refused], [0, 1]);
  const [act] = await operations.acts(moved.id);
  assert.match(act!.detail!, /changed it before a worker had applied this/);
  await signals.send({ execution: run, name: "go" });
  assert.equal(await run.result({ timeout: "2m" }), 5);
});

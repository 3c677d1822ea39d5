// Questions to workflows: run.ask(), and what becomes of a question whatever becomes of the workflow or the caller.
import { deepStrictEqual as equal, notDeepStrictEqual as differ, ok, rejects } from "node:assert/strict";
import { type Ask, type ExecutionRef, Rhythm, task } from "../../mod.ts";
import { type Question, workflow } from "../../src/steps/mod.ts";
import { onEmbedded } from "../support/database.ts";
import { until } from "../support/until.ts";
import { type TestApp, testApp } from "./support.ts";

const price = task({ name: "price" }, (item: string) => {
  if (item === "moon") throw new RangeError("not for sale");
  return item === "desk" ? 250 : 2;
});

const SHOP = `let sold = 0
while (true) {
  const call = await Signal.next("quote")
  if (call.payload === "end") {
    call.reply("closed")
    break
  }
  try {
    call.reply({ price: await Task.run("price", call.payload), nth: ++sold })
  } catch (error) {
    call.reject(error)
  }
}
return sold`;

async function shop(app: TestApp): Promise<string> {
  await app.rhythm.flows.register({ name: "shop", source: SHOP });
  return (await app.rhythm.workflows.start("shop")).id;
}

async function waiting({ rhythm }: TestApp, run: ExecutionRef): Promise<void> {
  await until(async () => (await rhythm.executions.get(run))!.status === "suspended");
}

async function asksOf({ database: { database, schema } }: TestApp): Promise<Record<string, unknown>[]> {
  return await database.query(
    `select id::text, status, answer, error from ${schema}.asks order by asks.id`,
    [],
  );
}

Deno.test("run.ask(): a flow replies, rejects, and answers several in order", async () => {
  await using app = await testApp({ tasks: [price] });
  const { executions, flows, signals, workflows } = app.rhythm;
  await flows.register({ name: "shop", source: SHOP });
  app.work();
  const run = await workflows.start("shop");
  // Before it waits for one, too.
  equal(await run.ask("quote", "desk"), { price: 250, nth: 1 });
  const answers = await Promise.all(
    ["pen", "desk", "pen"].map((item) => run.ask("quote", item, { timeout: "1m" })),
  );
  equal(answers.map((answer) => (answer as { price: number }).price), [2, 250, 2]);
  const rejected = await run.ask("quote", "moon").catch((error) => error);
  equal([rejected.name, rejected.code, rejected.ask.status], [
    "AskRejectedError",
    "ASK_REJECTED",
    "rejected",
  ]);
  equal(rejected.message, `Workflow "shop" (${run.id}) rejected "quote": RangeError: not for sale`);
  equal(await signals.ask({ execution: run, name: "quote", payload: "end" }), "closed");
  equal(await run.result({ timeout: "1m" }), 4);
  equal(await executions.checkHistory(run), []);
  const steps = await executions.history(run);
  equal(steps.find(({ took }) => took.some(({ kind }) => kind === "signal"))!.took[0]!.asked, true);
  ok(steps.some(({ started }) => started.some(({ kind }) => kind === "answer")));
});

Deno.test("run.ask(): the same key is the same question and answer, for another caller and after the end, too", async () => {
  await using app = await testApp({ tasks: [price] });
  const { signals, workflows } = app.rhythm;
  const id = await shop(app);
  const run = { execution: id, name: "quote", payload: "desk" };
  // Nobody works, so this caller gives up. Nothing is lost.
  const late = await signals.ask(run, { timeout: 0.05, idempotencyKey: "k" }).catch((error) => error);
  equal([late.name, late.code], ["AskTimeoutError", "ASK_TIMEOUT"]);
  const open = (await signals.getAsk(late.askId))!;
  equal([open.status, open.taken, open.payload, open.answer, open.error, open.idempotencyKey], [
    ...["open", false, "desk", null, null, "k"],
  ]);
  app.work();
  const both = await Promise.all([1, 2].map(() => signals.ask(run, { timeout: "1m", idempotencyKey: "k" })));
  equal(both, [{ price: 250, nth: 1 }, { price: 250, nth: 1 }]);
  await signals.ask({ ...run, payload: "end" });
  await app.rhythm.executions.wait(id, { timeout: "1m" });
  equal(await signals.ask({ ...run, payload: "changed" }, { idempotencyKey: "k" }), { price: 250, nth: 1 });
  const answered = (await signals.getAsk(late.askId)) as Ask;
  equal([answered.status, answered.answer, answered.taken], ["answered", { price: 250, nth: 1 }, true]);
  await rejects(signals.ask(run), { name: "ExecutionStateError" });
  equal(await signals.getAsk("999999"), null);
  await rejects(
    signals.ask({ ...run, name: "other" }, { idempotencyKey: "k" }),
    /belongs to the question "quote"/,
  );
  const { id: other } = await workflows.start("shop");
  await signals.send({ execution: other, name: "quote" }, { idempotencyKey: "sent" });
  await rejects(
    signals.ask({ execution: other, name: "quote" }, { idempotencyKey: "sent" }),
    /belongs to a signal that nobody waits to be answered/,
  );
});

Deno.test({
  name: "run.ask(): a caller that asks in another process gets the answer, and hears of it at once",
  ignore: onEmbedded,
  fn: async () => {
    await using app = await testApp({ tasks: [price] });
    const id = await shop(app);
    await using caller = await Rhythm.init({
      databaseUrl: app.database.url,
      listenUrl: app.database.direct,
      autoMigrate: false,
      log: { level: "silent" },
    });
    const asked = caller.signals.ask({ execution: id, name: "quote", payload: "pen" }, { timeout: "1m" });
    await until(async () => (await asksOf(app)).length === 1);
    // It has looked, and looks again after a while only.
    await new Promise((done) => setTimeout(done, 2_100));
    app.work();
    await until(async () => (await asksOf(app))[0]!.status === "answered");
    const began = performance.now();
    equal(await asked, { price: 2, nth: 1 });
    ok(performance.now() - began < 900, "it did not wait for the next look");
  },
});

Deno.test("rhythm.ask() in a transaction: run.ask() with its key waits for the same question; one that is rolled back is none", async () => {
  await using app = await testApp({ tasks: [price] });
  const id = await shop(app);
  const { database, schema } = app.database;
  const asks = `select ${schema}.ask($1::text::uuid, 'quote', '"desk"', idempotency_key => $2)`;
  await rejects(
    database.transaction(async (tx) => {
      await tx.query(asks, [id, "lost"]);
      throw new Error("rolled back");
    }),
    /rolled back/,
  );
  equal(await asksOf(app), []);
  await database.transaction(async (tx) => void await tx.query(asks, [id, "order 7"]));
  app.work();
  const question = { execution: id, name: "quote", payload: "desk" };
  const key = { idempotencyKey: "order 7", timeout: "1m" } as const;
  equal(await app.rhythm.signals.ask(question, key), { price: 250, nth: 1 });
  equal((await asksOf(app)).length, 1);
});

Deno.test("a flow that takes a question as a bare signal leaves it open, and a person can answer it", async () => {
  await using app = await testApp();
  const { rhythm } = app;
  // It takes the question and never replies, as a flow does whose worker knows no questions.
  await rhythm.flows.register({
    name: "old",
    source: 'const { item } = (await Signal.next("quote")).payload\nawait Signal.next("end")\nreturn item',
  });
  app.work();
  const run = await rhythm.workflows.start("old");
  const asked = run.ask("quote", { item: "desk" }, { timeout: "1m" });
  await until(async () => (await asksOf(app))[0]?.status === "open");
  await until(async () => (await rhythm.signals.getAsk(String((await asksOf(app))[0]!.id)))!.taken);
  equal(await rhythm.signals.answer(String((await asksOf(app))[0]!.id), 40), true);
  equal(await asked, 40);
});

Deno.test("run.ask(): a workflow that ends, fails or is cancelled leaves a question unanswered, with a sentence", async () => {
  await using app = await testApp({ tasks: [price] });
  const { executions, flows, workflows } = app.rhythm;
  app.work();
  await flows.register({
    name: "silent",
    source: `const call = await Signal.next("q")
if (call.payload === "fail") throw new Error("no")
if (call.payload === "wait") {
  try { await Signal.next("never") } finally { await Timer.delay(0); call.reply("cleaned up") }
}`,
  });
  const unanswered = async (payload: string): Promise<string> => {
    const run = await workflows.start("silent");
    const error = await run.ask("q", payload, { timeout: "1m" }).catch((error) => error);
    equal([error.name, error.code, error.ask?.status], [
      "AskUnansweredError",
      "ASK_UNANSWERED",
      "unanswered",
    ]);
    return error.message.replace(run.id, "…");
  };
  equal(await unanswered("end"), 'Workflow "silent" (…) is completed and has not answered "q"');
  equal(await unanswered("fail"), 'Workflow "silent" (…) has failed and has not answered "q"');
  const idle = await workflows.start("silent", {}, { delay: "1h" });
  const asked = idle.ask("q", 1, { timeout: "1m" }).catch((error) => error.message);
  await until(async () => (await asksOf(app)).length === 3);
  await idle.cancel();
  equal(await asked, `Workflow "silent" (${idle.id}) was cancelled and has not answered "q"`);
  // While it cleans up, it may answer.
  const cleaning = await workflows.start("silent");
  const last = cleaning.ask("q", "wait", { timeout: "1m" });
  await until(async () =>
    (await executions.explain(cleaning)).some(({ reason }) => reason === "signal") &&
    (await asksOf(app)).length === 4
  );
  await until(async () => (await executions.history(cleaning)).length === 2);
  await cleaning.cancel();
  equal(await last, "cleaned up");
});

Deno.test("rewind(), edit(), fork(), retry(): who answers a question", async () => {
  await using app = await testApp({ tasks: [price] });
  const { executions, flows, signals, workflows } = app.rhythm;
  app.work();
  await flows.register({
    name: "asked",
    source: `let said = "first"
const call = await Signal.next("q")
await Signal.next("go")
if (said === "fail") throw new Error("no")
call.reply(said)
await Signal.next("end")`,
  });
  const begin = async (): Promise<{ id: string; answer: Promise<unknown> }> => {
    const run = await workflows.start("asked");
    await waiting(app, run);
    const answer = run.ask("q", null, { timeout: "1m" });
    answer.catch(() => {});
    await until(async () => (await executions.history(run)).length === 2);
    await waiting(app, run);
    return { id: run.id, answer };
  };
  const go = (id: string): Promise<void> => signals.send({ execution: id, name: "go" });

  // Rewound before it took the question, it takes it again.
  const rewound = await begin();
  await executions.rewind(rewound.id, { step: 1, set: { said: "again" } });
  await until(async () => (await executions.history(rewound.id)).at(-1)!.to.includes(3));
  await go(rewound.id);
  equal(await rewound.answer, "again");
  // Rewound behind an answer, it gives another, and the first one stays.
  await until(async () => (await executions.history(rewound.id)).at(-1)!.to.includes(6));
  await executions.rewind(rewound.id, { step: 1, set: { said: "third" } });
  await until(async () => (await executions.history(rewound.id)).at(-1)!.to.includes(6));
  const [first] = await asksOf(app);
  equal([first!.status, first!.answer], ["answered", "again"]);
  equal(await executions.checkHistory(rewound.id), []);

  // A fork has the call, and does not answer in the name of the other.
  const edited = await begin();
  await executions.edit(edited.id, { set: { said: "edited" } });
  const { id: fork } = await executions.fork(edited.id, { step: 2, set: { said: "forked" } });
  await go(fork!);
  await until(async () => (await executions.history(fork!)).at(-1)!.to.includes(6));
  equal((await asksOf(app))[1]!.status, "open");
  await go(edited.id);
  equal(await edited.answer, "edited");

  // Failed: the caller is told. Retried, it answers whoever asks again.
  const failed = await begin();
  await executions.edit(failed.id, { set: { said: "fail" } });
  await go(failed.id);
  await rejects(failed.answer, { code: "ASK_UNANSWERED" });
  await executions.edit(failed.id, { set: { said: "retried" } });
  await executions.retry(failed.id);
  await until(async () => (await asksOf(app))[2]!.status === "answered");
  equal((await asksOf(app))[2]!.answer, "retried");

  // A frozen copy shows the same history.
  const file = await executions.export(edited.id);
  await signals.send({ execution: edited.id, name: "end" });
  await executions.wait(edited.id, { timeout: "1m" });
  await executions.delete(edited.id);
  await executions.import(file);
  equal(await executions.checkHistory(edited.id), []);
  const copy = (await asksOf(app)).find(({ answer }) => answer === "edited")!;
  equal(copy.status, "answered");
});

Deno.test("ctx.nextSignal(): a workflow in TypeScript answers, once, also if it runs again from its top", async () => {
  let runs = 0;
  const quotes = workflow("quotes", async (ctx) => {
    runs++;
    const plain = await ctx.nextSignal<object>("plain");
    for (;;) {
      const call = await ctx.nextSignal<Question<string>>("quote");
      if (call.payload === "end") {
        await call.reply();
        return plain;
      }
      const cost = await ctx.run({ task: "price" }, call.payload).catch(async (error) => {
        await call.reject(error);
      });
      if (cost !== undefined) await call.reply({ cost });
      await call.reply("too late");
    }
  });
  await using app = await testApp({ tasks: [price], workflows: [quotes] });
  const { executions, signals } = app.rhythm;
  app.work();
  const run = await app.rhythm.workflows.start("quotes");
  // A payload that looks like what marks a question comes as it was sent.
  const odd = { "#ask": "x", payload: 1 };
  await run.signal("plain", odd);
  equal(await run.ask("quote", "desk", { timeout: "1m", idempotencyKey: "one" }), { cost: 250 });
  const rejected = await run.ask("quote", "moon", { timeout: "1m" }).catch((error) => error);
  equal([rejected.code, rejected.ask?.error.message], ["ASK_REJECTED", "not for sale"]);
  equal(await signals.ask({ execution: run, name: "quote", payload: "end" }, { timeout: "1m" }), null);
  equal(await run.result({ timeout: "1m" }), odd);
  ok(runs > 3, "it ran from its top again");
  equal(await run.ask("quote", "desk", { idempotencyKey: "one" }), { cost: 250 });
  const names = (await executions.history(run)).flatMap(({ took }) => took.map(({ name }) => name));
  equal(names.filter((name) => name?.startsWith("answer to")).length, 3);
  differ(names, []);
});

Deno.test("POST /api/executions/:id/asks/:name answers, or says with 202 where to look; GET looks", async () => {
  await using app = await testApp({ tasks: [price] });
  const { rhythm } = app;
  const id = await shop(app);
  const call = async (
    token: string,
    path: string,
    body?: object,
  ): Promise<[number, Record<string, unknown>, string | null]> => {
    const answer = await rhythm.fetch(
      new Request(`http://host/api/executions/${path}`, {
        method: body === undefined ? "GET" : "POST",
        headers: { authorization: `Bearer ${token}`, "content-type": "application/json" },
        ...(body && { body: JSON.stringify(body) }),
      }),
    );
    return [answer.status, await answer.json(), answer.headers.get("location")];
  };
  const body = { payload: "desk", idempotencyKey: "k", timeout: 0 };
  const [status, open, location] = await call(rhythm.token, `${id}/asks/quote`, body);
  equal([status, open.status, location, open.answer], [202, "open", open.id, null]);
  equal(
    new URL(location!, `http://host/rhythm/api/executions/${id}/asks/quote`).pathname,
    `/rhythm/api/executions/${id}/asks/${open.id}`,
  );
  app.work();
  const [done, answered, nowhere] = await call(rhythm.token, `${id}/asks/quote`, { ...body, timeout: 60 });
  equal([done, answered.id, answered.status, answered.answer, nowhere], [
    ...[200, open.id, "answered", { price: 250, nth: 1 }, null],
  ]);
  equal((await call(rhythm.token, `${id}/asks/${open.id}`)).slice(0, 2), [200, answered]);
  const [, rejected] = await call(rhythm.token, `${id}/asks/quote`, { payload: "moon" });
  equal([rejected.status, (rejected.error as Error).message], ["rejected", "not for sale"]);

  // Whoever may not see values sees that it was answered. A viewer asks nothing.
  const hidden = await rhythm.tokens.create("hidden", { role: "viewer", metadataOnly: true });
  const [, seen] = await call(hidden, `${id}/asks/${rejected.id}`);
  equal([seen.status, seen.payload, (seen.error as Error).message], [
    "rejected",
    { $: "hidden" },
    "(hidden)",
  ]);
  equal((await call(hidden, `${id}/asks/${open.id}`))[1].answer, { $: "hidden" });
  equal((await call(hidden, `${id}/asks/quote`, {}))[0], 403);
  const { id: other } = await rhythm.workflows.start("shop");
  for (const path of [`${other}/asks/${open.id}`, `${id}/asks/999999`, `${id}/asks/quote`]) {
    const [code, answer] = await call(rhythm.token, path);
    equal([code, (answer.error as { code: string }).code], [404, "ASK_NOT_FOUND"]);
  }
  await call(rhythm.token, `${id}/asks/quote`, { payload: "end" });
  await rhythm.executions.wait(id, { timeout: "1m" });
  equal((await call(rhythm.token, `${id}/asks/quote`, {}))[0], 409);
  equal((await call(rhythm.token, `${id}/asks/quote`, { ...body, timeout: 1 }))[1].answer, {
    price: 250,
    nth: 1,
  });
});

// Tasks whose handlers are somewhere else: pushTask() calls, serveTasks() answers.
import {
  deepStrictEqual as equal,
  match,
  ok,
  rejects,
  strictEqual as same,
  throws,
} from "node:assert/strict";
import { NonRetryableError, pushTask, serveTasks, type Task, task, type TaskContext } from "../../mod.ts";
import { signatureOf } from "../../src/app/push/message.ts";
import { until } from "../support/until.ts";
import { type TestApp, testApp } from "./support.ts";

const SECRET = "a secret for these tests";

interface Input {
  readonly act: string;
}

class OutOfStock extends Error {
  override readonly name = "OutOfStock";
  readonly code = "OUT_OF_STOCK";
  readonly data = { left: 0 };
}

/** A function: it counts its calls, and knows those that were stopped. */
interface Place extends AsyncDisposable {
  readonly seen: { calls: number; stopped: string[]; contexts: TaskContext[] };
  readonly answer: (request: Request) => Promise<Response>;
  readonly url: string;
}

function place(): Place {
  const seen: Place["seen"] = { calls: 0, stopped: [], contexts: [] };
  const handler = async ({ act }: Input, ctx: TaskContext): Promise<unknown> => {
    seen.calls++;
    seen.contexts.push(ctx);
    ctx.log.warn("acts", { act });
    ctx.progress({ act });
    if (act === "fail") throw new OutOfStock("nothing left");
    if (act === "final") throw new NonRetryableError("never");
    if (act === "large") return "x".repeat(1_100_000);
    if (act === "again") {
      if (ctx.lastCheckpoint !== undefined) return ctx.lastCheckpoint;
      await ctx.checkpoint({ page: 7 });
      throw new Error("once");
    }
    if (act === "wait") {
      await new Promise((resolve) => ctx.signal.addEventListener("abort", resolve, { once: true }));
      seen.stopped.push(String(ctx.signal.reason));
      ctx.signal.throwIfAborted();
    }
    return { act, id: ctx.executionId, attempt: ctx.attempt, by: ctx.metadata.by };
  };
  const answer = serveTasks({
    tasks: [task({ name: "act" }, handler)],
    secret: ["an older secret 0000", SECRET],
  });
  const server = Deno.serve(
    { port: 0, hostname: "127.0.0.1", onListen: () => {} },
    (request) => answer(request),
  );
  const url = `http://127.0.0.1:${server.addr.port}/tasks`;
  return { seen, answer, url, [Symbol.asyncDispose]: () => server.shutdown() };
}

async function caller(url: string, more: object = {}): Promise<TestApp & { act: Task<Input, unknown> }> {
  const act = pushTask<Input, unknown>({
    name: "act",
    url,
    secret: SECRET,
    retry: { maxAttempts: 2, initial: 0.01 },
    ...more,
  });
  const app = await testApp({ tasks: [act] });
  app.work();
  return { ...app, act };
}

Deno.test("pushTask() runs a handler elsewhere, with its context, log lines and progress", async () => {
  await using far = place();
  await using app = await caller(far.url);
  const run = await app.act.queue({ act: "go" }, { metadata: { by: "ada" } });
  equal(await run.result({ timeout: "1m" }), { act: "go", id: run.id, attempt: 1, by: "ada" });
  same(far.seen.calls, 1);
  same(far.seen.contexts[0]!.taskName, "act");
  equal((await run.get()).progress, { act: "go" });
  await until(async () => (await app.rhythm.executions.logs(run.id)).length === 1);
  const [line] = await app.rhythm.executions.logs(run.id);
  equal([line!.level, line!.message, line!.data], ["warn", "acts", { act: "go" }]);
});

Deno.test("pushTask() fails with what the handler threw, and repeats it by the policy of the caller", async () => {
  await using far = place();
  await using app = await caller(far.url);
  const failed = await (await app.act.queue({ act: "fail" })).result({ timeout: "1m" }).then(
    () => undefined,
    (error) => error,
  );
  same(far.seen.calls, 2);
  match(failed.message, /nothing left/);
  const { error, attempt } = (await app.rhythm.executions.query({ status: "failed" })).executions[0]!;
  equal([error!.type, error!.code, error!.data, attempt], ["OutOfStock", "OUT_OF_STOCK", { left: 0 }, 2]);
  await rejects((await app.act.queue({ act: "final" })).result({ timeout: "1m" }), /never/);
  same(far.seen.calls, 3, "it says that another attempt would not help");
  equal(
    await (await app.act.queue({ act: "again" })).result({ timeout: "1m" }),
    { page: 7 },
    "the next attempt has it",
  );
  const large = await (await app.act.queue({ act: "large" })).result({ timeout: "1m" }).then(
    () => "",
    String,
  );
  match(large, /1048576 are allowed/);
});

Deno.test("pushTask(): the other side hears of a cancellation and of a timeout", async () => {
  await using far = place();
  await using app = await caller(far.url, { timeout: "300ms", retry: { maxAttempts: 1 } });
  const late = (await app.act.queue({ act: "wait" })).result({ timeout: "1m" });
  await rejects(late, /longer than its timeout of 0.3 s/);
  await until(() => far.seen.stopped.length === 1);
  await using patient = await caller(far.url);
  const run = await patient.act.queue({ act: "wait" });
  await until(() => far.seen.calls === 2);
  await run.cancel();
  await rejects(run.result({ timeout: "1m" }), /cancelled/i);
  await until(() => far.seen.stopped.length === 2);
  same((await run.get()).status, "cancelled");
});

Deno.test("pushTask(): a function that is away, or no longer has the task, is called again", async () => {
  let answer: (request: Request) => Promise<Response> = () =>
    Promise.resolve(new Response("starting", { status: 503 }));
  let calls = 0;
  await using server = Deno.serve({ port: 0, hostname: "127.0.0.1", onListen: () => {} }, (request) => {
    if (++calls === 3) answer = serveTasks({ tasks: [task({ name: "act" }, () => "there")], secret: SECRET });
    return calls === 2 ? Response.json({ status: "completed" }) : answer(request);
  });
  const url = `http://127.0.0.1:${server.addr.port}/`;
  await using app = await caller(url, { retry: { maxAttempts: 5, initial: 0.01 } });
  same(await (await app.act.queue({ act: "go" })).result({ timeout: "1m" }), "there");
  same(calls, 3);
});

Deno.test("serveTasks() refuses what is not signed, old, changed, too large, or for a task that it has not", async () => {
  await using far = place();
  const request = {
    v: 1,
    task: "act",
    executionId: "e",
    attempt: 1,
    metadata: {},
    inputs: { act: "go" },
    timeoutMs: null,
  };
  const ask = async (
    given: object,
    how: { secret?: string; age?: number; id?: string; sent?: string } = {},
  ): Promise<number> => {
    const { secret = SECRET, age = 0, id = "e.1" } = how;
    const body = JSON.stringify(given);
    const timestamp = String(Math.floor(Date.now() / 1000) - age);
    const headers = {
      "webhook-id": id,
      "webhook-timestamp": timestamp,
      "webhook-signature": signatureOf(secret, { id, timestamp, body }),
    };
    const response = await far.answer(
      new Request(far.url, { method: "POST", headers, body: how.sent ?? body }),
    );
    await response.body?.cancel();
    return response.status;
  };
  equal(
    [
      await ask(request),
      await ask(request, { secret: "an older secret 0000" }),
      await ask(request, { secret: "a secret of nobody's" }),
      await ask(request, { age: 400 }),
      await ask(request, { age: -400 }),
      await ask(request, { sent: JSON.stringify({ ...request, inputs: { act: "fail" } }) }),
      await ask(request, { id: "e.2" }),
      await ask({ ...request, v: 2 }),
      await ask({ ...request, task: "other" }),
      await ask({ ...request, inputs: "x".repeat(5_000_000) }),
    ],
    [200, 200, 401, 401, 401, 401, 400, 400, 404, 413],
  );
  same(far.seen.calls, 2);
  const bare = await far.answer(new Request(far.url));
  same(bare.status, 405);
  const unsigned = await far.answer(new Request(far.url, { method: "POST", body: "{}" }));
  same(unsigned.status, 401);
  ok(!(await unsigned.text()).includes(SECRET));
});

Deno.test("pushTask() and serveTasks() refuse what could not work, at once", () => {
  const url = "https://example.org/tasks";
  throws(() => pushTask({ name: "a", url, secret: "short" }), /"secret" must have at least 16 characters/);
  throws(() => pushTask({ name: "a", url: "ftp://example.org", secret: SECRET }), /"url" must be https/);
  throws(
    () => pushTask({ name: "a", url, secret: SECRET, transactional: true } as never),
    /pushTask\(\) has no option "transactional"/,
  );
  throws(() => serveTasks({ tasks: [], secret: "short" }), /at least 16 characters/);
  const batch = task({ name: "b", batch: { size: 2 } }, (many: number[]) => many);
  throws(
    () => serveTasks({ tasks: [batch], secret: SECRET }),
    /task "b" has the option "batch", for which it needs a worker/,
  );
});

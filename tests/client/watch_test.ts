import { systemClock } from "../../src/runtime/clock.ts";
import { deepStrictEqual as equal, rejects, strictEqual as same, throws } from "node:assert/strict";
import { type Execution, type Task, task } from "../../mod.ts";
import { ClientCore } from "../../src/client/core.ts";
import { Executions } from "../../src/client/executions.ts";
import type { Database } from "../../src/db/database.ts";
import { testApp } from "../app/support.ts";

const nobody = "00000000-0000-7000-8000-000000000000";

/** A task whose progress is what the test says next; nothing said is its end. */
function told(): { load: Task<null, string>; say: (value: number | undefined) => void } {
  let gate = Promise.withResolvers<number | undefined>();
  const next = async (): Promise<number | undefined> => {
    const value = await gate.promise;
    gate = Promise.withResolvers();
    return value;
  };
  const load = task({ name: "load" }, async (_: null, ctx) => {
    for (let value = await next(); value !== undefined; value = await next()) ctx.progress(value);
    return "loaded";
  });
  return { load, say: (value) => gate.resolve(value) };
}

async function seeing(
  stream: AsyncIterator<Execution>,
  holds: (execution: Execution) => boolean,
): Promise<Execution> {
  for (;;) {
    const { value, done } = await stream.next();
    if (done) throw new Error("It ended before");
    if (holds(value)) return value;
  }
}

Deno.test("run.watch() is told of progress and of the end, and gives each change once", async () => {
  const { load, say } = told();
  await using app = await testApp({ tasks: [load] });
  const run = await load.queue(null);
  // Whoever is not told finds it out in ten minutes.
  const stream = run.watch({ every: "10m", timeout: "1m" })[Symbol.asyncIterator]();
  equal((await stream.next()).value.status, "pending");
  app.work();
  say(1);
  same((await seeing(stream, ({ progress }) => progress === 1)).status, "running");
  // The quick looks of the beginning are over then.
  await new Promise((resolve) => setTimeout(resolve, 1_500));
  const seen = stream.next();
  say(2);
  same((await seen).value.progress, 2);
  const last = stream.next();
  say(undefined);
  const { status, output, progress } = (await last).value;
  equal([status, output, progress], ["completed", "loaded", 2]);
  same((await stream.next()).done, true);
});

Deno.test("run.watch() looks by itself where nothing is told", async () => {
  const { load, say } = told();
  await using app = await testApp({ tasks: [load] });
  const { database, schema } = app.database;
  const deaf: Database = {
    kind: database.kind,
    url: database.url,
    query: (text, params) => database.query(text, params),
    script: (text) => database.script(text),
    transaction: (work) => database.transaction(work),
    listen: () => Promise.reject(new Error("LISTEN is not supported behind this pooler")),
    close: () => database.close(),
  };
  const core = new ClientCore({ database: deaf, schema, clock: systemClock });
  const run = await load.queue(null);
  const stream = new Executions(core).watch(run, { every: "20ms", timeout: "1m" })[Symbol.asyncIterator]();
  app.work();
  say(1);
  await seeing(stream, ({ progress }) => progress === 1);
  say(undefined);
  await seeing(stream, ({ status }) => status === "completed");
  same((await stream.next()).done, true);
  await core.close();
});

Deno.test("run.watch() ends with the caller's signal, the time, the application, and says what does not exist", async () => {
  await using app = await testApp({ tasks: [] });
  const { executions, tasks } = app.rhythm;
  const run = await tasks.queue("waits");
  const all = async (stream: AsyncIterable<Execution>): Promise<void> => {
    for await (const _ of stream);
  };
  await rejects(all(executions.watch(nobody)), { name: "ExecutionNotFoundError", code: "RH002" });
  await rejects(all(run.watch({ timeout: "50ms" })), { code: "WAIT_TIMEOUT" });
  await rejects(all(run.watch({ signal: AbortSignal.timeout(50) })), { name: "TimeoutError" });
  throws(
    () => run.watch({ evry: "1s" } as never),
    /run\.watch\(\) has no option "evry"\. Did you mean "every"\?/,
  );
  throws(() => executions.watch("x"), { code: "INVALID_ID" });
  const closed = rejects(all(run.watch()), { code: "CLOSED" });
  await new Promise((resolve) => setTimeout(resolve, 50));
  await app.rhythm.close();
  await closed;
});

// Deno's sanitizers look at what is left.
Deno.test("run.watch() leaves nothing behind when the caller stops looking", async () => {
  await using app = await testApp({ tasks: [] });
  const run = await app.rhythm.tasks.queue("waits");
  for await (const { status } of run.watch()) {
    same(status, "pending");
    break;
  }
});

import { deepStrictEqual as equal, strictEqual as same } from "node:assert/strict";
import { type TestApp, testApp } from "./support.ts";
import { until } from "../support/until.ts";

const script = new URL("./fixtures/worker_process.ts", import.meta.url).pathname;

// A short lease for the one that dies or freezes only: a busy machine may hold up the other one for seconds.
function startProcess(databaseUrl: string, grace: string, lease = "15s"): Deno.ChildProcess {
  const args = ["run", "-A", "--no-check", script, databaseUrl, grace, lease];
  return new Deno.Command(Deno.execPath(), { args, stdout: "piped", stderr: "inherit" }).spawn();
}

// "running" is what the database says; a worker that has not read that yet when it is told to stop hands the task back.
async function begun(process: Deno.ChildProcess): Promise<void> {
  const reader = process.stdout.getReader();
  const { value } = await reader.read();
  same(new TextDecoder().decode(value), "begun\n");
  reader.releaseLock();
}

async function workers(app: TestApp): Promise<number> {
  const [row] = await app.database.sql`select count(*)::integer as alive from rhythm.workers`;
  return row!.alive;
}

Deno.test("a worker's process ends with code 0 after SIGTERM, its task finished", async () => {
  await using app = await testApp();
  const process = startProcess(app.database.url, "5s");
  const run = await app.rhythm.tasks.queue("slow", { ms: 700 });
  await begun(process);
  process.kill("SIGTERM");
  same((await process.status).code, 0);
  equal([(await run.get()).status, (await run.get()).output], ["completed", process.pid]);
});

Deno.test("a worker's process that heeds signals ends with code 0 while it has not reached its database yet", async () => {
  const silent = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const process = startProcess(`postgres://nobody@127.0.0.1:${silent.addr.port}/none`, "5s");
  const connection = await silent.accept();
  process.kill("SIGTERM");
  same((await process.status).code, 0);
  connection.close();
  silent.close();
});

Deno.test("a worker's process hands back at SIGINT what outlives the grace time", async () => {
  await using app = await testApp();
  const process = startProcess(app.database.url, "100ms");
  const run = await app.rhythm.tasks.queue("slow", { ms: 60_000 });
  await begun(process);
  process.kill("SIGINT");
  same((await process.status).code, 0);
  equal([(await run.get()).status, (await run.get()).attempt], ["pending", 0]);
});

Deno.test("a killed worker's task is run again by another, and the attempt counts", async () => {
  await using app = await testApp();
  const first = startProcess(app.database.url, "5s", "2s");
  const run = await app.rhythm.tasks.queue("slow", { ms: 2_500 }, { retry: { initial: 0.05 } });
  await until(async () => (await run.get()).status === "running");
  first.kill("SIGKILL");
  await first.status;
  const second = startProcess(app.database.url, "5s");
  same(await run.result({ timeout: "60s" }), second.pid);
  same((await run.get()).attempt, 2);
  second.kill("SIGTERM");
  same((await second.status).code, 0);
});

Deno.test("a worker that was frozen past its lease and thawed settles nothing", async () => {
  await using app = await testApp();
  const first = startProcess(app.database.url, "5s", "2s");
  const run = await app.rhythm.tasks.queue("slow", { ms: 3_000 }, { retry: { initial: 0.05 } });
  await until(async () => (await run.get()).status === "running");
  first.kill("SIGSTOP");
  const second = startProcess(app.database.url, "5s");
  await until(async () => (await run.get()).attempt === 2);
  first.kill("SIGCONT");
  same(await run.result({ timeout: "60s" }), second.pid);
  same((await run.get()).attempt, 2);
  // Thawed, it is a worker like any other: it noticed that it was given up, and registered again.
  await until(async () => await workers(app) === 2);
  for (const process of [first, second]) process.kill("SIGTERM");
  equal([(await first.status).code, (await second.status).code], [0, 0]);
});

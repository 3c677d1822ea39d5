import { deepStrictEqual as equal, match, strictEqual as same } from "node:assert/strict";
import { Rhythm, task } from "../../mod.ts";
import { freshDatabase } from "../support/database.ts";
import { onEmbedded, testApp } from "./support.ts";
import { until } from "../support/until.ts";

const echo = task({ name: "echo" }, (value: unknown, ctx) => {
  ctx.log.warn("echoing", { value });
  return value;
});

interface Answer {
  status: number;
  // deno-lint-ignore no-explicit-any
  body: any;
}

Deno.test("a worker with a port serves health, readiness, metrics and the API", async () => {
  await using app = await testApp({ tasks: [echo] });
  const worker = app.work({ port: 0, token: "s3cret" });
  await until(() => worker.url !== undefined);
  const ask = async (path: string, body?: unknown): Promise<Answer> => {
    const response = await fetch(`${worker.url}${path}`, {
      method: body === undefined ? "GET" : "POST",
      headers: { authorization: "Bearer s3cret" },
      body: body === undefined ? null : JSON.stringify(body),
    });
    const text = await response.text();
    return { status: response.status, body: /^[{[]/.test(text) ? JSON.parse(text) : text };
  };

  same((await ask("/health")).body.status, "ok");
  await until(async () => (await ask("/ready")).status === 200);
  equal((await ask("/ready")).body, { ready: true, checks: { database: "ok", worker: "ok" } });

  const started = await ask("/api/tasks/echo/queue", {
    inputs: { n: 1 },
    options: { metadata: { by: "http" } },
  });
  same(started.status, 201);
  const { id } = started.body;
  const ended = await ask(`/api/executions/${id}/wait`, { timeout: 10 });
  equal([ended.body.status, ended.body.output, ended.body.metadata], ["completed", { n: 1 }, { by: "http" }]);
  equal((await ask(`/api/executions/${id}`)).body.id, id);
  equal(
    (await ask("/api/executions?status=completed&target=echo")).body.executions.map((one: { id: string }) =>
      one.id
    ),
    [id],
  );
  await until(async () => (await ask(`/api/executions/${id}/logs`)).body.lines.length === 1);
  const [line] = (await ask(`/api/executions/${id}/logs`)).body.lines;
  equal([line.level, line.message, line.data], ["warn", "echoing", { value: { n: 1 } }]);

  same((await ask("/api/executions/00000000-0000-7000-8000-000000000000")).status, 404);
  same((await ask("/api/executions/nonsense")).status, 400);
  same((await ask("/api/workflows/none/start", {})).status, 404);
  same((await ask("/api/tasks/echo/queue", { options: { que: "x" } })).status, 400);
  same((await ask(`/api/executions/${id}/cancel`, {})).body.cancelled, false);
  const late = (await ask("/api/tasks/echo/queue", { options: { delay: "1h" } })).body.id;
  const { reasons: [delayed] } = (await ask(`/api/executions/${late}/explain`)).body;
  equal([delayed.reason, delayed.expectedAt], ["delayed", (await ask(`/api/executions/${late}`)).body.runAt]);
  same((await ask("/api/executions/00000000-0000-7000-8000-000000000000/explain")).status, 404);
  for (
    const path of [
      `/api/executions/${late}`,
      "/api/tasks/other",
      "/api/flows/other",
      "/api/queues/other",
      "/api",
    ]
  ) {
    equal((await ask(`${path}/pause`, { reason: "first", by: "ada" })).body, { paused: true }, path);
    equal((await ask(`${path}/pause`, {})).body, { paused: false }, path);
  }
  const paused = (await ask(`/api/executions/${late}`)).body;
  equal([paused.pausedBy, paused.pauseReason], ["ada", "first"]);
  equal(
    (await ask("/api/pauses")).body.pauses.map((
      one: Record<string, string>,
    ) => [one.kind, one.name, one.pausedBy]),
    [["task", "other", "ada"], ["workflow", "other", "ada"], ["queue", "other", "ada"], [
      "everything",
      null,
      "ada",
    ]],
  );
  for (
    const path of [
      `/api/executions/${late}`,
      "/api/tasks/other",
      "/api/flows/other",
      "/api/queues/other",
      "/api",
    ]
  ) {
    equal((await ask(`${path}/resume`, {})).body, { resumed: true }, path);
  }
  await ask(`/api/executions/${late}/cancel`, { reason: "enough" });
  same((await ask(`/api/executions/${late}`)).body.cancelReason, "enough");
  const operation = (await ask("/api/operations", {
    action: "retry",
    filter: { target: "echo", status: ["cancelled"] },
    dryRun: true,
  })).body;
  await until(async () => (await ask(`/api/operations/${operation.id}`)).body.state === "completed");
  const { acts } = (await ask(`/api/operations/${operation.id}/acts`)).body;
  equal(acts.map((one: Record<string, string>) => [one.executionId, one.result]), [[late, "would"]]);
  equal((await ask("/api/operations")).body.operations.map((one: { done: number }) => one.done), [1]);
  equal((await ask(`/api/operations/${operation.id}/stop`, {})).body, { changed: false });
  same((await ask("/api/operations", { action: "retry", filter: { staus: "failed" } })).status, 400);
  same((await ask("/api/failures")).body.failures.length, 0);
  same((await ask("/api/failures/7")).status, 404);
  same((await ask("/api/failures/7", { state: "known" })).status, 404);
  same((await ask("/api/failures?state=old")).status, 400);
  same((await ask(`/api/executions/${id}/retry`, {})).status, 409);
  const gone = await fetch(`${worker.url}/api/executions/${late}`, {
    method: "DELETE",
    headers: { authorization: "Bearer s3cret" },
  });
  equal(await gone.json(), { deleted: 1 });
  same((await ask(`/api/executions/${late}`)).status, 404);

  const schedule = await fetch(`${worker.url}/api/schedules/nightly`, {
    method: "PUT",
    headers: { authorization: "Bearer s3cret" },
    body: JSON.stringify({ cron: "0 3 * * *", target: "echo", type: "task" }),
  });
  equal(await schedule.json(), { ok: true });
  equal((await ask("/api/schedules")).body.schedules.map((one: { name: string }) => one.name), ["nightly"]);
  equal((await ask("/api/workers")).body.workers.length, 1);
  equal((await ask("/api/queues/default/pause", {})).body, { paused: true });
  same(JSON.stringify((await ask("/api/queues")).body).includes("default"), true);

  const put = async (path: string, body: unknown): Promise<Answer> => {
    const headers = { authorization: "Bearer s3cret" };
    const response = await fetch(`${worker.url}${path}`, {
      method: "PUT",
      headers,
      body: JSON.stringify(body),
    });
    return { status: response.status, body: await response.json() };
  };
  equal(
    (await put("/api/queues/mail", { rate: 5, per: "1m", perKeyConcurrency: 2, fair: "key" })).status,
    200,
  );
  equal((await put("/api/queues/mail", { rate: 0 })).status, 400);
  equal((await put("/api/queues/mail/keys/a%2Fb", { concurrency: 4, weight: 3 })).body, { ok: true });
  equal((await ask("/api/queues/mail/keys/a%2Fb/pause", { reason: "enough" })).body, { paused: true });
  for (const key of ["a/b", "c"]) {
    const options = { queue: "mail", concurrencyKey: key };
    await ask("/api/tasks/echo/queue", { inputs: {}, options });
  }
  const mail = (await ask("/api/pages/queues/mail")).body;
  equal([mail.queue.ready, mail.queue.rate, mail.queue.perSeconds, mail.queue.fair], [2, 5, 60, true]);
  equal(
    mail.keys.map((
      one: Record<string, unknown>,
    ) => [one.key, one.ready, one.concurrency, one.weight, one.paused]),
    [["a/b", 1, 4, 3, true], ["c", 1, null, null, false]],
  );
  equal((await ask("/api/queues/mail/keys/a%2Fb/resume", {})).body, { resumed: true });
  same((await ask("/api/pages/queues/none")).status, 404);
  const nightly = (await ask("/api/pages/schedules/nightly")).body;
  equal([nightly.next.length, nightly.runs, nightly.schedule.target], [10, [], "echo"]);
  const runs = await app.rhythm.schedules.backfill("nightly", {
    from: new Date(Date.now() - 3 * 86_400_000),
    to: new Date(),
  });
  await app.database.database.query(
    `update rhythm.schedule_entry set created_at = created_at - interval '9 days', last_slot = rhythm.cron_next(cron, timezone, rhythm.now() - interval '1 day')`,
  );
  const after = (await ask("/api/pages/schedules/nightly")).body;
  equal(
    after.runs.slice(0, 4).map((one: { executionId: string | null }) => one.executionId),
    [...runs.map(({ id }) => id).reverse(), null].slice(0, 4),
  );
  same((await ask("/api/pages/schedules/none")).status, 404);
  match((await ask("/api/pages/upcoming?cron=x&timezone=UTC")).body.error.message, /cron/);
  for (const value of [1, 2]) await app.rhythm.flows.register({ name: "shown", source: `return ${value}` });
  equal((await ask("/api/flows/shown/version", { version: 1 })).body, { ok: true });
  same((await ask("/api/flows/shown/version", { version: 9 })).status, 404);
  equal(
    (await ask("/api/pages/flows/shown")).body.versions.map((one: Record<string, unknown>) => [
      ...[one.version, one.isCurrent, one.waiting],
    ]),
    [[2, false, 0], [1, true, 0]],
  );
  equal(
    (await ask("/api/pages/flows")).body.map((one: Record<string, unknown>) => [one.name, one.versions]),
    [["shown", 2]],
  );
  same((await ask("/api/pages/flows/none")).status, 404);
  equal((await ask("/api/violations")).body, { violations: [] });

  let metrics = "";
  // A scrape waits a second for the database, which a busy machine may take.
  await until(async () => (metrics = (await ask("/metrics")).body).includes("rhythm_database_up 1\n"));
  match(metrics, /rhythm_attempts_total\{kind="task",name="echo",outcome="completed"\} 1\n/);
  match(metrics, /rhythm_ends_total\{kind="task",name="echo",outcome="completed"\} 1\n/);
  match(metrics, /rhythm_task_seconds_count\{name="echo"\} 1\n/);
  match(metrics, /rhythm_settle_seconds_count 1\n/);
  match(
    metrics,
    /rhythm_pool_size\{pool="client"\} 5\nrhythm_pool_size\{pool="worker"\} 3\nrhythm_pool_size\{pool="beats"\} 1\n/,
  );
  for (
    const name of [
      "rhythm_executions",
      "rhythm_queue_oldest_seconds",
      "rhythm_claim_seconds",
      "rhythm_settle_seconds",
      "rhythm_claim_batch_size",
      "rhythm_settle_batch_size",
      "rhythm_task_seconds",
      "rhythm_event_loop_lag_seconds",
      "rhythm_pool_in_use",
      "rhythm_pool_waiting",
    ]
  ) {
    match(metrics, new RegExp(`^# HELP ${name} \\S.*\n# TYPE ${name} (gauge|histogram)$`, "m"));
  }
  const document = (await ask("/api/openapi.json")).body;
  same(document.paths["/api/workflows/{name}/start"].post.operationId, "startWorkflow");

  equal((await ask("/api/queues/default/resume", {})).body, { resumed: true });
  await app.rhythm.flows.register({ name: "asks", source: `await Signal.next("go")\nreturn 1` });
  const asked = await app.rhythm.workflows.start("asks");
  await until(async () => (await ask("/api/pages/signals")).body.waits.length === 1);
  await ask(`/api/executions/${asked.id}/signals/other`, { payload: 7 });
  const signals = (await ask("/api/pages/signals")).body;
  const [wait] = signals.waits;
  equal([wait.name, wait.flow, wait.version, wait.lines, wait.executions, wait.oldest], [
    ...["go", "asks", 1, [1], 1, asked.id],
  ]);
  equal([signals.kept[0].name, signals.kept[0].payload, signals.kept[0].executionId], [
    ...["other", 7, asked.id],
  ]);
  equal((await ask("/api/pages/flows/asks")).body.standing, [{ version: 1, line: 1, executions: 1 }]);
  const standing = async (query: string): Promise<string[]> =>
    (await ask(`/api/executions?target=asks&${query}`)).body.executions.map(({ id }: { id: string }) => id);
  equal(await standing("line=1&version=1"), [asked.id]);
  equal(await standing("line=2"), []);
  equal(await standing("version=2"), []);
  match(JSON.stringify((await ask("/api/pages/graphs/asks?version=1")).body.picture), /signal go.*◷ 1/);
  same((await ask("/api/pages/graphs/asks?version=2")).status, 404);
  const twin = await app.rhythm.workflows.start("asks");
  await until(async () => (await ask("/api/pages/signals")).body.waits[0].executions === 2);
  equal((await ask(`/api/pages/compare?one=${asked.id}&other=${twin.id}`)).body.part, null);
  await ask(`/api/executions/${twin.id}/signals/go`, {});
  await until(async () => (await twin.get()).status === "completed");
  const { sides, part } = (await ask(`/api/pages/compare?one=${asked.id}&other=${twin.id}`)).body;
  equal([sides[0].status, sides[1].status, part.step, part.lines], ["suspended", "completed", 2, [[], []]]);
  same((await ask(`/api/pages/compare?one=${asked.id}`)).status, 400);
  const groups = async (by: string): Promise<unknown> =>
    (await ask(`/api/pages/groups?target=asks&by=${by}`)).body.groups.map((
      one: Record<string, unknown>,
    ) => [one.value, one.executions]);
  equal(await groups("line"), [["1", 1], [null, 1]]);
  equal(await groups("version"), [["1", 2]]);
  equal(await groups("error"), [[null, 2]]);
  same((await ask("/api/pages/groups?by=luck")).status, 400);
  equal((await ask("/api/pages/overview?span=quarter")).body.ended.count, 90);
  const findings = (await ask("/api/pages/doctor")).body.map(({ check }: { check: string }) => check);
  equal([findings.includes("schema"), findings.includes("check()")], [true, false]);
  match(JSON.stringify((await ask("/api/pages/doctor?check=1")).body), /has a reason to move on/);

  const refused = await fetch(`${worker.url}/api/executions`);
  same(refused.status, 401);
  await refused.body?.cancel();
});

Deno.test("/ready says what is wrong once the worker has stopped", async () => {
  await using app = await testApp({ tasks: [echo] });
  const worker = app.work({ port: 0 });
  await until(async () => {
    if (worker.url === undefined) return false;
    const response = await fetch(`${worker.url}/ready`);
    await response.body?.cancel();
    return response.status === 200;
  });
  const url = worker.url!;
  await worker.stop();
  const after = await fetch(`${url}/ready`).then((response) => response.status, () => "closed");
  same(after === 503 || after === "closed", true);
});

Deno.test("rhythm.fetch() answers as a worker's port does, for the application's token", async () => {
  await using app = await testApp({ tasks: [echo] });
  const { rhythm } = app;
  const ask = (path: string, headers: Record<string, string> = {}): Promise<Response> =>
    rhythm.fetch(new Request(`http://localhost${path}`, { headers }));
  const statuses = [
    (await ask("/health")).status,
    (await ask("/api/executions")).status,
    (await ask("/api/executions", { authorization: `Bearer ${rhythm.token}` })).status,
  ];
  equal(statuses, [200, 401, 200]);
  same(rhythm.worker().token, rhythm.token);
  same(rhythm.worker({ port: 0, token: "other" }).token, "other");
});

Deno.test({
  name:
    "a stolen token does no more than the role of the process: a worker's registers no flow and pauses nothing",
  ignore: onEmbedded,
  fn: async () => {
    await using database = await freshDatabase();
    const login = `login_${crypto.randomUUID().slice(0, 8)}`;
    await database.sql.unsafe(`create role ${login} login password 'x' in role rhythm_worker`);
    try {
      const url = new URL(database.direct);
      [url.username, url.password] = [login, "x"];
      await using rhythm = await Rhythm.init({ databaseUrl: url.href, autoMigrate: false, token: "stolen" });
      const ask = async (method: string, path: string, body = {}): Promise<number> => {
        const headers = { authorization: "Bearer stolen" };
        const request = new Request(`http://host/api${path}`, {
          method,
          headers,
          ...(method === "GET" ? {} : { body: JSON.stringify(body) }),
        });
        const response = await rhythm.fetch(request);
        await response.body?.cancel();
        return response.status;
      };
      const run = await rhythm.tasks.queue("echo");
      equal([
        await ask("GET", `/executions/${run.id}`),
        await ask("POST", "/tasks/echo/queue"),
        await ask("POST", `/executions/${run.id}/cancel`),
      ], [200, 201, 200]);
      equal([
        await ask("PUT", "/flows/f", { source: "return 1" }),
        await ask("PUT", "/schedules/s", { cron: "@daily", target: "echo", type: "task" }),
        await ask("DELETE", "/schedules/s"),
        await ask("POST", "/queues/default/pause"),
        await ask("POST", `/executions/${run.id}/retry`),
        await ask("DELETE", `/executions/${run.id}`),
      ], [403, 403, 403, 403, 403, 403]);
    } finally {
      await database.sql.unsafe(`drop role ${login}`);
    }
  },
});

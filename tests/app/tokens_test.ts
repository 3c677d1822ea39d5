// Who may do what over HTTP: every route with a token of every role, what is hidden, and what is recorded.
import { deepStrictEqual as equal, match, ok, rejects, strictEqual as same } from "node:assert/strict";
import { task } from "../../mod.ts";
import type { TokenRole } from "../../mod.ts";
import { RIGHTS } from "../../src/http/rights.ts";
import { until } from "../support/until.ts";
import { testApp } from "./support.ts";

const ROLES = ["viewer", "operator", "deployer", "admin"] as const;

interface Answer {
  readonly status: number;
  readonly text: string;
  // deno-lint-ignore no-explicit-any
  readonly body: any;
}

type Ask = (method: string, path: string, body?: unknown) => Promise<Answer>;

function asking(fetch: (request: Request) => Promise<Response>, token: string): Ask {
  return async (method, path, body) => {
    const response = await fetch(
      new Request(`http://host${path}`, {
        method,
        headers: { authorization: `Bearer ${token}` },
        body: method === "GET" ? null : JSON.stringify(body ?? {}),
      }),
    );
    const text = await response.text();
    return { status: response.status, text, body: text === "" ? undefined : JSON.parse(text) };
  };
}

Deno.test("tokens: every route refuses every role that has no right to it, and says which it needs", async () => {
  await using app = await testApp();
  const { rhythm } = app;
  const fetch = (request: Request): Promise<Response> => rhythm.fetch(request);
  const { body: { paths } } = await asking(fetch, rhythm.token)("GET", "/api/openapi.json");
  const routes = Object.entries(paths as Record<string, Record<string, { operationId: string }>>).flatMap(
    ([path, methods]) =>
      Object.entries(methods).map(([method, { operationId }]) => ({
        method: method.toUpperCase(),
        path: path.replaceAll(/\{\w+\}/g, "0"),
        operation: operationId,
      })),
  );
  equal(
    routes.map(({ operation }) => operation).filter((operation) => !RIGHTS.has(operation)),
    [],
    "every route is in the table",
  );
  const known = new Set(routes.map(({ operation }) => operation));
  equal([...RIGHTS.keys()].filter((name) => !name.startsWith("page ") && !known.has(name)), []);

  for (const role of ROLES) {
    const ask = asking(fetch, await rhythm.tokens.create(`a-${role}`, { role }));
    const wrong: string[] = [];
    for (const { method, path, operation } of routes) {
      const may = role === "admin" || RIGHTS.get(operation)!.includes(role);
      // What the others may do is not done three times.
      if (may && role !== "admin" && method !== "GET") continue;
      const { status, body } = await ask(method, path);
      if ((status === 403) === may || status === 401) wrong.push(`${operation}: ${status}`);
      if (!may) match(body.error.message, /^This needs the role .*admin; "a-\w+" is an? \w+$/);
    }
    equal(wrong, [], role);
    const pages: [string, readonly TokenRole[]][] = [
      ["overview", ["viewer", "operator", "deployer"]],
      ["audit", ["operator"]],
      ["tokens", []],
    ];
    for (const [page, roles] of pages) {
      const { status } = await ask("GET", `/api/pages/${page}`);
      same(status, role === "admin" || roles.includes(role) ? 200 : 403, `${role} reads ${page}`);
      if (status === 403) same((await ask("GET", `/api/live?page=${page}`)).status, 403);
    }
  }
});

Deno.test("tokens: metadata only hides every value of an execution, whatever is asked", async () => {
  const secret = "s3cr3t-value";
  const tell = task({ name: "tell", retry: { maxAttempts: 2, initial: "1h" } }, (_input, ctx) => {
    ctx.log.info(secret, { secret });
    ctx.progress({ secret });
    throw Object.assign(new Error(secret), { data: { secret } });
  });
  const fail = task({ name: "fail", retry: 1 }, () => {
    throw new Error(secret);
  });
  const give = task({ name: "give" }, () => ({ secret }));
  const flow = `\`\`\`
index: [kept]
\`\`\`
const kept = Inputs.secret
console.log(kept)
const given = await Task.run("give", { kept })
await Signal.next("go")
return given`;
  await using app = await testApp({
    tasks: [tell, fail, give],
    flows: [{ name: "keep", source: flow }, { name: "fails", source: `await Task.run("fail", Inputs)` }],
  });
  const { rhythm } = app;
  app.work();
  const metadata = { customer: "visible-customer" };
  const inputs = { secret };
  const kept = await rhythm.workflows.start("keep", inputs, { metadata });
  const told = await rhythm.tasks.queue("tell", inputs, { metadata });
  const failed = await rhythm.workflows.start("fails", inputs, { metadata });
  await rhythm.schedules.set("nightly", { cron: "@daily", type: "task", target: "give", inputs });
  await rhythm.signals.send({ execution: kept, name: "other", payload: secret });
  await until(async () => (await rhythm.executions.get(kept))!.status === "suspended");
  await until(async () => (await rhythm.executions.get(failed))!.status === "failed");
  await until(async () => (await rhythm.executions.get(told))!.attempt > 0);
  await until(async () => (await rhythm.executions.explain(told))[0]!.reason === "retry_delayed");
  await until(async () => (await rhythm.failures.list()).length > 0);
  const operation = await rhythm.operations.start({
    ...{
      action: "signal",
      name: "later",
      payload: secret,
      dryRun: true,
      filter: { variables: { kept: secret } },
    },
  });
  await rhythm.executions.edit(kept, { set: { kept: `${secret}-2` } });

  const fetch = (request: Request): Promise<Response> => rhythm.fetch(request);
  const open = asking(fetch, rhythm.token);
  const token = await rhythm.tokens.create("support", { role: "operator", metadataOnly: true });
  const closed = asking(fetch, token);
  const { body: { paths } } = await open("GET", "/api/openapi.json");
  const ids = [kept.id, told.id, failed.id];
  const places: Record<string, readonly string[]> = {
    "/api/operations/": [operation.id],
    "/api/flows/": ["keep"],
    "/api/failures/": [(await rhythm.failures.list())[0]!.fingerprint],
  };
  const routes = Object.entries(paths as Record<string, Record<string, unknown>>)
    .filter(([path, methods]) => "get" in methods && !path.endsWith("/export"))
    .flatMap(([path]) => {
      const place = Object.keys(places).find((one) => path.startsWith(one));
      return (place === undefined ? ids : places[place]!).map((id) =>
        path.replace("{when}", "1").replace("{other}", failed.id).replace(/\{\w+\}/, id) +
        (path.endsWith("/diff") ? "?from=1&to=2" : "")
      );
    });
  const pages = [
    "overview",
    "executions",
    "failures",
    "operations",
    `operations/${operation.id}`,
    "queues",
    "schedules",
    "schedules/nightly",
    "audit",
    "flows",
    "flows/keep",
    "signals",
    "groups?by=error",
    "groups?by=line",
    "doctor",
    `compare?one=${kept.id}&other=${failed.id}`,
    ...ids.map((id) => `executions/${id}`),
  ].map((page) => `/api/pages/${page}`);
  let seen = 0;
  let shown = 0;
  for (const path of new Set([...routes, ...pages])) {
    const both = [await open("GET", path), await closed("GET", path)];
    equal(both[1]!.text.includes(secret), false, `${path} shows a value: ${both[1]!.text.slice(0, 2_000)}`);
    if (path !== "/api/tokens") same(both[0]!.status, both[1]!.status, path);
    if (both[0]!.text.includes(secret)) seen++;
    if (both[1]!.text.includes("visible-customer")) shown++;
  }
  ok(seen > 15, `values are in ${seen} answers to others`);
  ok(shown > 5, "metadata is shown");
  // What acts answer is hidden, too, and nobody finds a value by guessing it.
  const retried = await closed("POST", `/api/executions/${failed.id}/retry`);
  equal([retried.status, retried.text.includes(secret), retried.body.inputs], [200, false, {
    $: "hidden",
  }]);
  same((await closed("GET", `/api/executions/${kept.id}/export`)).status, 403);
  const guess = encodeURIComponent(JSON.stringify({ kept: secret }));
  same((await closed("GET", `/api/executions?variables=${guess}`)).status, 403);
  same((await closed("GET", `/api/pages/executions?variables=${guess}`)).status, 403);
  const filter = { variables: { kept: secret } };
  same((await closed("POST", "/api/operations", { action: "cancel", dryRun: true, filter })).status, 403);
});

Deno.test("tokens: acts are recorded under the name of the token, and never the token", async () => {
  await using app = await testApp();
  const { rhythm } = app;
  const fetch = (request: Request): Promise<Response> => rhythm.fetch(request);
  const shared = asking(fetch, rhythm.token);
  const made = await shared("POST", "/api/tokens", { name: "ada", role: "admin" });
  const { token } = made.body;
  same(made.status, 201);
  const ada = asking(fetch, token);
  equal((await ada("POST", "/api/queues/q/pause", { reason: "night", by: "eve" })).body, { paused: true });
  same((await rhythm.pauses())[0]!.pausedBy, "ada");
  const { body: { id } } = await ada("POST", "/api/tasks/none/queue");
  await ada("POST", `/api/executions/${id}/cancel`, { reason: "no" });
  await rhythm.as("grace").queues.resume("q");
  await rhythm.queues.pause("q");
  equal(
    (await rhythm.audit()).map(({ by, act, kind, target, why }) => [by, act, kind, target, why]),
    [
      [null, "pause", "queue", "q", null],
      ["grace", "resume", "queue", "q", null],
      ["ada", "cancel", "execution", id, "no"],
      ["ada", "pause", "queue", "q", "night"],
      ["shared token", "create", "token", "ada", null],
    ],
  );
  equal((await ada("GET", "/api/audit?kind=execution")).body.acts.length, 1);
  // Nothing is recorded of what was rolled back.
  await rejects(rhythm.as("grace").executions.retry(id.replace(/.$/, "x")));
  same((await rhythm.audit()).length, 5);

  equal((await ada("GET", "/api/tokens")).body.tokens.map((one: { name: string }) => one.name), ["ada"]);
  const everything = JSON.stringify([
    (await ada("GET", "/api/tokens")).body,
    await rhythm.audit(),
    await rhythm.tokens.list(),
    app.lines,
    (await shared("POST", "/api/tokens", { name: "ada", role: "admin" })).body,
  ]);
  equal(everything.includes(token), false);

  // A session lives as long as its token.
  const login = async (secret: string): Promise<Response> =>
    await rhythm.fetch(
      new Request("http://host/api/session", { method: "POST", body: JSON.stringify({ token: secret }) }),
    );
  const session = await login(token);
  same(session.status, 201);
  const cookie = session.headers.get("set-cookie")!.split(";")[0]!;
  equal(cookie.includes(token.slice(7)), false);
  const who = async (): Promise<unknown> => {
    const answer = await rhythm.fetch(new Request("http://host/api/session", { headers: { cookie } }));
    return ((await answer.json()) as { name: string; role: string } | null)?.name;
  };
  same(await who(), "ada");
  equal((await shared("DELETE", "/api/tokens/ada")).body, { changed: true });
  equal((await shared("DELETE", "/api/tokens/ada")).body, { changed: false });
});

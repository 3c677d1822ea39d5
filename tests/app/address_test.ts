import { deepStrictEqual as equal, match, ok, rejects, strictEqual as same } from "node:assert/strict";
import { testApp } from "./support.ts";
import { until } from "../support/until.ts";

const FORM = {
  type: "object",
  description: "Approve 120 € for Ada?",
  required: ["approved"],
  properties: {
    approved: { type: "boolean", description: "Do you approve?" },
    days: { type: "integer" },
    level: { enum: ["low", "<b>high</b>"] },
    note: { type: "string" },
    more: { type: "object" },
  },
};

const SOURCE = `const decision = await Signal.next("approval")
return decision`;

Deno.test("signals.url(): the page shows and never sends; POST sends once; each refusal has its status", async () => {
  await using app = await testApp();
  const { rhythm } = app;
  await rhythm.flows.register({ name: "expense", source: SOURCE });
  app.work();
  const run = await rhythm.workflows.start("expense");
  const url = await rhythm.signals.url({ execution: run, name: "approval" }, {
    at: "https://rhythm.example.com/rhythm/",
    expires: "3d",
    form: FORM,
  });
  match(url, /^https:\/\/rhythm\.example\.com\/rhythm\/signals\/1\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]{43}$/);
  ok(url.length < 1_500, `${url.length} characters`);
  const call = async (
    init: RequestInit = {},
    address = url,
  ): Promise<{ status: number; text: string; headers: Headers }> => {
    const response = await rhythm.fetch(new Request(address, init), { basePath: "/rhythm" });
    return { status: response.status, text: await response.text(), headers: response.headers };
  };
  const html = { accept: "text/html,application/xhtml+xml" };
  const form = (fields: Record<string, string>): RequestInit => ({
    method: "POST",
    headers: html,
    body: new URLSearchParams(fields),
  });

  // Programs that look at links before people do.
  for (const method of ["GET", "HEAD", "GET"]) same((await call({ method, headers: html })).status, 200);
  const page = await call({ headers: html });
  match(page.text, /<h1>Approve 120 € for Ada\?<\/h1>/);
  match(page.text, /<form method="post">/);
  const [first] = [...page.text.matchAll(/<label for="f-(\w+)">/g)].map(([, name]) => name);
  equal(first, FORM.required[0], "what must be filled in comes first");
  ok(!page.text.includes("<b>high") && !page.text.includes("<script"), page.text);
  equal(
    ["cache-control", "referrer-policy", "x-frame-options", "set-cookie"].map((name) =>
      page.headers.get(name)
    ),
    ["no-store", "no-referrer", "DENY", null],
  );
  match(page.headers.get("content-security-policy")!, /default-src 'none'.*frame-ancestors 'none'/);
  const state = JSON.parse((await call()).text);
  equal([state.status, state.name, state.target, state.usesLeft, state.form], [
    "open",
    "approval",
    "expense",
    1,
    FORM,
  ]);

  // What does not fit uses nothing.
  same((await call({ method: "POST", body: '{"payload": {"approved": "perhaps"}}' })).status, 422);
  same((await call({ method: "POST", body: "{" })).status, 400);
  same((await call({ method: "POST", body: '{"approved": true}' })).status, 400);
  same((await call({ method: "PUT", body: "{}" })).status, 405);
  const wrong = await call(form({ "field-approved": "true", "field-days": "a few", "field-note": '"><i>' }));
  same(wrong.status, 422);
  match(wrong.text, /role="alert">payload\.days/);
  ok(!wrong.text.includes("<i>"), "what was typed is shown again, as text");
  match(wrong.text, /<option value="true" selected>/);

  const sent = await call(form({
    ...{ "field-approved": "true", "field-days": "3", "field-level": JSON.stringify("<b>high</b>") },
    ...{ "field-note": "", "field-more": '{"a": 1}' },
  }));
  same(sent.status, 200);
  match(sent.text, /Thank you/);
  const payload = { approved: true, days: 3, level: "<b>high</b>", more: { a: 1 } };
  equal(await run.result({ timeout: "30s" }), payload);
  const again = await call(form({ "field-approved": "false" }));
  same(again.status, 409);
  match(again.text, /already answered/);

  // Each refusal.
  const wait = { execution: await rhythm.workflows.start("expense"), name: "approval" };
  const short = await rhythm.signals.url(wait, { at: "http://host/rhythm", expires: "1s" });
  await until(async () => (await call({}, short)).status === 410);
  match((await call({ method: "POST" }, short)).text, /"expired"/);
  const open = await rhythm.signals.url(wait, { at: "http://host/rhythm", uses: null });
  same(
    (await call({ method: "POST" }, `${open.slice(0, -2)}${open.endsWith("AA") ? "BB" : "AA"}`)).status,
    404,
  );
  same((await call({ method: "POST" }, "http://host/rhythm/signals/")).status, 404);
  same((await call({ method: "POST" }, open)).status, 200);
  equal(await rhythm.executions.wait(wait.execution, { timeout: "30s" }).then(({ output }) => output), null);
  const over = await call({ method: "POST" }, open);
  same(over.status, 410);
  match(over.text, /has ended/);
  await rejects(rhythm.signals.url(wait, { at: "http://host" }), { name: "ExecutionStateError" });
  await rejects(rhythm.signals.url(wait, { at: "ftp://host" }), /at/);
  await rejects(rhythm.signals.url(wait, {} as never), /"at" is missing/);
});

Deno.test("the address of a signal: a viewer of the database cannot make, read or use one, and no log has it", async () => {
  await using app = await testApp();
  const { rhythm, database, lines } = app;
  await rhythm.flows.register({ name: "expense", source: SOURCE });
  const run = await rhythm.workflows.start("expense");
  const url = await rhythm.signals.url({ execution: run, name: "approval" }, { at: "http://host" });
  const token = url.slice("http://host/signals/".length);
  const rows = await database.database.query<{ may: boolean }>(
    `select pg_catalog.has_function_privilege(r.name, p.oid, 'execute') as may
    from pg_catalog.pg_proc as p cross join (values ('rhythm_viewer')) as r (name)
    where p.pronamespace = '${database.schema}'::regnamespace and p.proname in ('signal_token', 'read_address', 'use_address', 'opened_address', 'sign_text', 'rotate_signal_key')`,
  );
  equal([rows.length, rows.some(({ may }) => may)], [6, false]);
  const [keys] = await database.database.query<{ may: boolean }>(
    `select bool_or(pg_catalog.has_table_privilege(r.name, '${database.schema}.signal_key', 'select')) as may
    from unnest(array['rhythm_viewer', 'rhythm_client', 'rhythm_worker', 'rhythm_operator', 'rhythm_deployer']) as r (name)`,
  );
  same(keys!.may, false);
  await database.database.script(
    `alter function ${database.schema}.read_address(text) rename to read_address_away`,
  );
  same((await rhythm.fetch(new Request(url))).status, 500);
  ok(lines.some((line) => line.includes("a request failed")), lines.join("\n"));
  ok(!lines.some((line) => line.includes(token)), "the address is not logged");
  const response = await rhythm.fetch(new Request(url));
  ok(!(await response.text()).includes(token), "nor told");
});

import { VirtualClock } from "../support/virtual_clock.ts";
import { type Clock, systemClock } from "../../src/runtime/clock.ts";
import { deepStrictEqual as equal, match, ok, strictEqual as same } from "node:assert/strict";
import { z } from "zod";
import { createHandler, type DashboardParts, type HttpParts } from "../../src/http/handler.ts";
import { digestOf } from "../../src/http/secret.ts";
import { Watched } from "../../src/http/watched.ts";
import { route } from "../../src/http/route.ts";
import { RhythmError } from "../../src/shared/error.ts";

const routes = [
  route({
    method: "GET",
    path: "/api/things/:id",
    operation: "getThing",
    summary: "One thing",
    tag: "things",
    query: z.object({ depth: z.coerce.number().int().min(1).default(1) }),
    response: z.object({ id: z.string(), depth: z.number() }),
    handle: ({ params, query }) => Promise.resolve({ id: params.id, depth: query.depth }),
  }),
  route({
    method: "POST",
    path: "/api/things",
    operation: "makeThing",
    summary: "Makes a thing",
    tag: "things",
    body: z.object({ name: z.string() }),
    response: z.object({ name: z.string() }),
    status: 201,
    handle: ({ body }) => {
      if (body.name === "boom") throw new TypeError("secret detail");
      if (body.name === "gone") throw new RhythmError("No such thing", { code: "EXECUTION_NOT_FOUND" });
      return Promise.resolve(body);
    },
  }),
];

function parts(change: Partial<HttpParts> = {}): HttpParts {
  return {
    routes: () => Promise.resolve(routes),
    readiness: () => Promise.resolve({ ready: true, checks: { database: "ok" } }),
    metrics: () => Promise.resolve([{ name: "up", help: "Up", type: "gauge", samples: [{ value: 1 }] }]),
    version: "1.2.3",
    clock: systemClock,
    ...change,
  };
}

async function ask(
  path: string,
  init?: RequestInit,
  change?: Partial<HttpParts>,
): Promise<{ status: number; body: unknown; response: Response }> {
  const response = await createHandler(parts(change))(new Request(`http://host${path}`, init));
  const text = await response.text();
  const isJson = response.headers.get("content-type")?.startsWith("application/json");
  return { status: response.status, body: isJson ? JSON.parse(text) : text, response };
}

function codeOf(body: unknown): string {
  return (body as { error: { code: string } }).error.code;
}

Deno.test("createHandler() answers /health without asking anybody", async () => {
  const { status, body } = await ask("/health", {}, { readiness: () => Promise.reject(new Error("no")) });
  same(status, 200);
  equal(Object.keys(body as object), ["status", "version", "uptimeSeconds"]);
});

Deno.test("createHandler() answers /ready with 503 and the reason when it is not", async () => {
  const readiness = { ready: false, checks: { database: "connection refused", worker: "ok" } };
  equal(await ask("/ready").then((a) => a.status), 200);
  const { status, body } = await ask("/ready", {}, { readiness: () => Promise.resolve(readiness) });
  same(status, 503);
  equal(body, readiness);
});

Deno.test("createHandler() renders /metrics for Prometheus", async () => {
  const { body, response } = await ask("/metrics", {}, { token: "secret" });
  same(body, "# HELP up Up\n# TYPE up gauge\nup 1\n");
  same(response.headers.get("content-type"), "text/plain; version=0.0.4; charset=utf-8");
});

Deno.test("createHandler() routes by path and method, checks query and body", async () => {
  equal((await ask("/api/things/a%20b?depth=3")).body, { id: "a b", depth: 3 });
  equal((await ask("/api/things/x")).body, { id: "x", depth: 1 });
  const bad = await ask("/api/things/x?depth=0");
  same(bad.status, 400);
  match(JSON.stringify(bad.body), /The query string is not what was expected: depth: /);
  const made = await ask("/api/things", { method: "POST", body: '{"name":"n"}' });
  same(made.status, 201);
  equal(made.body, { name: "n" });
  const wrong = await ask("/api/things", { method: "POST", body: '{"name":1}' });
  match(JSON.stringify(wrong.body), /The body is not what was expected: name: /);
  const broken = await ask("/api/things", { method: "POST", body: "{" });
  same(codeOf(broken.body), "INVALID_JSON");
});

Deno.test("createHandler() says what is not there, and which methods are", async () => {
  same((await ask("/api/nothing")).status, 404);
  same((await ask("/nothing")).status, 404);
  const { status, response } = await ask("/api/things", { method: "DELETE" });
  same(status, 405);
  same(response.headers.get("allow"), "POST");
});

Deno.test("createHandler() asks for the token on /api and nowhere else", async () => {
  const secured = { token: "s3cret" };
  const bare = await ask("/api/things/x", {}, secured);
  same(bare.status, 401);
  same(bare.response.headers.get("www-authenticate"), "Bearer");
  const header = (authorization: string): RequestInit => ({ headers: { authorization } });
  same((await ask("/api/things/x", header("Bearer wrong"), secured)).status, 401);
  same((await ask("/api/things/x", header("Bearer s3cret"), secured)).status, 200);
  same((await ask("/api/openapi.json", {}, secured)).status, 401);
  same((await ask("/health", {}, secured)).status, 200);
});

Deno.test("createHandler() tells a caller his own errors, and keeps the server's to the log", async () => {
  const errors: unknown[] = [];
  const change = { onError: (error: unknown): unknown => errors.push(error) };
  const gone = await ask("/api/things", { method: "POST", body: '{"name":"gone"}' }, change);
  same(gone.status, 404);
  equal(gone.body, { error: { code: "EXECUTION_NOT_FOUND", message: "No such thing" } });
  const boom = await ask("/api/things", { method: "POST", body: '{"name":"boom"}' }, change);
  same(boom.status, 500);
  same(JSON.stringify(boom.body).includes("secret detail"), false);
  same(errors.length, 1);
});

/** A dashboard whose only page is `pulse`. */
function dashboard(
  clock: Clock = systemClock,
  looked: () => unknown = () => ({ perMinute: 7 }),
): DashboardParts {
  const missing = (): Promise<never> => Promise.reject(new Error("not asked for here"));
  return {
    reads: {
      ...{ overview: missing, rows: missing, stamp: missing, one: missing, failures: missing },
      ...{ operations: missing, operation: missing, queues: missing, queue: missing, workers: missing },
      ...{ schedules: missing, schedule: missing, upcoming: missing, audit: missing, tokens: missing },
      ...{ flows: missing, flowStamp: missing, flow: missing, graph: missing, compare: missing },
      ...{ signals: missing, groups: missing, doctor: missing, console: missing },
      pulse: () => Promise.resolve(looked() as never),
    },
    watched: new Watched(clock),
    links: new Set(["once"]),
    about: { schema: "rhythm" },
    file: (_request, path, basePath) =>
      Promise.resolve(path === "/executions" ? new Response(`base ${basePath}/`) : undefined),
  };
}

Deno.test("createHandler() hands what it does not know to the dashboard, below the path where a server has put it", async () => {
  const handler = createHandler(parts({ dashboard: dashboard() }));
  const at = async (path: string, basePath = ""): Promise<[number, string]> => {
    const response = await handler(new Request(`http://host${path}`), { basePath });
    return [response.status, await response.text()];
  };
  equal(await at("/executions"), [200, "base /"]);
  equal(await at("/rhythm/executions", "/rhythm"), [200, "base /rhythm/"]);
  same((await at("/rhythm/health", "/rhythm"))[0], 200);
  same((await at("/health", "/rhythm"))[0], 404);
  same((await at("/rhythmic/health", "/rhythm"))[0], 404);
  same((await at("/other"))[0], 404);
});

Deno.test("a session begins with the token, or once with a link, and is no use to another site", async () => {
  const handler = createHandler(parts({ token: "s3cret", dashboard: dashboard() }));
  const send = async (path: string, init: RequestInit = {}): Promise<Response> => {
    const response = await handler(new Request(`http://host${path}`, init));
    await response.clone().body?.cancel();
    return response;
  };
  const login = (body: unknown): Promise<Response> =>
    send("/api/session", { method: "POST", body: JSON.stringify(body) });
  same((await login({ token: "wrong" })).status, 401);
  same((await login({})).status, 400);
  same((await login({ link: "once" })).status, 201);
  same((await login({ link: "once" })).status, 401);
  const begun = await login({ token: "s3cret" });
  same(begun.status, 201);
  const set = begun.headers.get("set-cookie")!;
  match(set, /^rhythm_[0-9a-f]{8}=\d+\.\.[0-9a-f]{64}; Path=\/; Max-Age=43200; HttpOnly; SameSite=Strict$/);
  const cookie = set.split(";")[0]!;
  const page = { "x-rhythm-page": "1" };
  const make = (headers: Record<string, string>): Promise<Response> =>
    send("/api/things", { method: "POST", body: '{"name": "a"}', headers: { cookie, ...headers } });
  same((await send("/api/things/7", { headers: { cookie } })).status, 200);
  same((await make(page)).status, 201);
  // A form of another site cannot send the header; a page on another port of this host is told by the browser.
  same((await make({})).status, 403);
  same((await make({ ...page, "sec-fetch-site": "same-site" })).status, 403);
  same((await make({ ...page, "sec-fetch-site": "cross-site" })).status, 403);
  same((await make({ ...page, "sec-fetch-site": "same-origin" })).status, 201);
  const forged = cookie.replace(/\d+\./, `${Date.now() + 10 ** 9}.`);
  same((await send("/api/things/7", { headers: { cookie: forged } })).status, 401);
  same((await send("/api/things/7", { headers: { cookie: "rhythm_0=1.2" } })).status, 401);
  match((await send("/api/session", { method: "DELETE" })).headers.get("set-cookie")!, /Max-Age=0/);
  equal(await (await handler(new Request("http://host/api/session"))).json(), null);
});

Deno.test("a token of the database is looked up once in five seconds, and its session ends with it", async () => {
  const clock = new VirtualClock();
  const token = `rhythm_${"0f".repeat(32)}`;
  let good = true;
  const asked: string[] = [];
  const handler = createHandler(parts({
    clock,
    token: "shared",
    dashboard: dashboard(clock),
    findToken: (hash) => {
      asked.push(hash);
      return Promise.resolve(good ? { name: "ada", role: "viewer", metadataOnly: false } : null);
    },
  }));
  const send = (headers: Record<string, string>, path = "/api/openapi.json"): Promise<Response> =>
    handler(new Request(`http://host${path}`, { headers }));
  const bearer = { authorization: `Bearer ${token}` };
  same((await send(bearer)).status, 200);
  const began = await handler(
    new Request("http://host/api/session", { method: "POST", body: JSON.stringify({ token }) }),
  );
  const cookie = { cookie: began.headers.get("set-cookie")!.split(";")[0]! };
  same((await send(cookie)).status, 200);
  // What has not the form of a token is not looked up.
  same((await send({ authorization: "Bearer none" })).status, 401);
  equal(asked.length, 1);
  match(asked[0]!, /^[0-9a-f]{64}$/);
  same((await send(bearer, "/api/things/a")).status, 403);
  good = false;
  await clock.pass(4_900);
  same((await send(bearer)).status, 200);
  await clock.pass(200);
  equal([(await send(bearer)).status, (await send(cookie)).status, asked.length], [401, 401, 2]);
  same(await (await send(cookie, "/api/session")).json(), null);
});

Deno.test("a session ends after twelve hours", async () => {
  const clock = new VirtualClock();
  const handler = createHandler(parts({ token: "s3cret", clock, dashboard: dashboard(clock) }));
  const begun = await handler(
    new Request("http://host/api/session", { method: "POST", body: '{"token": "s3cret"}' }),
  );
  const cookie = begun.headers.get("set-cookie")!.split(";")[0]!;
  await begun.body?.cancel();
  const ask = async (): Promise<number> => {
    const response = await handler(new Request("http://host/api/things/7", { headers: { cookie } }));
    await response.body?.cancel();
    return response.status;
  };
  same(await ask(), 200);
  await clock.pass(12 * 3_600_000);
  same(await ask(), 401);
});

Deno.test("viewers of a page share one look a second, and nobody looks for nobody", async () => {
  const clock = new VirtualClock();
  let looks = 0;
  let shown = 1;
  const handler = createHandler(
    parts({ clock, dashboard: dashboard(clock, () => (looks++, { perMinute: shown })) }),
  );
  const watch = async (): Promise<ReadableStreamDefaultReader<string>> => {
    const response = await handler(new Request("http://host/api/live?page=pulse"));
    return response.body!.pipeThrough(new TextDecoderStream()).getReader();
  };
  const viewers = await Promise.all(Array.from({ length: 10 }, watch));
  for (const viewer of viewers) match((await viewer.read()).value!, /^: /);
  await clock.pass(60_000);
  same(looks, 12);
  for (const viewer of viewers) equal((await viewer.read()).value, 'event: changed\ndata: "pulse"\n\n');
  // What was seen is what all of them read.
  const read = await Promise.all(viewers.map(() => handler(new Request("http://host/api/pages/pulse"))));
  for (const response of read) equal(await response.json(), { perMinute: 1 });
  same(looks, 12);
  shown = 2;
  await clock.pass(5_000);
  const after = await handler(new Request("http://host/api/pages/pulse"));
  equal(await after.json(), { perMinute: 2 });
  for (const viewer of viewers) await viewer.cancel();
  const before = looks;
  await clock.pass(60_000);
  same(looks, before);
});

Deno.test("a page that did not change is looked at again when something was written, or after half a minute", async () => {
  const clock = new VirtualClock();
  let [looks, marks, mark, shown] = [0, 0, "1", 1];
  const made = dashboard(clock, () => (looks++, { perMinute: shown }));
  const watched = new Watched(clock, () => (marks++, Promise.resolve(mark)));
  const handler = createHandler(parts({ clock, dashboard: { ...made, watched } }));
  const viewer = (await handler(new Request("http://host/api/live?page=pulse"))).body!
    .pipeThrough(new TextDecoderStream()).getReader();
  match((await viewer.read()).value!, /^: /);
  await clock.pass(30_000);
  // Once at the beginning, and once more, because it may go on to change.
  same(looks, 2);
  const before = marks;
  await clock.pass(60_000);
  same(looks, 4);
  same(marks - before, 30);
  [mark, shown] = ["2", 2];
  await clock.pass(3_000);
  same(looks, 5);
  await clock.pass(60_000);
  same(looks, 7);
  await viewer.cancel();
  watched.close();
});

Deno.test("looks that take long come seldom", async () => {
  const clock = new VirtualClock();
  let looks = 0;
  const made = dashboard(clock, () => {
    looks++;
    clock.freeze(150);
    return { perMinute: looks };
  });
  const handler = createHandler(parts({ clock, dashboard: made }));
  const response = await handler(new Request("http://host/api/live?page=pulse"));
  const ended = response.body!.pipeTo(new WritableStream());
  await clock.pass(60_000);
  same(looks, 4);
  made.watched.close();
  await ended;
});

// Signatures are checked beside this thread: they need a moment of the real time.
async function seconds(clock: VirtualClock, number: number): Promise<void> {
  for (let nth = 0; nth < number; nth++) {
    await clock.pass(1_000);
    await systemClock.sleep(5);
  }
}

Deno.test("a live stream ends in the tick after its token was revoked, or its session is over; others go on", async () => {
  const clock = new VirtualClock();
  const revoked = new Set<string>();
  let isDown = false;
  let asked = 0;
  const handler = createHandler(parts({
    clock,
    token: "shared",
    dashboard: dashboard(clock),
    findToken: (hash) => {
      asked++;
      if (isDown) return Promise.reject(new Error("the database is gone"));
      return Promise.resolve(revoked.has(hash) ? null : { name: "ada", role: "viewer", metadataOnly: false });
    },
  }));
  const one = `rhythm_${"0a".repeat(32)}`;
  const watch = async (headers: Record<string, string>): Promise<{ ended: boolean }> => {
    const response = await handler(new Request("http://host/api/live?page=pulse", { headers }));
    same(response.status, 200);
    const seen = { ended: false };
    void response.body!.pipeTo(new WritableStream()).then(() => seen.ended = true);
    return seen;
  };
  const login = async (body: unknown): Promise<Record<string, string>> => {
    const init = { method: "POST", body: JSON.stringify(body) };
    const begun = await handler(new Request("http://host/api/session", init));
    return { cookie: begun.headers.get("set-cookie")!.split(";")[0]! };
  };
  const session = await login({ token: "shared" });
  const bearer = await watch({ authorization: `Bearer ${one}` });
  const hers = await watch(await login({ token: one }));
  const another = await watch({ authorization: `Bearer rhythm_${"0b".repeat(32)}` });
  const shared = await watch({ authorization: "Bearer shared" });
  await seconds(clock, 20);
  equal([bearer.ended, hers.ended, another.ended, shared.ended], [false, false, false, false]);
  // Two tokens, each asked for once in five seconds, however many streams it has.
  ok(asked <= 2 * 5, `${asked}`);
  // A database that does not answer says nothing of a token.
  isDown = true;
  await seconds(clock, 10);
  isDown = false;
  same(bearer.ended, false);
  revoked.add(await digestOf(one));
  // What was found is remembered for five seconds; then one tick.
  await seconds(clock, 7);
  equal([bearer.ended, hers.ended, another.ended, shared.ended], [true, true, false, false]);
  // A session is over after twelve hours, and so is what it watches.
  const late = await watch(session);
  clock.freeze(12 * 3_600_000 - 40_000);
  await seconds(clock, 2);
  same(late.ended, false);
  await seconds(clock, 4);
  equal([late.ended, shared.ended], [true, false]);
});

Deno.test("a token that this process revokes ends its streams in the next tick", async () => {
  const clock = new VirtualClock();
  let isGood = true;
  const revoke = route({
    method: "DELETE",
    path: "/api/tokens/:name",
    operation: "revokeToken",
    summary: "Revokes",
    tag: "tokens",
    response: z.object({ changed: z.boolean() }),
    handle: () => Promise.resolve({ changed: !(isGood = false) }),
  });
  const handler = createHandler(parts({
    clock,
    token: "shared",
    routes: () => Promise.resolve([revoke]),
    dashboard: dashboard(clock),
    findToken: () => Promise.resolve(isGood ? { name: "ada", role: "viewer", metadataOnly: false } : null),
  }));
  const headers = { authorization: `Bearer rhythm_${"0a".repeat(32)}` };
  const response = await handler(new Request("http://host/api/live?page=pulse", { headers }));
  let ended = false;
  void response.body!.pipeTo(new WritableStream()).then(() => ended = true);
  await seconds(clock, 1);
  const init = { method: "DELETE", headers: { authorization: "Bearer shared" } };
  same((await handler(new Request("http://host/api/tokens/ada", init))).status, 200);
  await seconds(clock, 2);
  same(ended, true);
});

Deno.test("a page that is not there, or a query that is wrong, says so", async () => {
  const about = async (path: string): Promise<unknown> => {
    const { status, body } = await ask(path, {}, { dashboard: dashboard() });
    return [status, (body as { error: { message: string } }).error.message];
  };
  equal(await about("/api/pages/nothing"), [404, 'The dashboard has no page "nothing"']);
  equal(await about("/api/live?page=nothing"), [404, 'The dashboard has no page "nothing"']);
  same((await about("/api/pages/constructor") as number[])[0], 404);
  same((await about("/api/pages/failures?state=odd") as number[])[0], 400);
});

Deno.test("what only rhythm dev has is for its own token, on this machine, and from its own pages", async () => {
  const clock = new VirtualClock();
  let written = 0;
  const write = route({
    method: "PUT",
    path: "/api/dev/file",
    operation: "writeFlowFile",
    summary: "Writes",
    tag: "dev",
    response: z.object({ ok: z.boolean() }),
    handle: () => Promise.resolve({ ok: ++written > 0 }),
  });
  const dev = {
    routes: () => Promise.resolve([write]),
    page: { look: () => Promise.resolve({ files: [] }) },
  };
  const made = (isDev: boolean): ReturnType<typeof createHandler> =>
    createHandler(parts({
      clock,
      token: "own",
      dashboard: { ...dashboard(clock), ...(isDev ? { dev } : {}) },
      findToken: () => Promise.resolve({ name: "ada", role: "admin", metadataOnly: false }),
    }));
  const own = { authorization: "Bearer own" };
  const admin = { authorization: `Bearer rhythm_${"0a".repeat(32)}` };
  const handler = made(true);
  const told = async (
    origin: string,
    headers: Record<string, string>,
    { path = "/api/dev/file", method = "PUT", on = handler } = {},
  ): Promise<string> => {
    const response = await on(new Request(`${origin}${path}`, { method, headers }));
    const body = await response.json();
    return `${response.status} ${body.error?.code ?? JSON.stringify(body)}`;
  };
  for (const origin of ["http://127.0.0.1:8642", "http://localhost:8642", "http://[::1]:8642"]) {
    same(await told(origin, own), '200 {"ok":true}');
    same(await told(origin, { ...own, origin }), '200 {"ok":true}');
  }
  const here = "http://127.0.0.1:8642";
  same(await told(here, {}), "401 UNAUTHORIZED");
  same(await told(here, admin), "403 FORBIDDEN");
  // A name of somebody else's that leads to this machine, and a page of another port or site.
  for (
    const other of ["http://evil.example", "http://127.0.0.1.evil.example:8642", "http://192.168.0.7:8642"]
  ) {
    same(await told(other, own), "403 OTHER_SITE", other);
  }
  for (const origin of ["http://evil.example", "http://127.0.0.1:9999", "null"]) {
    same(await told(here, { ...own, origin }), "403 OTHER_SITE", origin);
  }
  same(written, 6);
  const page = { path: "/api/pages/dev", method: "GET" };
  same(await told(here, own, page), '200 {"files":[]}');
  same(await told(here, admin, page), "403 FORBIDDEN");
  same(await told("http://evil.example", own, page), "403 OTHER_SITE");
  same(await told(here, admin, { path: "/api/live?page=dev", method: "GET" }), "403 FORBIDDEN");
  // A worker, and rhythm dashboard, have nothing of it.
  const on = made(false);
  same(await told(here, own, { on }), "404 NOT_FOUND");
  same(await told(here, own, { ...page, on }), "404 NOT_FOUND");
  const document = await (await handler(new Request(`${here}/api/openapi.json`, { headers: own }))).text();
  same(document.includes("/api/dev/"), false);
});

Deno.test("/api/openapi.json describes every route from its schemas", async () => {
  const { body } = await ask("/api/openapi.json");
  const document = body as {
    openapi: string;
    paths: Record<string, Record<string, Record<string, unknown>>>;
  };
  same(document.openapi, "3.1.0");
  equal(Object.keys(document.paths), ["/api/things/{id}", "/api/things"]);
  const get = document.paths["/api/things/{id}"]!.get!;
  same(get.operationId, "getThing");
  equal(
    (get.parameters as { name: string; in: string; required: boolean }[]).map((
      p,
    ) => [p.name, p.in, p.required]),
    [
      ["id", "path", true],
      ["depth", "query", false],
    ],
  );
  same("201" in (document.paths["/api/things"]!.post!.responses as object), true);
});

Deno.test("createHandler() stops a call whose client went away", async () => {
  const asked = Promise.withResolvers<AbortSignal>();
  const patient = route({
    method: "GET",
    path: "/api/patience",
    operation: "getPatience",
    summary: "Waits for a client that leaves",
    tag: "things",
    response: z.object({ left: z.boolean() }),
    handle: ({ signal }) => {
      asked.resolve(signal);
      return new Promise((resolve) => signal.addEventListener("abort", () => resolve({ left: true })));
    },
  });
  const handler = createHandler(parts({ routes: () => Promise.resolve([patient]) }));
  const server = Deno.serve(
    { port: 0, hostname: "127.0.0.1", onListen: () => {} },
    (request) => handler(request),
  );
  const client = new AbortController();
  const answer = fetch(`http://127.0.0.1:${server.addr.port}/api/patience`, { signal: client.signal });
  const signal = await asked.promise;
  same(signal.aborted, false);
  client.abort();
  await answer.catch(() => {});
  if (!signal.aborted) {
    await new Promise((resolve) => signal.addEventListener("abort", resolve, { once: true }));
  }
  await server.shutdown();
});

Deno.test("createHandler() takes a token with spaces", async () => {
  const ask = async (authorization: string): Promise<number> => {
    const handler = createHandler(parts({ token: "open sesame" }));
    return (await handler(new Request("http://host/api/things/1", { headers: { authorization } }))).status;
  };
  equal([await ask("Bearer open sesame"), await ask("Bearer open"), await ask("Bearer ")], [200, 401, 401]);
});

/** A server on a port, and what it answers to bytes as they are. */
function rawServer(change: Partial<HttpParts> = {}): AsyncDisposable & {
  send: (bytes: string) => Promise<string>;
} {
  const handler = createHandler(parts(change));
  const server = Deno.serve(
    { port: 0, hostname: "127.0.0.1", onListen: () => {} },
    (request) => handler(request),
  );
  return {
    async send(bytes): Promise<string> {
      using connection = await Deno.connect({ hostname: "127.0.0.1", port: server.addr.port });
      await connection.write(new TextEncoder().encode(bytes));
      const answer = new Uint8Array(4096);
      const length = await connection.read(answer) ?? 0;
      return new TextDecoder().decode(answer.subarray(0, length));
    },
    [Symbol.asyncDispose]: () => server.shutdown(),
  };
}

Deno.test("createHandler() refuses a Host that is none, and a path that is encoded wrong, as the caller's mistakes", async () => {
  const errors: unknown[] = [];
  await using server = rawServer({ onError: (error) => errors.push(error) });
  const close = "Connection: close\r\n\r\n";
  for (const host of ["x y", "[::1", "a/b@", "%", "x:99999"]) {
    match(
      await server.send(`GET /health HTTP/1.1\r\nHost: ${host}\r\n${close}`),
      /^HTTP\/1\.1 (4\d\d|200) /,
      host,
    );
  }
  match(
    await server.send(`GET /api/things/%E0%A4%A HTTP/1.1\r\nHost: x\r\n${close}`),
    /^HTTP\/1\.1 400 [^]*not encoded right/,
  );
  equal(errors, []);
});

Deno.test("createHandler() reads no body further than it may be", async () => {
  const told = await ask("/api/things", { method: "POST", body: "x".repeat(3_000_000) });
  same([told.status, codeOf(told.body)].join(" "), "413 BODY_TOO_LARGE");
  let sent = 0;
  const endless = new ReadableStream({
    pull: (controller): void => {
      sent += 65_536;
      controller.enqueue(new Uint8Array(65_536).fill(32));
    },
  });
  const read = await ask("/api/things", { method: "POST", body: endless, duplex: "half" } as RequestInit);
  same(read.status, 413);
  same(sent < 4_000_000, true, `${sent} bytes were taken`);
});

Deno.test("createHandler() does not wait for a body that does not come", async () => {
  const clock = new VirtualClock();
  let begun = (): void => {};
  const reading = new Promise<void>((resolve) => begun = resolve);
  const stuck = new ReadableStream({
    pull: (): Promise<void> => {
      begun();
      return new Promise(() => {});
    },
  });
  const answer = ask("/api/things", { method: "POST", body: stuck, duplex: "half" } as RequestInit, {
    clock,
  });
  await reading;
  await clock.pass(10_000);
  const { status, body } = await answer;
  same([status, codeOf(body)].join(" "), "408 BODY_TOO_SLOW");
});

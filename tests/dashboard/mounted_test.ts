/** The dashboard in servers of others: below a path, behind proxies, as a handler of routes. */
import { deepStrictEqual as equal, match, ok, strictEqual as same } from "node:assert/strict";
import type { Rhythm } from "../../mod.ts";
import { testApp } from "../app/support.ts";
import { executable, openBrowser, openPage } from "./chromium.ts";

type Handler = (request: Request) => Promise<Response>;

function served(handler: Handler): Deno.HttpServer<Deno.NetAddr> {
  // A stream that a browser leaves ends with an error in a proxy.
  const onError = (): Response => new Response(null, { status: 502 });
  return Deno.serve({ port: 0, hostname: "127.0.0.1", onListen: () => {}, onError }, handler);
}

/** Passes requests on, as a proxy does that ends TLS and takes a prefix away, or keeps it. */
function proxyTo(
  port: number,
  { prefix, strips, headers }: { prefix: string; strips: boolean; headers: Record<string, string> },
): Handler {
  return async (request) => {
    const { pathname, search } = new URL(request.url);
    if (pathname !== prefix && !pathname.startsWith(`${prefix}/`)) {
      return new Response("of another application", { status: 404 });
    }
    const path = strips ? pathname.slice(prefix.length) || "/" : pathname;
    const sent = new Headers(request.headers);
    sent.delete("host");
    for (const [name, value] of Object.entries(headers)) sent.set(name, value);
    const method = request.method;
    const body = method === "GET" || method === "HEAD" ? null : await request.arrayBuffer();
    const answer = await fetch(`http://127.0.0.1:${port}${path}${search}`, {
      ...{ method, headers: sent, body, redirect: "manual", signal: request.signal },
    });
    // fetch() has unpacked it.
    const got = new Headers(answer.headers);
    for (const name of ["content-encoding", "content-length", "transfer-encoding"]) got.delete(name);
    return new Response(answer.body, { status: answer.status, headers: got });
  };
}

interface Server {
  readonly fetch: (request: Request) => Response | Promise<Response>;
}

type Route = Record<"GET" | "POST" | "PUT" | "DELETE", Handler>;

/** The programs of docs/guides/mount.md, on an application that is there. */
async function examples(rhythm: Rhythm): Promise<{ hono: Server; serve: Server; route: Route }> {
  const text = await Deno.readTextFile(new URL("../../docs/guides/mount.md", import.meta.url));
  const directory = await Deno.makeTempDir({ prefix: "rhythm-mount-" });
  try {
    for (const [, name, source] of text.matchAll(/^```ts (\S+)\n([\s\S]*?)^```$/gm)) {
      await Deno.writeTextFile(`${directory}/${name}`, source!);
    }
    Object.assign(globalThis, { rhythmOfTheTest: rhythm });
    await Deno.writeTextFile(
      `${directory}/rhythm.ts`,
      "export const rhythm = (globalThis as any).rhythmOfTheTest;",
    );
    const load = async (name: string): Promise<{ default: Server } & Route> =>
      await import(`file://${directory}/${name}.ts`);
    return {
      ...{ hono: (await load("hono")).default, serve: (await load("serve")).default },
      route: await load("route"),
    };
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
}

interface Mount {
  readonly name: string;
  readonly prefix: string;
  readonly isSecure?: boolean;
  readonly handler: Handler;
}

/** What a page and its session must be, wherever they are. Gives what is wrong. */
async function faultsOf(
  { prefix, isSecure = false }: Mount,
  origin: string,
  token: string,
): Promise<string[]> {
  const faults: string[] = [];
  const document = await fetch(`${origin}${prefix}/executions/1`);
  const html = await document.text();
  if (document.status !== 200) faults.push(`the page: ${document.status}`);
  const base = /<base href="([^"]*)">/.exec(html)?.[1];
  if (base !== `${prefix}/`) faults.push(`the base is ${base}`);
  for (const [, path] of html.matchAll(/(?:src|href)="([^"/][^"]*\.(?:js|css|svg))"/g)) {
    const file = await fetch(new URL(path!, `${origin}${base}`));
    await file.body?.cancel();
    if (file.status !== 200) faults.push(`${path}: ${file.status}`);
  }
  const session = await fetch(`${origin}${prefix}/api/session`, {
    method: "POST",
    body: JSON.stringify({ token }),
    headers: { "content-type": "application/json", "x-rhythm-page": "1" },
  });
  await session.body?.cancel();
  const cookie = session.headers.get("set-cookie") ?? "";
  if (!cookie.includes(`; Path=${prefix};`)) faults.push(`the cookie: ${cookie}`);
  if (/; Secure/.test(cookie) !== isSecure) {
    faults.push(`the cookie of ${isSecure ? "HTTPS" : "HTTP"}: ${cookie}`);
  }
  const headers = { cookie: cookie.split(";")[0]! };
  const live = await fetch(`${origin}${prefix}/api/live?page=pulse`, { headers });
  const reader = live.body!.pipeThrough(new TextDecoderStream()).getReader();
  const first = await reader.read();
  if (!/^: /.test(first.value ?? "")) faults.push(`the stream: ${live.status} ${first.value}`);
  await reader.cancel();
  const pages = await fetch(`${origin}${prefix}/api/pages/overview`, { headers });
  await pages.body?.cancel();
  if (pages.status !== 200) faults.push(`what a page reads: ${pages.status}`);
  return faults;
}

Deno.test({
  name: "the dashboard is mounted in Hono, behind proxies, and as a handler of routes",
  // Streams of servers end after their answers.
  sanitizeOps: false,
  sanitizeResources: false,
}, async (t) => {
  await using app = await testApp({ token: "a token for the tests" });
  const { rhythm } = app;
  const direct = served((request) => rhythm.fetch(request));
  const below = served((request) => rhythm.fetch(request, { basePath: "/ops" }));

  const shown = await examples(rhythm);

  const mounts: Mount[] = [
    { name: "Hono", prefix: "/rhythm", handler: async (request) => await shown.hono.fetch(request) },
    { name: "Deno.serve", prefix: "/rhythm", handler: async (request) => await shown.serve.fetch(request) },
    {
      name: "a handler of routes",
      prefix: "/rhythm",
      handler: async (request) => await shown.route[request.method as "GET"](request),
    },
    {
      name: "a proxy that strips the prefix and says so",
      prefix: "/ops",
      isSecure: true,
      handler: proxyTo(direct.addr.port, {
        ...{ prefix: "/ops", strips: true },
        headers: { "x-forwarded-prefix": "/ops/", "x-forwarded-proto": "https" },
      }),
    },
    {
      name: "a proxy that keeps the prefix and says so",
      prefix: "/ops",
      isSecure: true,
      handler: proxyTo(direct.addr.port, {
        ...{ prefix: "/ops", strips: false },
        headers: { "x-forwarded-prefix": "/ops", "x-forwarded-proto": "https" },
      }),
    },
    {
      name: "a proxy that keeps the prefix, and basePath",
      prefix: "/ops",
      handler: proxyTo(below.addr.port, { prefix: "/ops", strips: false, headers: {} }),
    },
  ];
  const browser = executable === undefined ? undefined : await openBrowser();
  try {
    for (const mount of mounts) {
      await t.step(mount.name, async () => {
        const server = served(mount.handler);
        const origin = `http://127.0.0.1:${server.addr.port}`;
        try {
          equal(await faultsOf(mount, origin, rhythm.token), []);
          // Over plain HTTP a browser does not keep the cookie of a proxy that says that it speaks HTTPS.
          if (browser === undefined || mount.isSecure) return;
          const { page, complaints } = await openPage(browser);
          await page.goto(`${origin}${mount.prefix}`);
          await page.getByLabel("Token").fill(rhythm.token);
          await page.getByRole("button", { name: "Log in" }).click();
          await page.getByText("live", { exact: true }).waitFor();
          await page.getByRole("link", { name: "Executions", exact: true }).first().click();
          await page.getByRole("heading", { name: "Executions" }).waitFor();
          match(page.url(), new RegExp(`^${origin}${mount.prefix}/executions`));
          await page.reload();
          await page.getByRole("heading", { name: "Executions" }).waitFor();
          const links = await page.evaluate("[...document.links].map((link) => link.pathname)") as string[];
          ok(links.length > 5);
          equal(links.filter((path) => !path.startsWith(mount.prefix)), []);
          equal(complaints, []);
          await page.context().close();
        } finally {
          await server.shutdown();
        }
      });
    }

    await t.step("an empty installation runs a sample at the press of a button", async () => {
      if (browser === undefined) return;
      const { page, complaints } = await openPage(browser);
      await page.goto(`http://127.0.0.1:${direct.addr.port}/executions`);
      await page.getByLabel("Token").fill(rhythm.token);
      await page.getByRole("button", { name: "Log in" }).click();
      await page.getByText("Nothing has run yet").waitFor();
      await page.getByRole("button", { name: "Run a sample" }).click();
      await page.getByRole("heading", { name: "sample_hello", exact: true }).waitFor();
      app.work();
      match(await page.locator("li.lit").innerText(), /Timer\.delay/);
      await page.getByText('greeting = "Hello, Ada!"').first().waitFor();
      equal(complaints, []);
      await page.context().close();
    });

    await t.step("a prefix that is no path is not followed", async () => {
      for (const said of ["//evil.example", '/a"><script>', "https://evil.example", "/", "", "/.../a b"]) {
        const response = await rhythm.fetch(
          new Request("http://host/executions", { headers: { "x-forwarded-prefix": said } }),
        );
        match(await response.text(), /<base href="\/">/, said);
      }
      // What the server itself says goes before.
      const response = await rhythm.fetch(
        new Request("http://host/ops/executions", { headers: { "x-forwarded-prefix": "/other" } }),
        { basePath: "/ops" },
      );
      match(await response.text(), /<base href="\/ops\/">/);
      for (const { fetch } of [shown.hono, shown.serve]) {
        same(await (await fetch(new Request("http://host/"))).text(), "my shop");
      }
    });
  } finally {
    await browser?.close();
    await Promise.all([direct.shutdown(), below.shutdown()]);
  }
});

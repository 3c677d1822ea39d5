// What a server does with clients that send half a request, or many.
import { deepStrictEqual as equal, match, strictEqual as same } from "node:assert/strict";
import { type HttpServer, serveHttp, type ServeOptions } from "../../src/runtime/serve.ts";

Deno.test("serveHttp() closes connections on which a request is only half sent", async () => {
  await using server = serve(() => new Response("ok"), { headersMs: 100 });
  const halves = ["GET / HT", "GET / HTTP/1.1\r\nHost: x\r\nX-Slow: "];
  const answers = await Promise.all(Array.from({ length: 40 }, (_, nth) => server.say(halves[nth % 2]!)));
  for (const answer of answers) match(answer, /^(HTTP\/1\.1 408 |$)/);
  same(await (await fetch(server.url)).text(), "ok");
});

Deno.test("serveHttp() takes only so many connections, and others once they are gone", async () => {
  await using server = serve(() => new Response("ok"), { connections: 2 });
  const open = [await server.connect(), await server.connect()];
  same(await server.say("GET / HTTP/1.1\r\nHost: x\r\n\r\n"), "");
  for (const connection of open) connection.close();
  for (;;) {
    // The server may not have heard of it yet.
    const answer = await server.say("GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
    if (answer === "") continue;
    match(answer, /^HTTP\/1\.1 200 OK/);
    break;
  }
});

Deno.test("serveHttp() passes on the request and the response as they are", async () => {
  await using server = serve(async (request) => {
    const { pathname, search } = new URL(request.url);
    const said = [request.method, pathname, search, request.headers.get("x-many"), await request.text()];
    return new Response(JSON.stringify(said), { status: 207, headers: { "x-answer": "yes" } });
  });
  const response = await fetch(`${server.url}/a%20b?c=%C3%A4`, {
    method: "PUT",
    body: "ü",
    headers: { "x-many": "1, 2" },
  });
  equal([response.status, response.headers.get("x-answer")], [207, "yes"]);
  equal(await response.json(), ["PUT", "/a%20b", "?c=%C3%A4", "1, 2", "ü"]);
  same((await fetch(server.url, { method: "HEAD" })).headers.get("x-answer"), "yes");
});

Deno.test("serveHttp() tells a handler that its client is gone", async () => {
  const gone = Promise.withResolvers<void>();
  const asked = Promise.withResolvers<void>();
  await using server = serve(async (request) => {
    request.signal.addEventListener("abort", () => gone.resolve());
    asked.resolve();
    await gone.promise;
    return new Response("nobody reads this");
  });
  const connection = await server.connect();
  await connection.write(new TextEncoder().encode("GET / HTTP/1.1\r\nHost: x\r\n\r\n"));
  await asked.promise;
  connection.close();
  await gone.promise;
});

Deno.test("serveHttp() does not read a body that its handler leaves", async () => {
  await using server = serve(() => new Response("too much", { status: 413 }), { headersMs: 200 });
  const answer = await server.say(
    `POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1000000000\r\n\r\n${"x".repeat(10_000)}`,
  );
  match(answer, /^HTTP\/1\.1 413 .*too much/s);
  match(answer, /\r\nconnection: close\r\n/i);
});

interface TestServer extends AsyncDisposable {
  readonly url: string;
  connect(): Promise<Deno.TcpConn>;
  /** Sends a text, and gives all that comes back until the server closes. */
  say(text: string): Promise<string>;
}

function serve(
  handler: (request: Request) => Response | Promise<Response>,
  limits: Partial<ServeOptions> = {},
): TestServer {
  const server: HttpServer = serveHttp(handler, { port: 0, hostname: "127.0.0.1", ...limits });
  const connect = (): Promise<Deno.TcpConn> => Deno.connect({ port: server.port, hostname: server.hostname });
  return {
    url: `http://127.0.0.1:${server.port}`,
    connect,
    say: async (text) => {
      const connection = await connect();
      let heard = "";
      try {
        await connection.write(new TextEncoder().encode(text));
        for await (const chunk of connection.readable) heard += new TextDecoder().decode(chunk);
      } catch (error) {
        // A connection that is closed before all was read.
        if (!(error instanceof Deno.errors.ConnectionReset || error instanceof Deno.errors.BrokenPipe)) {
          throw error;
        }
      }
      return heard;
    },
    [Symbol.asyncDispose]: () => server.shutdown(),
  };
}

Deno.test("serveHttp() lets a request take longer than its headers may, and ends it before shutdown() resolves", async () => {
  const asked = Promise.withResolvers<void>();
  const go = Promise.withResolvers<void>();
  const server = serve(async () => {
    asked.resolve();
    await go.promise;
    return new Response("x".repeat(1_000_000));
  }, { headersMs: 50 });
  const answer = fetch(server.url);
  await asked.promise;
  await new Promise((resolve) => setTimeout(resolve, 150));
  const ending = server[Symbol.asyncDispose]();
  go.resolve();
  same((await (await answer).text()).length, 1_000_000);
  await ending;
});

Deno.test("serveHttp() answers nobody who comes past its guard", async () => {
  const asked: string[] = [];
  let inner = 0;
  const { serve: real } = Deno;
  using _restore = { [Symbol.dispose]: () => Object.assign(Deno, { serve: real }) };
  Object.assign(Deno, {
    serve: (...given: unknown[]) => {
      const made = (real as unknown as (...given: unknown[]) => Deno.HttpServer<Deno.NetAddr>)(...given);
      inner = made.addr.port;
      return made;
    },
  });
  await using server = serve((request) => {
    asked.push(request.url);
    return new Response("ok");
  });
  same((await fetch(`http://127.0.0.1:${inner}/past`)).status, 404);
  same((await fetch(`${server.url}/by`)).status, 200);
  same(asked.length, 1);
});

import { deepStrictEqual as equal, match, rejects, strictEqual as same, throws } from "node:assert/strict";
import { type InitOptions, InvalidOptionError, queueTask, Rhythm, task } from "../../mod.ts";
import { freshDatabase, onEmbedded } from "../support/database.ts";
import { placeOf } from "../../src/define/database_place.ts";

async function refusal(options: unknown): Promise<string> {
  try {
    await using _ = await Rhythm.init(options as InitOptions);
  } catch (error) {
    same(error instanceof InvalidOptionError, true, String(error));
    return (error as Error).message;
  }
  return "(accepted)";
}

Deno.test("Rhythm.init() names wrong options and what was probably meant", async () => {
  match(
    await refusal({ databaseURL: "x" }),
    /Rhythm\.init\(\) has no option "databaseURL"\. Did you mean "databaseUrl"\?/,
  );
  match(await refusal({ workflowPaths: [] }), /has no option "workflowPaths"/);
  match(await refusal({ autoMigrate: "yes" }), /"autoMigrate" must be true or false, not "yes"/);
  match(await refusal({ flows: "./flows" }), /"flows" must be an array/);
  match(await refusal({ tasks: [() => 1] }), /"tasks\[0\]" must be a task made by task\(\), not a function/);
  match(await refusal({ databaseUrl: "mysql://x" }), /must be postgres:\/\/…, a directory .* not mysql:\/\//);
  match(await refusal({ poolSize: 0 }), /"poolSize" must be a whole number of at least 1/);
  const twice = task({ name: "twice" }, () => 1);
  match(await refusal({ tasks: [twice, twice] }), /two tasks are named "twice"/);
});

Deno.test("Rhythm.init() says what it tried when no database answers", async () => {
  const started = performance.now();
  await rejects(
    Rhythm.init({ databaseUrl: "postgres://someone:secret@127.0.0.1:9/none", log: { level: "silent" } }),
    (error: unknown) => {
      const { name, message } = error as Error;
      same(name, "DatabaseUnavailableError");
      match(message, /Cannot reach the database at postgres:\/\/someone@127\.0\.0\.1:9\/none/);
      match(message, /databaseUrl or RHYTHM_DATABASE_URL/);
      same(message.includes("secret"), false);
      return true;
    },
  );
  same(performance.now() - started < 90_000, true);
});

Deno.test("placeOf() prefers what was said, then the environment, then the embedded database", () => {
  const environment = (name: string): string | undefined =>
    name === "RHYTHM_DATABASE_URL" ? "postgres://from-env/db" : undefined;
  equal(placeOf("postgres://said/db", { environment }), { kind: "server", at: "postgres://said/db" });
  equal(placeOf(undefined, { environment }), { kind: "server", at: "postgres://from-env/db" });
  equal(placeOf(undefined, { environment: () => undefined }), { kind: "embedded", at: ".rhythm/data" });
  equal(placeOf("memory://", { environment }), { kind: "embedded", at: "memory://" });
  equal(placeOf("file:///data/my%20db", { environment }), { kind: "embedded", at: "/data/my db" });
  equal(placeOf("./data", { environment }), { kind: "embedded", at: "./data" });
  equal(placeOf("/data/db", { environment }), { kind: "embedded", at: "/data/db" });
  for (const misspelt of ["localhost/app", "postgres:/localhost/app", "user@host:5432/app", "data"]) {
    throws(() => placeOf(misspelt), {
      code: "INVALID_OPTION",
      message: new RegExp(
        `a directory for the embedded database such as ./data, or memory://, not "${misspelt}"`,
      ),
    });
  }
  throws(() => placeOf("ada:secret@host/app"), /not "ada:…@host\/app"$/);
});

Deno.test("module functions say that an application is missing", async () => {
  await rejects(queueTask("x"), {
    code: "NOT_INITIALIZED",
    message: "queueTask() needs an application: call `await Rhythm.init(…)` first",
  });
});

Deno.test({
  name: "Rhythm.init() waits for a server that starts or restarts",
  ignore: onEmbedded,
  fn: async () => {
    await using database = await freshDatabase();
    const url = new URL(database.url);
    const server = { hostname: "127.0.0.1", port: Number(url.port) };
    const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
    url.port = String(listener.addr.port);
    const ends: Promise<void>[] = [];
    let connections = 0;
    const listening = (async () => {
      for await (const client of listener) {
        const there = await Deno.connect(server);
        // The first two are lost when the server has answered a statement or two.
        let left = ++connections <= 2 ? 2 + connections : Infinity;
        const answers = new TransformStream<Uint8Array, Uint8Array>({
          transform: (chunk, controller) => --left > 0 ? controller.enqueue(chunk) : controller.terminate(),
        });
        const both = [
          client.readable.pipeTo(there.writable),
          there.readable.pipeThrough(answers).pipeTo(client.writable),
        ];
        ends.push(...both.map((end) => end.catch(() => {})));
      }
    })();
    const lines: string[] = [];
    const quiet = (): void => {};
    const log = { debug: quiet, info: quiet, warn: (line: string) => void lines.push(line), error: quiet };
    const rhythm = await Rhythm.init({ databaseUrl: url.href, log });
    equal((await rhythm.executions.query({ limit: 1 })).executions, []);
    equal(lines, ["the database does not answer; trying for 10 seconds"]);
    await rhythm.close();
    listener.close();
    await listening;
    await Promise.all(ends);
  },
});

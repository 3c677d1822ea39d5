// What is wrong from outside: one clear sentence, the right class, and nothing half done.
import { deepStrictEqual as equal, match, rejects, strictEqual as same } from "node:assert/strict";
import { z } from "zod";
import {
  DatabaseUnavailableError,
  type Execution,
  FlowError,
  FlowInputError,
  InstallError,
  InvalidInputError,
  InvalidOptionError,
  JsonError,
  PayloadTooLargeError,
  Rhythm,
  type RhythmError,
  task,
  UnknownNameError,
} from "../../mod.ts";
import type { Database } from "../../src/db/database.ts";
import { install } from "../../src/db/install.ts";
import { onEmbedded } from "../support/database.ts";
import { type TestApp, testApp } from "./support.ts";

const once = { maxAttempts: 1 };
const tooMuch = "x".repeat(1_100_000);

interface Refusal {
  type: abstract new (...args: never[]) => RhythmError;
  code: string;
  message: RegExp;
}

async function refused(call: Promise<unknown>, { type, code, message }: Refusal): Promise<void> {
  await rejects(call, (error: unknown) => {
    same(error instanceof type, true, String(error));
    const { code: found, message: said } = error as RhythmError;
    same(found, code);
    match(said, message);
    same(said.includes("\n"), false, "one sentence");
    return true;
  });
}

async function executions(app: TestApp): Promise<readonly Execution[]> {
  return (await app.rhythm.executions.query()).executions;
}

const typed = `\`\`\`
input: { type: object, required: [amount], properties: { amount: { type: number, minimum: 0 } } }
\`\`\`
return Inputs.amount`;

Deno.test("an unknown flow, and inputs that break a schema, start nothing", async () => {
  const pay = task(
    { name: "pay", input: z.object({ to: z.email(), items: z.array(z.object({ price: z.number() })) }) },
    () => 1,
  );
  await using app = await testApp({ tasks: [pay], flows: [{ name: "typed", source: typed }] });
  const { workflows, tasks } = app.rhythm;
  await refused(workflows.start("tipped"), {
    type: UnknownNameError,
    code: "RH004",
    message: /There is no flow "tipped"/,
  });
  await refused(workflows.start("typed", { amount: -1 }), {
    type: FlowInputError,
    code: "RH005",
    message: /amount/,
  });
  await refused(workflows.start("typed", {}), { type: FlowInputError, code: "RH005", message: /amount/ });
  await refused(tasks.queue("pay", { to: "nobody", items: [{ price: "5" }] }), {
    type: InvalidInputError,
    code: "INVALID_INPUT",
    message: /The input of task "pay" does not satisfy its schema: to: .*; items\[0\]\.price: /,
  });
  equal(await executions(app), []);
});

Deno.test("input that got past the schema of a task fails it at its first attempt", async () => {
  const pay = task({ name: "pay", input: z.object({ amount: z.number() }) }, () => 1);
  await using app = await testApp({ tasks: [pay] });
  app.work();
  const [row] = await app.database.database.query<{ id: string }>(
    `select rhythm.queue('pay', '{"amount": "5"}') as id`,
  );
  const { status, attempt, error } = await app.rhythm.executions.wait(row!.id, { timeout: "20s" });
  equal([status, attempt, error?.type, error?.code], ["failed", 1, "InvalidInputError", "INVALID_INPUT"]);
});

Deno.test("every call names an option that it does not know, and the one that was meant", async () => {
  await using app = await testApp();
  const { executions, flows, queues, rhythm, schedules, signals, tasks, workflows } = {
    ...app.rhythm,
    rhythm: app.rhythm,
  };
  const id = "00000000-0000-7000-8000-000000000000";
  const calls: [() => Promise<unknown>, RegExp][] = [
    [() => workflows.start("f", {}, { priorty: 1 } as never), /"priorty"\. Did you mean "priority"\?/],
    [() => tasks.queue("t", {}, { retry: { max_attempts: 3 } } as never), /Did you mean "maxAttempts"\?/],
    [() => executions.query({ targt: "x" } as never), /Did you mean "target"\?/],
    [() => executions.wait(id, { time_out: 1 } as never), /Did you mean "timeout"\?/],
    [() => executions.cancel(id, { raeson: "x" } as never), /Did you mean "reason"\?/],
    [() => signals.send({ execution: id, nmae: "x" } as never), /Did you mean "name"\?/],
    [() => schedules.set("s", { corn: "* * * * *" } as never), /Did you mean "cron"\?/],
    [() => queues.configure("q", { concurency: 1 } as never), /Did you mean "concurrency"\?/],
    [
      () => Promise.resolve().then(() => rhythm.worker({ concurrancy: 1 } as never)),
      /Did you mean "concurrency"\?/,
    ],
    [
      () => Promise.resolve().then(() => task({ name: "t", quue: "q" } as never, () => 1)),
      /Did you mean "queue"\?/,
    ],
    [() => flows.register({ name: "f", sorce: "return 1" } as never), /Did you mean "source"\?/],
  ];
  for (const [call, message] of calls) {
    await refused(Promise.resolve().then(call), {
      type: InvalidOptionError,
      code: "INVALID_OPTION",
      message,
    });
  }
});

Deno.test("a worker's hostname or token without a port is refused, since nothing would listen", async () => {
  await using app = await testApp();
  for (const option of ["hostname", "token"]) {
    await refused(Promise.resolve().then(() => app.rhythm.worker({ [option]: "0.0.0.0" })), {
      type: InvalidOptionError,
      code: "INVALID_OPTION",
      message: new RegExp(`^rhythm\\.worker\\(\\): "${option}" needs a "port": without it, nothing listens$`),
    });
  }
});

Deno.test("a flow with errors is not registered, nor are the sound ones beside it", async () => {
  await using app = await testApp();
  const both = [{ name: "good", source: "return 1" }, { name: "bad", source: "return (" }];
  await rejects(app.rhythm.flows.registerAll(both), (error: unknown) => {
    same(error instanceof FlowError, true);
    match((error as Error).message, /Cannot register "bad":/);
    return true;
  });
  equal([...await app.rhythm.flows.list()], []);
});

Deno.test("a result that JSON cannot carry fails the task at once, naming the part", async () => {
  const values: Record<string, unknown> = {
    bigint: { total: 1n },
    function: [() => 1],
    map: new Map(),
    nan: { list: [0, NaN] },
    nul: { name: "a\0b" },
  };
  const odd = task({ name: "odd" }, ({ kind }: { kind: string }) => values[kind]);
  await using app = await testApp({ tasks: [odd] });
  app.work();
  const errors: Record<string, string> = {};
  for (const kind of Object.keys(values)) {
    const run = await odd.queue({ kind });
    const { status, attempt, error } = await app.rhythm.executions.wait(run, { timeout: "20s" });
    equal([status, attempt, error?.type], ["failed", 1, "JsonError"]);
    errors[kind] = error!.message.split(" as JSON")[0]!;
  }
  equal(errors, {
    bigint: 'Cannot store output of task "odd".total',
    function: 'Cannot store output of task "odd"[0]',
    map: 'Cannot store output of task "odd"',
    nan: 'Cannot store output of task "odd".list[1]',
    nul: 'Cannot store output of task "odd".name',
  });
});

Deno.test("what is too big is refused where it is given, or fails what made it", async () => {
  const big = task({ name: "big", retry: once }, () => tooMuch);
  const source = `const text = "x".repeat(600000); return [text, text]`;
  await using app = await testApp({ tasks: [big], flows: [{ name: "bloat", source }] });
  const { workflows, signals, tasks } = app.rhythm;
  const tooLarge = { type: PayloadTooLargeError, code: "RH006", message: /at most 1048576 are allowed/ };
  await refused(workflows.start("bloat", { tooMuch }), tooLarge);
  await refused(tasks.queue("big", { tooMuch }), tooLarge);
  equal(await executions(app), []);

  const waiting = await tasks.queue("big", {}, { delay: "1h" });
  const flow = await workflows.start("bloat", {}, { delay: "1h" });
  await refused(signals.send({ execution: flow, name: "go", payload: tooMuch }), tooLarge);
  await waiting.cancel();
  app.work();
  for (const run of [await big.queue(null), await workflows.start("bloat")]) {
    const { status, attempt, error } = await app.rhythm.executions.wait(run, { timeout: "20s" });
    equal([status, attempt], ["failed", 1]);
    match(error!.message, /output.* takes 1\d{6} (bytes or more|characters), at most 1048576 are allowed/);
  }
});

Deno.test("progress and log data that JSON cannot carry throw where they are given", async () => {
  const tell = task({ name: "tell", retry: once }, (_: null, ctx) => {
    const caught: string[] = [];
    for (const say of [() => ctx.progress({ n: 1n }), () => ctx.log.info("x", { n: 1n })]) {
      try {
        say();
      } catch (error) {
        caught.push(error instanceof JsonError ? error.path : String(error));
      }
    }
    return caught;
  });
  await using app = await testApp({ tasks: [tell] });
  app.work();
  equal(await (await tell.queue(null)).result({ timeout: "20s" }), ["progress.n", "log data.n"]);
});

Deno.test({
  name: "a wrong password is told with where it was tried, without the password",
  ignore: onEmbedded,
  fn: async () => {
    await using server = refusing("28P01", 'password authentication failed for user "app"');
    await refused(Rhythm.init({ databaseUrl: `postgres://app:hunter2@127.0.0.1:${server.port}/shop` }), {
      type: DatabaseUnavailableError,
      code: "DATABASE_UNAVAILABLE",
      message:
        /^Cannot reach the database at postgres:\/\/app@127\.0\.0\.1:\d+\/shop: password authentication failed for user "app"\. Check .* password in databaseUrl/,
    });
  },
});

Deno.test("a Postgres that is too old is told, with the oldest that will do", async () => {
  const old = {
    query: () => Promise.resolve([{ number: 120_019, version: "12.19", found: false }]),
    transaction: (work: (tx: unknown) => Promise<unknown>) => work(old),
    script: () => Promise.reject(new Error("nothing may be written")),
  };
  await refused(install(old as unknown as Database), {
    type: InstallError,
    code: "POSTGRES_TOO_OLD",
    message: /Cannot install Rhythm on Postgres 12\.19: expected 13 or newer/,
  });
});

/** A server that answers every start of a session with one error. */
function refusing(code: string, message: string): { port: number } & AsyncDisposable {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const fields = new TextEncoder().encode(`SFATAL\0VFATAL\0C${code}\0M${message}\0\0`);
  const answer = new Uint8Array(5 + fields.length);
  answer[0] = "E".charCodeAt(0);
  new DataView(answer.buffer).setUint32(1, 4 + fields.length);
  answer.set(fields, 5);
  const serving = (async () => {
    for await (const conn of listener) {
      await conn.read(new Uint8Array(1_000));
      await conn.write(answer);
      conn.close();
    }
  })();
  return {
    port: listener.addr.port,
    [Symbol.asyncDispose]: async () => {
      listener.close();
      await serving;
    },
  };
}

Deno.test("a port that is taken is told before anything is claimed", async () => {
  await using app = await testApp();
  const taken = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const { port } = taken.addr;
  await rejects(app.rhythm.worker({ port }).run(), {
    code: "CANNOT_LISTEN",
    message: new RegExp(
      `^Cannot serve HTTP on 127\\.0\\.0\\.1:${port}: Address already in use.* another "port"`,
    ),
  });
  const [row] = await app.database.database.query<{ n: number }>(
    "select count(*)::integer as n from rhythm.worker",
  );
  same(row!.n, 0);
  taken.close();
});

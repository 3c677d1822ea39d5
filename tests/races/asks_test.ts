// Questions, against what ends, rewinds and deletes their workflow; and many callers while workers and connections are killed.
import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";
import type postgres from "postgres";
import { Rhythm } from "../../mod.ts";
import { freshDatabase, onEmbedded } from "../support/database.ts";
import { isLong } from "../support/long.ts";
import {
  claim,
  inTurn,
  openArena,
  registerWorker,
  settle,
  statusOf,
  suspended,
  violations,
} from "./support/sessions.ts";

type Does = (sql: postgres.Sql) => Promise<unknown>;

const newId = async (sql: postgres.Sql): Promise<string> => (await sql`select rhythm.new_id() as id`)[0]!.id;

/** What is done to a workflow that was asked, with what its question may be then: the first one counts if it came first. */
const others: Record<string, {
  does: (worker: string, flow: string, wait: string) => Does;
  first: string;
  second: string;
}> = {
  "its end": {
    does: (worker, flow) => (sql) => settle(sql, worker, { id: flow, status: "completed", output: 1 }),
    first: "RH003",
    second: "unanswered",
  },
  "its cancellation": {
    does: (_, flow) => (sql) => sql`select rhythm.cancel(${flow}, 'race')`,
    first: "RH003",
    second: "unanswered",
  },
  "the same question": {
    does: (_, flow) => (sql) => sql`select rhythm.ask(${flow}, 'quote', '1', 'k')`,
    first: "open",
    second: "open",
  },
  "its deletion": {
    does: (_, flow) => async (sql) => {
      await sql`select rhythm.cancel(${flow}, 'race')`;
      await sql`select rhythm.delete_execution(${flow})`.catch((error) => {
        if (error.code !== "RH003") throw error;
      });
    },
    first: "RH002",
    second: "gone",
  },
};

for (const [what, { does, first, second }] of Object.entries(others)) {
  for (const isFirst of [true, false]) {
    Deno.test({
      name: `ask() ${isFirst ? "before" : "after"} ${what}`,
      ignore: onEmbedded,
      fn: async () => {
        await using arena = await openArena(2);
        const sql = arena.watcher;
        const worker = await registerWorker(sql);
        await sql`select rhythm.register_flow('f', 'return 1', '{}')`;
        await sql`select rhythm.start('f')`;
        const flow = (await sql`select id from rhythm.execution`)[0]!.id as string;
        if (what === "its end") await claim(sql, worker, 1);
        const ask: Does = async (session) => {
          try {
            const [row] = await session`select rhythm.ask(${flow}, 'quote', '1', 'k')::text as id`;
            return row!.id;
          } catch (error) {
            return (error as { code: string }).code;
          }
        };
        const other = does(worker, flow, await newId(sql));
        const acts = isFirst ? { first: ask, second: other } : { first: other, second: ask };
        const asked = (await inTurn(arena, acts))[isFirst ? 0 : 1] as string;
        const [row] = await sql`select status from rhythm.asks`;
        const came = /^RH/.test(asked) ? asked : row?.status ?? "gone";
        assert.equal(came, isFirst ? second : first);
        assert.equal(Number((await sql`select count(*) as n from rhythm.asks`)[0]!.n) <= 1, true);
        assert.deepEqual(await violations(sql), []);
      },
    });
  }
}

for (const isFirst of [true, false]) {
  Deno.test({
    name: `an answer ${
      isFirst ? "before" : "after"
    } a rewind to the step before its question: it stays, or is refused`,
    ignore: onEmbedded,
    fn: async () => {
      await using arena = await openArena(2);
      const sql = arena.watcher;
      const worker = await registerWorker(sql);
      await sql`select rhythm.register_flow('f', 'return 1', '{}')`;
      const [wait, task, never] = [await newId(sql), await newId(sql), await newId(sql)];
      const effects = [{ type: "await_signal", id: wait, name: "quote" }];
      const flow = await suspended(sql, worker, { effects, mode: "any", ids: [wait] });
      await sql`select rhythm.ask(${flow}, 'quote')`;
      await claim(sql, worker, 1);
      await settle(sql, worker, {
        ...{ id: flow, status: "suspended", snapshot: { at: 2 } },
        effects: [{ type: "run_task", id: task, target: "t", inputs: {} }],
        waits: [{ mode: "any", ids: [task] }],
        keep: [task, wait],
      });
      await sql`select rhythm.signal(${flow}, 'other')`;
      await claim(sql, worker, 1);
      await settle(sql, worker, { id: task, status: "completed", output: 1 });
      await claim(sql, worker, 1);
      const answer: Does = (session) =>
        settle(session, worker, {
          ...{ id: flow, status: "suspended", snapshot: { at: 3 } },
          effects: [{ type: "answer", wait, value: 250 }, {
            type: "await_signal",
            id: never,
            name: "never",
          }],
          waits: [{ mode: "any", ids: [never] }],
          keep: [never],
        });
      const rewind: Does = async (session) => {
        // What is refused must not end the transaction around it.
        const within = (run: Does): Promise<unknown> =>
          "savepoint" in session
            ? (session as unknown as postgres.TransactionSql).savepoint(run as never)
            : run(session);
        const [row] = await session`select seq from rhythm.workflow_state where execution_id = ${flow}`;
        try {
          await within((tx) =>
            tx.unsafe(
              "select rhythm.rewind_state($1::uuid, $2::text::integer, '{\"at\": 1}', $3::text::jsonb, array[$4]::uuid[], $5::text::jsonb, p_step => 1)",
              [
                ...[flow, String(row!.seq), JSON.stringify([{ mode: "any", ids: [wait] }]), wait],
                JSON.stringify([{ id: wait, type: "await_signal", name: "quote" }]),
              ],
            )
          );
          return "rewound";
        } catch (error) {
          return (error as { code: string }).code;
        }
      };
      await inTurn(arena, isFirst ? { first: answer, second: rewind } : { first: rewind, second: answer });
      // A worker runs it, so a rewind is refused, whichever was first, and the answer stays.
      const [row] = await sql`select status, answer from rhythm.asks`;
      assert.deepEqual([row!.status, row!.answer], ["answered", 250]);
      assert.deepEqual(await violations(sql), []);
      assert.notEqual(await statusOf(sql, flow), "failed");
    },
  });
}

const fixture = fileURLToPath(new URL("../app/fixtures/ask_worker.ts", import.meta.url));

/** Starts a worker in a process of its own. */
async function startWorker(url: string): Promise<Deno.ChildProcess> {
  const child = new Deno.Command(Deno.execPath(), {
    args: ["run", "-A", "--no-check", "--quiet", fixture, url],
    stdout: "piped",
    stderr: "null",
  }).spawn();
  const reader = child.stdout.getReader();
  await reader.read();
  reader.releaseLock();
  return child;
}

for (const callers of [2, 20]) {
  Deno.test({
    name:
      `${callers} callers ask while workers and connections are killed: each question has one answer, the same for all`,
    ignore: onEmbedded,
    fn: async () => {
      await using database = await freshDatabase();
      const options = {
        databaseUrl: database.url,
        autoMigrate: false,
        log: { level: "silent" },
        poolSize: 2,
      } as const;
      await using app = await Rhythm.init({ ...options, poolSize: 4 });
      await app.flows.register({
        name: "shop",
        source: `let nth = 0
const answer = async (call) => call.reply({ price: await Task.run("price", call.payload), nth: ++nth })
while (true) {
  const call = await Signal.next("quote")
  if (call.payload.item === -1) break
  answer(call)
}
return nth`,
      });
      const shops = [await app.workflows.start("shop"), await app.workflows.start("shop")];
      const questions = isLong ? 300 : 40;
      const clients = await Promise.all(Array.from({ length: callers }, () => Rhythm.init(options)));
      let worker = await startWorker(database.url);
      let isOver = false;
      const destroy = async (): Promise<number> => {
        let kills = 0;
        for (let nth = 0; !isOver; nth++) {
          await new Promise((done) => setTimeout(done, 200));
          if (nth % 2 === 0 && kills < 3) {
            worker.kill("SIGKILL");
            await worker.status;
            worker = await startWorker(database.url);
            kills++;
          } else {
            await database.database.query(
              `select pg_terminate_backend(a.pid) from (select x.pid from pg_stat_activity as x where x.datname = current_database()
                and x.pid <> pg_backend_pid() and x.backend_type = 'client backend' order by random() limit 3) as a`,
              [],
            ).catch(() => {});
          }
        }
        return kills;
      };
      const destroying = destroy();
      try {
        const answers = await Promise.all(clients.map(async ({ signals }) => {
          const got: { price: number; nth: number }[] = [];
          for (let item = 0; item < questions; item++) {
            const question = { execution: shops[item % 2]!.id, name: "quote", payload: { item } };
            // A caller that crashed, too: it asks again with the same key.
            for (;;) {
              try {
                got.push(await signals.ask(question, { idempotencyKey: `item ${item}`, timeout: "1m" }));
                break;
              } catch (error) {
                if (
                  (error as Error).name === "AskRejectedError" ||
                  (error as Error).name === "AskUnansweredError"
                ) throw error;
              }
            }
          }
          return got;
        }));
        for (const got of answers) assert.deepEqual(got, answers[0]);
        assert.deepEqual(
          answers[0]!.map(({ price }) => price),
          Array.from({ length: questions }, (_, item) => item * 2),
        );
        for (const parity of [0, 1]) {
          const numbers = answers[0]!.filter((_, item) => item % 2 === parity).map(({ nth }) => nth);
          assert.deepEqual(
            numbers.toSorted((a, b) => a - b),
            numbers.map((_, nth) => nth + 1),
            "each was answered once",
          );
        }
      } finally {
        isOver = true;
        assert.ok(await destroying >= 1, "nothing was killed");
      }
      // The last connections that were cut are noticed with the next call.
      const insist = async <T>(call: () => Promise<T>): Promise<T> => {
        for (let tries = 0;; tries++) {
          try {
            return await call();
          } catch (error) {
            if (tries === 5 || (error as Error).name !== "DatabaseUnavailableError") throw error;
          }
        }
      };
      for (const { id: execution } of shops) {
        const end = { execution, name: "quote", payload: { item: -1 } };
        await insist(() => app.signals.send(end, { idempotencyKey: "end" }));
        await insist(() => app.executions.wait(execution, { timeout: "1m" }));
        assert.deepEqual(await insist(() => app.executions.checkHistory(execution)), []);
      }
      worker.kill("SIGKILL");
      await worker.status;
      await worker.stdout.cancel();
      await Promise.all(clients.map((client) => client.close()));
      const { schema } = database;
      assert.deepEqual(
        await insist(() => database.database.query(`select * from ${schema}.check()`, [])),
        [],
      );
    },
  });
}

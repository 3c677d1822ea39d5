// Calls join transactions of other libraries: the real ones.
import { deepStrictEqual as equal, rejects } from "node:assert/strict";
import { PGlite } from "@electric-sql/pglite";
import { PrismaPg } from "@prisma/adapter-pg";
import { sql } from "drizzle-orm";
import { drizzle as drizzlePg } from "drizzle-orm/node-postgres";
import { drizzle as drizzlePostgres } from "drizzle-orm/postgres-js";
import knex from "knex";
import { Kysely, PostgresDialect, sql as kyselySql } from "kysely";
import pg from "pg";
import { DataSource } from "typeorm";
import { type Rhythm, task, type Transaction } from "../../mod.ts";
import { installSql } from "../../src/db/install_sql.ts";
import { onEmbedded } from "../support/database.ts";
import { PrismaClient } from "./fixtures/prisma/client.ts";
import { testApp } from "./support.ts";

type Within = (transaction: Transaction) => Promise<void>;

/** A library: begins a transaction on an address, writes a row, does the rest in it, and commits. */
type Library = (url: string, within: Within) => Promise<void>;

const NOTE = "insert into note values ('written')";

const libraries: Record<string, Library> = {
  "node-postgres": async (url, within) => {
    const pool = new pg.Pool({ connectionString: url, max: 1 });
    const client = await pool.connect();
    try {
      await client.query("begin");
      await client.query(NOTE);
      await within(client);
      await client.query("commit");
    } catch (error) {
      await client.query("rollback");
      throw error;
    } finally {
      client.release();
      await pool.end();
    }
  },
  "Drizzle on node-postgres": async (url, within) => {
    const pool = new pg.Pool({ connectionString: url, max: 1 });
    try {
      await drizzlePg(pool).transaction(async (tx) => {
        await tx.execute(sql.raw(NOTE));
        await within(tx);
      });
    } finally {
      await pool.end();
    }
  },
  "Drizzle on postgres.js": async (url, within) => {
    const { default: postgres } = await import("postgres");
    const client = postgres(url, { max: 1 });
    try {
      await drizzlePostgres(client).transaction(async (tx) => {
        await tx.execute(sql.raw(NOTE));
        await within(tx);
      });
    } finally {
      await client.end();
    }
  },
  Kysely: async (url, within) => {
    const db = new Kysely<object>({
      dialect: new PostgresDialect({ pool: new pg.Pool({ connectionString: url, max: 1 }) }),
    });
    try {
      await db.transaction().execute(async (tx) => {
        await kyselySql.raw(NOTE).execute(tx);
        await within(tx);
      });
    } finally {
      await db.destroy();
    }
  },
  Knex: async (url, within) => {
    const db = knex({ client: "pg", connection: url, pool: { min: 0, max: 1 } });
    try {
      await db.transaction(async (tx) => {
        await tx.raw(NOTE);
        await within(tx);
      });
    } finally {
      await db.destroy();
    }
  },
  Prisma: async (url, within) => {
    const client = new PrismaClient({ adapter: new PrismaPg({ connectionString: url, max: 1 }) });
    try {
      await client.$transaction(
        async (tx: { $executeRawUnsafe: (text: string) => Promise<number> } & Transaction) => {
          await tx.$executeRawUnsafe(NOTE);
          await within(tx);
        },
        { timeout: 60_000 },
      );
    } finally {
      await client.$disconnect();
    }
  },
  TypeORM: async (url, within) => {
    const source = await new DataSource({ type: "postgres", url, entities: [] }).initialize();
    try {
      await source.transaction(async (manager) => {
        await manager.query(NOTE);
        await within(manager);
      });
    } finally {
      await source.destroy();
    }
  },
};

const echo = task({ name: "echo" }, (value: unknown) => value);

/** One of each call that takes a transaction, with values that a library might read in its own way. */
async function useAll(rhythm: Rhythm, waiting: string, within: Transaction): Promise<string[]> {
  const options = { sql: within };
  const one = await rhythm.tasks.queue("echo", { "a?b": "$1 ? 'x'" }, { ...options, metadata: { by: "?" } });
  const many = await rhythm.executions.createMany(
    [1, 2].map((n) => ({ type: "task" as const, target: "echo", inputs: [n, "ü?"] })),
    options,
  );
  const keyed = { ...options, idempotencyKey: "k?$1" };
  const [first, again] = [
    await rhythm.tasks.queue("echo", 1, keyed),
    await rhythm.tasks.queue("echo", 2, keyed),
  ];
  equal([first.created, again.created, again.id], [true, false, first.id]);
  await rhythm.signals.send({ execution: waiting, name: "go", payload: { yes: true } }, options);
  const late = await rhythm.tasks.queue("echo", null, { ...options, delay: "1h" });
  equal(await rhythm.executions.cancel(late.id, { ...options, reason: "not?" }), true);
  await rhythm.executions.retry(late.id, options);
  await rhythm.executions.cancel(late.id, options);
  equal(await rhythm.executions.delete(late.id, options), 1);
  await rhythm.schedules.set("nightly", {
    cron: "@daily",
    target: "echo",
    type: "task",
    inputs: ["?"],
    ...options,
  });
  return [one, ...many, first].map(({ id }) => id);
}

for (const [name, library] of Object.entries(libraries)) {
  Deno.test({
    name: `calls join a transaction of ${name}: all of it commits, or nothing`,
    ignore: onEmbedded,
    fn: async () => {
      await using app = await testApp({
        tasks: [echo],
        flows: [{ name: "waits", source: "return await Signal.next('go')" }],
      });
      const { rhythm, database } = app;
      await database.sql`create table note (text text)`;
      const waiting = await rhythm.workflows.start("waits");
      app.work();
      const count = async (): Promise<number[]> => {
        const [row] = await database.sql`
          select (select count(*)::integer from note) as notes, count(*)::integer as tasks from rhythm.execution where type = 'task'`;
        return [row!.notes, row!.tasks];
      };
      const undone = library(database.url, async (tx) => {
        await useAll(rhythm, waiting.id, tx);
        throw new RangeError("undo");
      });
      await rejects(undone, new RangeError("undo"));
      equal(await count(), [0, 0]);
      let ids: string[] = [];
      await library(database.url, async (tx) => void (ids = await useAll(rhythm, waiting.id, tx)));
      equal(await count(), [1, 4]);
      const outputs = await Promise.all(
        ids.map(async (id) => (await rhythm.executions.wait(id, { timeout: "1m" })).output),
      );
      equal(outputs, [{ "a?b": "$1 ? 'x'" }, [1, "ü?"], [2, "ü?"], 1]);
      equal(await waiting.result({ timeout: "1m" }), { yes: true });
    },
  });
}

Deno.test({
  name: "calls join a transaction of PGlite",
  // One database that this process has open is enough.
  ignore: onEmbedded,
  fn: async () => {
    await using app = await testApp({ tasks: [echo] });
    const own = await PGlite.create();
    try {
      await own.exec(installSql({ schema: "rhythm" }));
      const run = await own.transaction((tx) => app.rhythm.tasks.queue("echo", { n: 1 }, { sql: tx }));
      equal((await own.query("select id, inputs from rhythm.execution")).rows, [{
        id: run.id,
        inputs: { n: 1 },
      }]);
      await rejects(
        own.transaction(async (tx) => {
          await app.rhythm.tasks.queue("echo", { n: 2 }, { sql: tx });
          throw new RangeError("undo");
        }),
        new RangeError("undo"),
      );
      equal((await own.query("select count(*)::integer as n from rhythm.execution")).rows, [{ n: 1 }]);
    } finally {
      await own.close();
    }
  },
});

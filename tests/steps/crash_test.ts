/** A process killed at every point of a workflow: another goes on, and every effect is there as often as it may be. */
import assert from "node:assert/strict";
import { freshDatabase, onEmbedded, type TestDatabase } from "../support/database.ts";
import { Admin } from "../../src/steps/mod.ts";
import { isLong } from "../support/long.ts";
import { until } from "../support/until.ts";

const fixture = new URL("fixtures/crash.ts", import.meta.url).pathname;
const config = new URL("../../deno.json", import.meta.url).pathname;
// A plain step and a transactional one; every step in a long run.
const points = (isLong ? [1, 2, 3, 4, 5] : [2, 3]).flatMap((
  nth,
) => [`before ${nth}`, `inside ${nth}`, `after ${nth}`]);
const result = "go 1 2 3 4 5";

Deno.test({
  name:
    "a workflow called directly: killed before, inside and after each step, the next process goes on behind it",
  ignore: onEmbedded,
  fn: async (t) => {
    await using test = await prepared();
    await using admin = new Admin(test.url);
    // Two at a time: most of each case is waiting for a lease to end.
    const cases = points.map((point) => async () => {
      const ctx = await admin.createWorkflow("crash_chain", "go");
      await using own = await schemaOf(test);
      const killed = await run([own.url, ctx.id(), point]).output();
      assert.equal(killed.signal, "SIGKILL", point + new TextDecoder().decode(killed.stderr));
      const resumed = await run([own.url, ctx.id()]).output();
      assert.equal(
        new TextDecoder().decode(resumed.stdout).trim(),
        result,
        new TextDecoder().decode(resumed.stderr),
      );
      await assertEffects(own, point);
    });
    for (let at = 0; at < cases.length; at += 3) {
      await t.step(points.slice(at, at + 3).join(", "), async () => {
        await Promise.all(cases.slice(at, at + 3).map((one) => one()));
      });
    }
    await assertSound(test);
  },
});

Deno.test({
  name:
    "a workflow under a worker: killed before, inside and after each step, another worker goes on behind it",
  ignore: onEmbedded,
  fn: async (t) => {
    for (let at = 0; at < points.length; at += 3) {
      await t.step(points.slice(at, at + 3).join(", "), async () => {
        await Promise.all(points.slice(at, at + 3).map(killWorker));
      });
    }
  },
});

async function killWorker(point: string): Promise<void> {
  await using test = await prepared();
  await using admin = new Admin(test.url);
  const ctx = await admin.createWorkflow("crash_chain", "go", { queue: "default" });
  const killed = await run([test.url, "worker", point]).output();
  assert.equal(killed.signal, "SIGKILL", point + new TextDecoder().decode(killed.stderr));
  const second = run([test.url, "worker"]).spawn();
  try {
    const ended = await theEnd(test, ctx.id());
    assert.deepEqual(ended, { status: "completed", output: result });
  } finally {
    second.kill("SIGTERM");
    await second.output();
  }
  await assertEffects({ sql: test.sql }, point);
  await assertSound(test);
}

function run(args: string[]): Deno.Command {
  return new Deno.Command(Deno.execPath(), {
    args: ["run", "-A", "--no-check", "--config", config, fixture, ...args],
    stdout: "piped",
    stderr: "piped",
  });
}

async function prepared(): Promise<TestDatabase> {
  const test = await freshDatabase();
  await test.sql`create table effect_plain (nth integer)`;
  await test.sql`create table effect_tx (nth integer)`;
  return test;
}

// Effects of each case apart from those of the others that share the database.
async function schemaOf(
  test: TestDatabase,
): Promise<{ url: string; sql: TestDatabase["sql"] } & AsyncDisposable> {
  const name = `case_${crypto.randomUUID().slice(0, 8)}`;
  await test.sql.unsafe(
    `create schema ${name}; create table ${name}.effect_plain (nth integer); create table ${name}.effect_tx (nth integer)`,
  );
  const { default: postgres } = await import("postgres");
  const url = `${test.url}?search_path=${name}`;
  const sql = postgres(url, { max: 1, onnotice: () => {} });
  return { url, sql, [Symbol.asyncDispose]: () => sql.end() };
}

async function assertEffects({ sql }: { sql: TestDatabase["sql"] }, point: string): Promise<void> {
  const plain = (await sql<{ nth: number }[]>`select nth from effect_plain order by nth`).map(({ nth }) =>
    nth
  );
  const booked = (await sql<{ nth: number }[]>`select nth from effect_tx order by nth`).map(({ nth }) => nth);
  const again = /^inside ([135])$/.exec(point)?.[1];
  assert.deepEqual(booked, [2, 4], `${point}: transactional steps have their effect exactly once`);
  assert.deepEqual(
    plain,
    [1, 3, 5, ...(again === undefined ? [] : [Number(again)])].sort(),
    `${point}: a plain step ran again only if it was killed inside`,
  );
}

async function theEnd(test: TestDatabase, id: string): Promise<unknown> {
  let row: object | undefined;
  await until(async () => {
    [row] = await test
      .sql`select status, output from rhythm.executions where id = ${id} and completed_at is not null`;
    return row !== undefined;
  }, `the end of ${id}`);
  return { ...row };
}

async function assertSound(test: TestDatabase): Promise<void> {
  assert.deepEqual([...await test.sql`select * from rhythm.check()`], []);
}

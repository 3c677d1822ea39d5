/** What doctor says of servers that are in a bad way, from what they would answer. */
import { deepStrictEqual as equal } from "node:assert/strict";
import type { Patient } from "../../src/app/doctor/finding.ts";
import { clock, connection } from "../../src/app/doctor/server.ts";
import { bloat, connections, vacuum } from "../../src/app/doctor/storage.ts";

/** A server that answers one query after the other with these rows. */
function patient(...answers: Record<string, unknown>[][]): Patient {
  const query = (): Promise<Record<string, unknown>[]> => Promise.resolve(answers.shift() ?? []);
  return { on: { query }, kind: "server", schema: "jobs" } as unknown as Patient;
}

function engineOf(one: Patient): Patient {
  return { ...one, engine: { on: one.on, schema: one.schema } };
}

const table = { name: "execution", live: 2_000, dead: 50, bytes: 2_097_152, vacuumed: 90, off: false };

Deno.test("bloat is content with few dead rows, and says how much room the hot tables take", async () => {
  equal(await bloat(patient([table, { ...table, name: "timer", bytes: 1_048_576, dead: 1 }])), [
    { check: "bloat", state: "ok", message: "the hot tables take 3 MiB, with 51 dead rows" },
  ]);
});

Deno.test("bloat names a table with more dead rows than live ones, and since when nobody vacuumed it", async () => {
  equal(
    await bloat(
      patient([{ ...table, dead: 120_000 }, { ...table, name: "timer", dead: 20_000, vacuumed: null }]),
    ),
    [
      {
        check: "bloat",
        state: "warning",
        message: "jobs.execution: 120,000 dead rows beside 2,000 live ones in 2 MiB, vacuumed 1 m 30 s ago",
        fix: "vacuum jobs.execution; if it stays so, look for what holds vacuum back (below)",
      },
      {
        check: "bloat",
        state: "warning",
        message: "jobs.timer: 20,000 dead rows beside 2,000 live ones in 2 MiB, never vacuumed",
        fix: "vacuum jobs.timer; if it stays so, look for what holds vacuum back (below)",
      },
    ],
  );
});

Deno.test("tick: pg_cron is advised for a server, and never for the embedded database, which has none", async () => {
  const stopped = [{ age: 90 }];
  const told = { check: "tick", state: "problem" as const };
  const message = "tick() ran 1 m 30 s ago: timers, delays and schedules stand still";
  const onServer = patient(
    [{ version: "1.6", job: "rhythm" }],
    [{ active: true, schedule: "* * * * *" }],
    stopped,
  );
  equal((await clock(engineOf(onServer)))[1], {
    ...told,
    ...{ message, fix: "start a worker, or let pg_cron tick: select jobs.install_cron()" },
  });
  equal(await clock(engineOf({ ...patient(stopped), kind: "embedded" })), [
    { ...told, message, fix: "`rhythm dev` or `rhythm worker` runs a worker, which ticks" },
  ]);
});

Deno.test("bloat calls autovacuum that is off a problem", async () => {
  equal(await bloat(patient([{ ...table, off: true }])), [{
    check: "bloat",
    state: "problem",
    message: "autovacuum is off for jobs.execution",
    fix: "turn it on: the queue lives on it",
  }]);
});

Deno.test("vacuum names long transactions, prepared ones and slots, and how to end them", async () => {
  const long = {
    pid: 42,
    seconds: 3_600,
    state: "idle in transaction",
    application: "psql",
    what: "select 1",
  };
  const held = [{ what: "prepared transaction", name: "tx1" }, { what: "replication slot", name: "old" }];
  equal(await vacuum(patient([long], held)), [
    {
      check: "vacuum",
      state: "warning",
      message: 'a transaction of "psql" is open for 1 h (process 42, idle in transaction: select 1)',
      fix: "dead rows younger than it stay; end it: select pg_terminate_backend(42)",
    },
    ...held.map(({ what, name }) => ({
      check: "vacuum",
      state: "warning",
      message: `an abandoned ${what} "${name}" holds dead rows`,
      fix: "commit, roll back or drop it",
    })),
  ]);
  equal(await vacuum(patient([], [])), [{ check: "vacuum", state: "ok", message: "nothing holds it back" }]);
});

Deno.test("connections warns when nine of ten are taken", async () => {
  equal((await connections(patient([{ used: 89, most: 100 }])))[0]!.state, "ok");
  equal(await connections(patient([{ used: 90, most: 100 }])), [{
    check: "connections",
    state: "warning",
    message: "90 of 100 in use",
    fix: "fewer workers or smaller pools (poolSize), or a higher max_connections",
  }]);
});

Deno.test("connection calls a server before 13 a problem", async () => {
  const [found] = await connection(patient([{ version: "12.9", number: 120_009, who: "me", name: "app" }]));
  equal(found, {
    check: "connection",
    state: "problem",
    message: 'Postgres 12.9, database "app" as "me" is too old',
    fix: "move to Postgres 13 or newer",
  });
});

import assert from "node:assert/strict";
import postgres from "postgres";
import { connect } from "../../src/db/connect.ts";
import { install } from "../../src/db/install.ts";
import { readSchema } from "../../scripts/gen.ts";
import { freshDatabase, onEmbedded } from "../support/database.ts";

// The last one stands for everybody else: a role that every server has.
const roles = [
  "rhythm_viewer",
  "rhythm_client",
  "rhythm_worker",
  "rhythm_operator",
  "rhythm_deployer",
  "pg_signal_backend",
] as const;

async function tryAs(sql: postgres.Sql, role: string, statement: string): Promise<string> {
  const outcome = { code: "fine" };
  await sql.begin(async (tx) => {
    await tx.unsafe(`set local role ${role}`);
    await tx.unsafe(statement).catch((error) => {
      outcome.code = error.code;
      throw error;
    });
    throw new Error("rolled back");
  }).catch(() => {});
  return outcome.code;
}

/** Nulls for every parameter: whoever may not call a function is told so before its arguments are looked at. */
async function everyRoutine(sql: postgres.Sql): Promise<{ name: string; call: string; kind: string }[]> {
  return await sql`
    select p.proname as name, p.prokind as kind,
      format('%s(%s)', p.oid::regproc, (
        select string_agg(format('null::%s', t.type::regtype), ', ' order by t.nth)
        from unnest(p.proargtypes::oid[]) with ordinality as t(type, nth)
      )) as call
    from pg_proc as p
    where p.pronamespace = 'rhythm'::regnamespace
      -- Nobody can call a function of a trigger.
      and p.prorettype <> 'trigger'::regtype
    order by p.proname`;
}

Deno.test({
  name: "roles: each may call its own functions and is refused every other one",
  ignore: onEmbedded,
  fn: async () => {
    await using test = await freshDatabase();
    const routines = await everyRoutine(test.sql);
    assert.ok(routines.length > 80);
    for (const role of roles) {
      const rows = await test.sql`select s.name from rhythm.surface(${role}) as s(name)`;
      const own = new Set(role === "pg_signal_backend" ? [] : rows.map((row) => row.name));
      for (const { name, call, kind } of routines) {
        const statement = kind === "p" ? `call ${call}` : `select * from ${call} as x`;
        const code = name === "wait_for" && own.has(name) ? "fine" : await tryAs(test.sql, role, statement);
        if (own.has(name)) assert.notEqual(code, "42501", `${role} was refused ${name}()`);
        else assert.equal(code, "42501", `${role} was let into ${name}()`);
      }
    }
  },
});

Deno.test({
  name: "roles: views are read by all of them, tables by nobody but the owner",
  ignore: onEmbedded,
  fn: async () => {
    await using test = await freshDatabase();
    const relations = await test.sql`
      select c.oid::regclass::text as name, c.relkind as kind
      from pg_class as c where c.relnamespace = 'rhythm'::regnamespace and c.relkind in ('r', 'v', 'S')`;
    assert.ok(relations.filter(({ kind }) => kind === "v").length >= 8);
    for (const role of roles.slice(0, -1)) {
      for (const { name, kind } of relations) {
        const read = await tryAs(test.sql, role, `select * from ${name} limit 1`);
        assert.equal(read, kind === "v" ? "fine" : "42501", `${role} reading ${name}`);
        if (kind === "S") continue;
        // 55000: a view that nobody can write through.
        const erased = await tryAs(test.sql, role, `delete from ${name}`);
        assert.ok(
          erased === "42501" || (kind === "v" && erased === "55000"),
          `${role} deleting from ${name}: ${erased}`,
        );
      }
    }
  },
});

Deno.test({
  name:
    "roles: a deployer deploys, an operator steers, a client starts, a worker runs, through functions alone",
  ignore: onEmbedded,
  fn: async () => {
    await using test = await freshDatabase();
    const as = <T extends postgres.Row>(role: string, statement: string): Promise<T[]> =>
      test.sql.begin(async (tx) => {
        await tx.unsafe(`set local role ${role}`);
        return await tx.unsafe<T[]>(statement);
      }) as unknown as Promise<T[]>;

    const [task] = await as<{ id: string }>(
      "rhythm_client",
      "select rhythm.queue('t', '{\"n\": 1}') as id",
    );
    await as("rhythm_deployer", "select rhythm.schedule('s', '@daily', 't', type => 'task')");
    await as("rhythm_operator", "select rhythm.trigger_schedule('s')");
    const [worker] = await as<{ id: string }>("rhythm_worker", "select rhythm.register_worker(null) as id");
    const claimed = await as<{ id: string }>(
      "rhythm_worker",
      `select jsonb_path_query(rhythm.exchange('${
        worker!.id
      }', 1, '[]', '{"limit": 10}'), '$.parcels[*].ids[*]') as id`,
    );
    assert.equal(claimed.length, 2);
    const end = JSON.stringify([{ kind: "done", call: 1, ids: [task!.id], outputs: [2] }]);
    await as("rhythm_worker", `select rhythm.exchange('${worker!.id}', 2, '${end}')`);
    await as("rhythm_worker", "select rhythm.tick()");
    const [seen] = await as<{ status: string }>(
      "rhythm_viewer",
      `select e.status from rhythm.executions as e where e.id = '${task!.id}'`,
    );
    assert.equal(seen!.status, "completed");
    assert.equal((await as("rhythm_viewer", "select * from rhythm.check()")).length, 0);
  },
});

Deno.test({
  name: "roles: what code runs is the deployer's to say, what failed and what is paused the operator's",
  ignore: onEmbedded,
  fn: async () => {
    await using test = await freshDatabase();
    const calls: Record<string, string[]> = {
      rhythm_deployer: [
        "register_flow('f', 'return 2', '{}')",
        "register_workflow('w')",
        `register_tasks('[{"name": "t"}]')`,
        "define_sql_task('s', 'pg_catalog.jsonb_typeof(jsonb)')",
        "undefine_sql_task('s')",
        "schedule('s', '@daily', 't', type => 'task')",
        "unschedule('s')",
        "configure_queue('q', concurrency => 1)",
      ],
      rhythm_operator: ["retry(rhythm.first_id(now()))", "pause_queue('q')", "resume_queue('q')"],
    };
    for (const [able, statements] of Object.entries(calls)) {
      for (const call of statements) {
        for (const role of roles) {
          const code = await tryAs(test.sql, role, `select rhythm.${call}`);
          assert.equal(code === "42501", role !== able, `${role} and ${call}: ${code}`);
        }
      }
    }
    for (const role of ["rhythm_operator", "rhythm_deployer"]) {
      assert.equal(await tryAs(test.sql, role, "select rhythm.queue('t')"), "fine", role);
      assert.equal(await tryAs(test.sql, role, "select rhythm.register_worker(null)"), "42501", role);
    }
  },
});

/** What two sessions see that set the same time and the same seed: the clock, and what chance decides. */
async function drawTwice(url: string): Promise<{ now: string; id: string; workflow: string }[]> {
  const draws: { now: string; id: string; workflow: string }[] = [];
  for (let turn = 0; turn < 2; turn++) {
    const sql = postgres(url, { max: 1, onnotice: () => {} });
    try {
      await sql`set rhythm_clock.at = '2030-01-01 00:00:00Z'`;
      await sql`set rhythm_clock.seed = 'seven'`;
      const [drawn] = await sql.begin(async (tx) => {
        const [made] = await tx<{ now: string; id: string; workflow: string }[]>`
          select rhythm.now()::text as now, rhythm.new_id() as id, rhythm.start('f') as workflow`;
        await tx`select rhythm.cancel(${made!.workflow}::uuid)`;
        throw Object.assign(new Error("rolled back"), { made });
      }).catch((error) => [error.made ?? assert.fail(error)]);
      draws.push(drawn);
    } finally {
      await sql.end({ timeout: 1 });
    }
  }
  return draws;
}

Deno.test({
  name: "roles: a login of a client cannot set the engine's clock, or its chance",
  ignore: onEmbedded,
  fn: async () => {
    await using test = await freshDatabase();
    await test.sql`select rhythm.register_flow('f', 'return 1', '{}')`;
    const [first, second] = await drawTwice(test.url);
    assert.deepEqual(first, second, "the owner sets both");
    assert.match(first!.now, /^2030-01-01 /);
    const name = `client_${crypto.randomUUID().slice(0, 8)}`;
    await test.sql.unsafe(`create role ${name} login password 'x' in role rhythm_client`);
    try {
      const url = new URL(test.url);
      [url.username, url.password] = [name, "x"];
      const [one, other] = await drawTwice(url.href);
      assert.notEqual(one!.id, other!.id);
      assert.notEqual(one!.workflow, other!.workflow);
      for (const { now } of [one!, other!]) assert.doesNotMatch(now, /^2030/);
    } finally {
      await test.sql.unsafe(`drop role ${name}`);
    }
  },
});

Deno.test({
  name: "notices: psql hears of a name that nothing has, and what was asked for is done",
  ignore: onEmbedded,
  fn: async () => {
    await using test = await freshDatabase();
    const heard: [string | undefined, string | undefined][] = [];
    const sql = postgres(test.url, {
      max: 1,
      onnotice: ({ severity, message }) => void heard.push([severity, message]),
    });
    const none = (queue: string, more = ""): string =>
      `No execution, worker, task, flow or limit has a queue "${queue}".${more}`;
    const meant = ' Did you mean "default"?';
    const key = (name: string): string =>
      `No execution of queue "default" that is ready, delayed or running has the concurrency key "${name}".`;
    const task =
      'No worker that is alive has a task "gret", and none has registered it. Did you mean "greet"?';
    try {
      await sql`select rhythm.register_tasks('[{"name": "greet"}]'), rhythm.register_flow('f', 'return 1', '{}')`;
      for (
        const [call, ...expected] of [
          ["pause_queue('defualt')", none("defualt", meant)],
          ["resume_queue('defualt')"],
          ["resume_queue('defualt')", none("defualt", meant)],
          ["configure_queue('bulk', concurrency => 1)", none("bulk")],
          ["pause_key('default', 'acme')", key("acme")],
          ["resume_key('default', 'acme')"],
          ["configure_key('odd', 'acme', weight => 2)", none("odd"), key("acme").replace("default", "odd")],
          ["queue('greet')"],
          ["queue('gret', queue => 'defualt')", task, none("defualt", meant)],
          ["start('f', queue => 'mail')", none("mail")],
          ["start('f', queue => 'mail')"],
          ["schedule('s', '@daily', 'gret', type => 'task')", task],
        ] as [string, ...string[]][]
      ) {
        await sql.unsafe(`select rhythm.${call}`);
        assert.deepEqual(heard.splice(0), expected.map((message) => ["NOTICE", message]), call);
      }
      const [row] =
        await sql`select count(*)::int as made from rhythm.executions where target in ('gret', 'f')`;
      assert.equal(row!.made, 3);
    } finally {
      await sql.end({ timeout: 1 });
    }
  },
});

Deno.test({
  name: "roles: installing without the right to create roles works, and says what it skipped",
  ignore: onEmbedded,
  fn: async () => {
    await using test = await freshDatabase({ engine: "absent" });
    const owner = `owner_${crypto.randomUUID().slice(0, 8)}`;
    await test.sql.unsafe(`create role ${owner} login password 'x'`);
    await test.sql.unsafe(`grant create on database "${test.name}" to ${owner}`);
    const url = new URL(test.url);
    [url.username, url.password] = [owner, "x"];
    const database = connect({ url: url.href, maxConnections: 1 });
    try {
      // The roles belong to the server: here they may be there already. Other names stand for a server without them.
      const files = (await readSchema()).map((file) => ({
        ...file,
        text: file.text.replaceAll(/rhythm_(viewer|client|worker|operator|deployer)/g, `${owner}_$1`),
      }));
      const { skipped } = await install(database, { files });
      assert.equal(skipped.length, 1);
      assert.match(
        skipped[0]!,
        /^Roles (\S+, ){4}\S+_deployer were not created: "owner_\w+" may not create roles/,
      );
      await database.query("select rhythm.queue('t')");
      const [row] = await database.query<{ open: boolean }>(
        `select bool_or(a.grantee = 0) as open from pg_proc as p
        cross join aclexplode(coalesce(p.proacl, acldefault('f', p.proowner))) as a where p.pronamespace = 'rhythm'::regnamespace`,
      );
      assert.equal(row!.open, false, "nothing is open to PUBLIC either way");
      for (const role of ["viewer", "client", "worker", "operator", "deployer"]) {
        await test.sql.unsafe(`create role ${owner}_${role} nologin`);
      }
      await database.query("select rhythm.grant_to_roles()");
      assert.equal(await tryAs(test.sql, `${owner}_client`, "select rhythm.queue('t')"), "fine");
      assert.equal(await tryAs(test.sql, `${owner}_viewer`, "select rhythm.queue('t')"), "42501");
    } finally {
      await database.close();
      for (const role of ["viewer", "client", "worker", "operator", "deployer"]) {
        await test.sql.unsafe(`drop owned by ${owner}_${role}; drop role ${owner}_${role}`).catch(() => {});
      }
      await test.sql.unsafe(`drop owned by ${owner} cascade; drop role ${owner}`);
    }
  },
});

Deno.test({
  name: "roles: an installation under another name has its own rights, and leaves those of the first alone",
  ignore: onEmbedded,
  fn: async () => {
    await using test = await freshDatabase();
    await install(test.database, { files: await readSchema(), schema: "Odd name" });
    const [row] = await test.sql`
      select count(*)::integer as open from pg_proc as p
      cross join aclexplode(coalesce(p.proacl, acldefault('f', p.proowner))) as a
      where p.pronamespace = '"Odd name"'::regnamespace and a.grantee = 0`;
    assert.equal(row!.open, 0);
    for (const schema of ['"Odd name"', "rhythm"]) {
      assert.equal(await tryAs(test.sql, "rhythm_client", `select ${schema}.queue('t')`), "fine");
      assert.equal(await tryAs(test.sql, "rhythm_viewer", `select ${schema}.queue('t')`), "42501");
      assert.equal(await tryAs(test.sql, "rhythm_viewer", `select * from ${schema}.executions`), "fine");
    }
    await test
      .sql`select "Odd name".schedule('s', '* * * * * *', 't', type => 'task', catch_up => 'one')`;
    await test
      .sql`update "Odd name".schedule_entry set due_at = now() - interval '1 second', next_slot = now() - interval '1 second'`;
    await test.sql`call "Odd name".tick_loop('0.1 seconds')`;
    assert.equal((await test.sql`select from "Odd name".executions`).length, 1);
    assert.equal((await test.sql`select from rhythm.executions`).length, 0);
  },
});

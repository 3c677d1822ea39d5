import assert from "node:assert/strict";
import { freshDatabase, onEmbedded } from "../support/database.ts";
import { assertRefused } from "./schema/refused.ts";

Deno.test({
  name: "fire_schedules() fires no slot twice with five sessions ticking",
  ignore: onEmbedded,
  fn: async () => {
    await using test = await freshDatabase();
    const { sql } = test;
    const seconds = 40;
    for (const name of ["a", "b", "c"]) {
      await sql.begin(async (tx) => {
        await tx`set local rhythm_clock.at = '2026-01-01 00:00:00Z'`;
        await tx`select rhythm.schedule(${name}, '* * * * * *', 'report', type => 'task', overlap => 'allow', catch_up => 'all')`;
      });
    }
    const tick = async (at: Date): Promise<void> => {
      await sql.begin(async (tx) => {
        await tx`select set_config('rhythm_clock.at', ${at.toISOString()}, true)`;
        await tx`select rhythm.tick()`;
      });
    };
    for (let second = 1; second <= seconds; second++) {
      const at = new Date(Date.parse("2026-01-01T00:00:00Z") + second * 1000);
      await Promise.all([1, 2, 3, 4, 5].map(() => tick(at)));
    }
    const rows = await sql`
      select e.metadata ->> 'schedule' as schedule, count(*)::integer as runs,
        count(distinct e.metadata ->> 'scheduled_for')::integer as slots
      from rhythm.executions as e group by 1 order by 1`;
    assert.deepEqual(
      [...rows],
      ["a", "b", "c"].map((schedule) => ({ schedule, runs: seconds, slots: seconds })),
    );
    assert.deepEqual([...await sql`select * from rhythm.check()`], []);
  },
});

Deno.test({
  name: "fire_schedules() passes over a schedule that another session is firing, without waiting or spinning",
  ignore: onEmbedded,
  fn: async () => {
    await using test = await freshDatabase({ leaves: "damage" });
    const { sql } = test;
    await sql`select rhythm.schedule('busy', '* * * * * *', 'report', type => 'task')`;
    await sql`update rhythm.schedule_entry set due_at = rhythm.now() - interval '1 minute'`;
    let release = (): void => {};
    const held = new Promise<void>((resolve) => release = resolve);
    let locked = (): void => {};
    const isLocked = new Promise<void>((resolve) => locked = resolve);
    const other = sql.begin(async (tx) => {
      await tx`select from rhythm.schedule_entry for update`;
      locked();
      await held;
    });
    await isLocked;
    const [row] =
      await sql`select rhythm.fire_schedules() - rhythm.now() as due_in, (select count(*) from rhythm.executions)::integer as runs`;
    assert.equal(row!.runs, 0);
    assert.match(row!.due_in, /^00:00:0[01]/, "in a second, not at once");
    release();
    await other;
  },
});

Deno.test("schedule() refuses every bad argument, and changes nothing", async () => {
  await using test = await freshDatabase();
  await test.database.query("select rhythm.schedule('there', '@daily', 't', type => 'task')");
  await test.database.query(
    `select rhythm.register_flow('order', 'return 1', '{}', '{"type": "object", "required": ["id"]}')`,
  );
  const args: Record<string, unknown> = {
    p_name: "s",
    p_cron: "@daily",
    p_target: "t",
    p_inputs: "{}",
    type: "task",
    timezone: "UTC",
    overlap: "skip",
    catch_up: "one",
    jitter: "0",
    options: "{}",
  };
  const refused: [Record<string, unknown>, string, string | RegExp][] = [
    [{ p_name: "a b" }, "RH001", /^"a b" cannot be a schedule name/],
    [{ p_name: null }, "RH001", "A schedule is missing: expected a text"],
    [{ p_cron: "x" }, "RH001", /^"x" is not a cron expression/],
    [{ p_cron: null }, "RH001", /is not a cron expression/],
    [{ p_cron: "0 0 30 2 *" }, "RH001", /never fires/],
    [{ p_target: null }, "RH001", /target must be a text/],
    [{ p_target: "a b" }, "RH001", /^"a b" cannot be a task name/],
    [{ p_target: "nope", type: "workflow" }, "RH004", 'There is no flow "nope"'],
    [
      { p_target: "order", type: "workflow" },
      "RH005",
      'Cannot start flow "order": inputs.id: is required (required)',
    ],
    [{ type: "job" }, "RH001", '"job" cannot be the type of a schedule: expected workflow or task'],
    [{ type: null }, "RH001", /cannot be the type of a schedule/],
    [{ timezone: "Mars" }, "RH001", /^"Mars" is not a time zone/],
    [{ timezone: null }, "RH001", /is not a time zone/],
    [
      { overlap: "wait" },
      "RH001",
      '"wait" cannot be the overlap of a schedule: expected skip, queue, allow or cancel',
    ],
    [{ overlap: null }, "RH001", /cannot be the overlap/],
    [
      { catch_up: "some" },
      "RH001",
      '"some" cannot be the catch-up of a schedule: expected none, one or all',
    ],
    [{ catch_up: null }, "RH001", /cannot be the catch-up/],
    [
      { jitter: "-1 s" },
      "RH001",
      '"-00:00:01" cannot be the jitter of a schedule: expected zero to one day',
    ],
    [{ jitter: "25 hours" }, "RH001", /cannot be the jitter/],
    [{ jitter: null }, "RH001", /cannot be the jitter/],
    [{ options: "[]" }, "RH001", /^The options of a schedule are not a JSON object/],
    [{ options: null }, "RH001", /^The options of a schedule are not a JSON object/],
    [{ options: '{"inputs": 1}' }, "RH001", /^The options of a schedule cannot hold/],
    [{ options: '{"qeue": "x"}' }, "RH001", /^There is no option "qeue"/],
    [{ options: '{"queue": "a b"}' }, "RH001", /^"a b" cannot be a queue name/],
    [{ options: '{"metadata": 1}' }, "RH001", /metadata must be an object/],
  ];
  for (const [bad, code, message] of refused) {
    for (const p_name of ["s", "there"]) {
      const given = { ...args, p_name, ...bad };
      const list = Object.keys(given).map((name, index) => `${name} => $${index + 1}`).join(", ");
      await assertRefused(test.database, `select rhythm.schedule(${list})`, Object.values(given), {
        code,
        message,
      });
    }
  }
});

Deno.test("the other functions of schedules refuse what is unknown or wrong, and change nothing", async () => {
  await using test = await freshDatabase();
  await test.database.query("select rhythm.schedule('s', '* * * * *', 't', type => 'task')");
  for (const call of ["pause_schedule", "resume_schedule", "trigger_schedule"]) {
    for (const name of ["nope", null]) {
      await assertRefused(test.database, `select rhythm.${call}($1)`, [name], {
        code: "RH004",
        message: `There is no schedule "${name ?? ""}"`,
      });
    }
  }
  const refused: [string | null, string | null, number | null, RegExp][] = [
    [null, "2026-01-01Z", 10, /^Cannot back-fill from {2}to 2026/],
    ["2026-01-01Z", null, 10, /^Cannot back-fill/],
    ["2026-01-02Z", "2026-01-01Z", 10, /^Cannot back-fill/],
    ["2026-01-01Z", "2999-01-01Z", 10, /^Cannot back-fill/],
    ["2026-01-01Z", "2026-01-02Z", 0, /^"0" cannot be the limit of a back-fill/],
    ["2026-01-01Z", "2026-01-02Z", 10001, /^"10001" cannot be the limit/],
    ["2026-01-01Z", "2026-01-02Z", null, /cannot be the limit/],
    ["2026-01-01Z", "2026-01-02Z", 10, /^"s" fires more than 10 times/],
  ];
  for (const [from, to, limit, message] of refused) {
    await assertRefused(
      test.database,
      "select rhythm.backfill_schedule('s', $1::text::timestamptz, $2::text::timestamptz, $3::text::integer)",
      [from, to, limit === null ? null : String(limit)],
      { code: "RH001", message },
    );
  }
  await assertRefused(test.database, "select rhythm.backfill_schedule('nope', now(), now())", [], {
    code: "RH004",
    message: 'There is no schedule "nope"',
  });
});

Deno.test("define_sql_task() refuses every bad argument, and changes nothing", async () => {
  await using test = await freshDatabase();
  await test.database.script(`
    create function public.fine(jsonb) returns integer language sql as 'select 1';
    create function public.two(jsonb, jsonb) returns integer language sql as 'select 1';
    create function public.many(jsonb) returns setof integer language sql as 'select 1';
    create procedure public.proc(jsonb) language sql as 'select 1';`);
  const refused: [string | null, string | null, string | null, RegExp][] = [
    ["a b", "public.fine(jsonb)", "{}", /^"a b" cannot be a task name/],
    [null, "public.fine(jsonb)", "{}", /^A task is missing/],
    ["t", null, "{}", /^There is no such function/],
    ["t", "public.two(jsonb, jsonb)", "{}", /expected a function of one jsonb, the inputs$/],
    ["t", "public.many(jsonb)", "{}", /it returns a set, expected one value$/],
    ["t", "public.proc(jsonb)", "{}", /is not a function$/],
    ["t", "public.fine(jsonb)", null, /^options must be an object/],
    ["t", "public.fine(jsonb)", "[]", /^options must be an object/],
    ["t", "public.fine(jsonb)", '{"retries": 1}', /^There is no option "retries"/],
    ["t", "public.fine(jsonb)", '{"queue": "a b"}', /^"a b" cannot be a queue name/],
  ];
  for (const [name, handler, options, message] of refused) {
    await assertRefused(
      test.database,
      "select rhythm.define_sql_task($1, $2::text::regprocedure, $3::text::jsonb)",
      [name, handler, options],
      { code: "RH001", message },
    );
  }
});

// Every function that a role may call, with hostile values for each argument and inside each JSON argument. It refuses them
// with a code of ours, or takes them and leaves nothing damaged. Functions, arguments and roles are read from the catalogue, so
// new ones are in here by themselves.
import assert from "node:assert/strict";
import { freshDatabase, onEmbedded } from "../support/database.ts";
import { someOf } from "../support/sample.ts";

type Json = null | boolean | number | string | Json[] | { [key: string]: Json };

const fixture = ["helpers.sql", "arguments/fixture.sql"]
  .map((file) => Deno.readTextFileSync(new URL(file, import.meta.url))).join("\n");

// Executions of the fixture; `leased` is a workflow that the worker has.
const id = (last: string): string => `00000000-0000-7000-8000-0000000000${last}`;
const [completed, running, waiting, ready, leased] = ["01", "02", "04", "03", "06"].map(id) as [
  string,
  string,
  string,
  string,
  string,
];
const worker = id("ff");

const more = `
select rhythm.create_many('[{"type": "workflow", "target": "f", "inputs": {"n": 1}, "id": "${leased}", "priority": 99}]');
select rhythm.exchange('${worker}', 3, p_want => '{"limit": 1}');
-- Calls a function as a role, and says how it refused, or what it left; whatever it did is undone.
create function public.told(p_role text, p_call text, p_checks boolean) returns text language plpgsql as $$
declare
  v_left text;
  v_state text;
  v_said text;
begin
  perform set_config('role', p_role, true);
  execute p_call;
  perform set_config('role', 'none', true);
  select string_agg(l.said, '; ') into v_left from (
    -- What cannot be stored fails its execution, and says why.
    select format('an execution ended with the error %s', e.error) as said
    from rhythm.executions as e where e.error ->> 'type' = 'SettleError' and not e.error ->> 'code' ~ '^(21|22|23|54|RH)'
    union all
    -- A worker may say that a workflow of its own waits for what does not exist. That is found.
    select format('check() finds %s', c) from rhythm.check() as c where p_checks and c.violation !~ 'waits for nothing'
  ) as l;
  raise exception using errcode = 'ZZ999', message = coalesce(v_left, '');
exception when others then
  get stacked diagnostics v_state = returned_sqlstate, v_said = message_text;
  return case when v_state ~ '^RH' then null when v_state = 'ZZ999' then nullif(v_said, '') else v_state || ' ' || v_said end;
end $$;`;

const numbers = ["0", "-1", "2147483647", "-2147483648"];
/** Values of each type, as SQL. */
const hostile: Record<string, readonly string[]> = {
  text: [
    "''",
    "' '",
    "repeat('x', 100000)",
    "E'a\\nb'",
    "E'\\x01'",
    "'__proto__'",
    "''';--'",
    "'%s\\$1{}'",
    "'☃😀'",
    "'-1'",
    "'{}'",
    "'99999999999999999999'",
    "'infinity'",
  ],
  smallint: ["0", "-1", "32767", "-32768"],
  integer: numbers,
  bigint: [...numbers, "9223372036854775807", "-9223372036854775808"],
  "double precision": ["0", "-1", "1e308", "'NaN'", "'Infinity'", "'-Infinity'"],
  boolean: ["true", "false"],
  interval: [
    "'0'",
    "'-1s'",
    "'178000000 years'",
    "'-178000000 years'",
    "'1 mon -30 days'",
    "'1 microsecond'",
    "'200000 years'",
  ],
  "timestamp with time zone": [
    "'infinity'",
    "'-infinity'",
    "'4713-01-02 00:00:00+00 BC'",
    "'294276-12-31 00:00:00+00'",
    "'1970-01-01 00:00:00+00'",
  ],
  uuid: [
    ...[completed, running, waiting, ready, leased, worker, id("00")].map((one) => `'${one}'`),
    "'00000000-0000-0000-0000-000000000000'",
    "'ffffffff-ffff-ffff-ffff-ffffffffffff'",
    "'11111111-1111-4111-8111-111111111111'",
  ],
  "uuid[]": [
    "'{}'",
    "'{null}'",
    `'{${running},${running}}'`,
    `'{{${running}},{${leased}}}'`,
    `'[5:5]={${waiting}}'`,
    `array_fill('${waiting}'::uuid, array[5000])`,
  ],
  "bigint[]": [
    "null",
    "'{}'",
    "'{null}'",
    "'{-1,0,1}'",
    "'{9223372036854775807,9223372036854775807}'",
    "'[0:1]={1,2}'",
  ],
  "text[]": [
    "'{}'",
    "'{null}'",
    "'{\"\"}'",
    "'{{a},{b}}'",
    "'[0:0]={a}'",
    "array_fill('a'::text, array[5000])",
  ],
  regprocedure: ["'pg_catalog.now()'", "'rhythm.now()'", "0", "'pg_catalog.pg_sleep(double precision)'"],
  jsonb: [],
  json: [],
};

/** What a place in JSON can hold, as text, because numbers of Postgres are larger than those of JavaScript. */
const hostileJson: readonly string[] = [
  "null",
  "true",
  "0",
  "-1",
  "1.5",
  "1e400",
  "-1e400",
  "99999999999999999999",
  "2147483648",
  '""',
  '"x"',
  '"-1"',
  '"infinity"',
  '"2030-01-01"',
  '"+275760-09-13T00:00:00Z"',
  '"178000000 years"',
  '"%s\\\\$1"',
  '"\\u0001\\n"',
  `"${"x".repeat(3_000)}"`,
  `"${leased}"`,
  '"ffffffff-ffff-ffff-ffff-ffffffffffff"',
  "[]",
  "{}",
  "[null]",
  "[[]]",
  "[{}]",
  '{"":null}',
  '{"__proto__":{"a":1}}',
  `[${'"x",'.repeat(300)}"x"]`,
  `${"[".repeat(500)}${"]".repeat(500)}`,
];

const retry = {
  max_attempts: 2,
  backoff: "fixed",
  initial: 1,
  max: "2s",
  factor: 2,
  jitter: 0.5,
  crashes: 1,
};
const options = {
  queue: "q",
  priority: 1,
  timeout: "1h",
  retry,
  concurrency_key: "c",
  metadata: { a: 1 },
  on_parent_cancel: "abandon",
};
const outcome = { kind: "outcome", id: leased, call: 3, seq: 0 };
const error = { type: "Error", message: "no", code: "X", data: { a: 1 }, stack: "Error: no" };

/** What is right for an argument, by its name; and for one of a function, where that matters. Of JSON: all that it can have. */
const good: Record<string, Json[]> = {
  p_worker: [worker],
  "register_worker.p_worker": [id("fe")],
  p_execution: [running],
  "wait_for.p_execution": [completed],
  p_timeout: ["0"],
  "history.p_execution": [waiting],
  "replay_start.p_execution": [waiting],
  "replay_steps.p_execution": [waiting],
  "edit_state.p_execution": [waiting],
  "rewind_state.p_execution": [waiting],
  "fork_state.p_execution": [waiting],
  "fork_steps.p_execution": [waiting],
  "fork_steps.p_id": [id("0e")],
  "fork_state.p_id": [id("0d")],
  "migrate.p_to": [1],
  "migrate.p_filter": [{ status: "suspended" }],
  "migrate.p_args": [{ map: { 1: 2 }, accept: "likely", set: { a: 1 }, fibre: 1, note: "n" }],
  "register_pairing.p_from": [1],
  "register_pairing.p_to": [1],
  "unpaired_versions.p_to": [1],
  p_pairs: [{ "0:1": { to: "0:1", how: "sure", line: 1, toLine: 1, lacks: ["a"] } }],
  p_problem: ["no"],
  p_seq: [1],
  p_step: [1],
  p_snapshot: [{ a: 1 }],
  p_waits: [[{ mode: "any", ids: [id("05")] }]],
  p_pending: [`{${id("05")}}`],
  "rewind_state.p_effects": [[{ id: id("05"), type: "await_signal", name: "go" }]],
  "fork_state.p_effects": [[{ id: id("05"), type: "start_timer", at: "2030-01-01T00:00:00Z" }]],
  p_limit: [10],
  p_queue: ["default"],
  p_key: ["k"],
  p_name: ["daily"],
  p_cron: ["@daily"],
  environment: ["staging"],
  p_environment: ["staging"],
  upgraded: [false],
  p_target: ["a"],
  p_task: ["a"],
  p_flow: ["f"],
  p_inputs: [{ n: 1 }],
  p_source: ["return 1"],
  p_program: [{ a: 1 }],
  "get_program.p_program": ["f"],
  p_kind: ["work"],
  p_function: ["pg_catalog.jsonb_typeof(jsonb)"],
  p_from: ["2020-01-01"],
  p_to: ["2020-01-01"],
  p_at: ["2020-01-01"],
  p_version: [1],
  p_call: [4],
  p_id: [running],
  p_retry: [retry],
  retry: [retry],
  options: [{ queue: "q", retry }],
  "schedule.options": [options],
  weights: [{ a: 2 }],
  input_schema: [{
    type: "object",
    required: ["n"],
    properties: { n: { type: "number", minimum: 0, enum: [1] } },
  }],
  p_requests: [
    [{
      ...options,
      type: "task",
      target: "a",
      inputs: {},
      delay: 1,
      idempotency_key: "k",
      idempotency_ttl: 60,
      parent: running,
      id: id("07"),
      traceparent: "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
      notify_on_end: true,
    }, {
      type: "task",
      target: "a",
      expires: 60,
      unique: { key: "k", while: "queued", on_conflict: "replace" },
    }, {
      type: "task",
      target: "b",
      debounce: { key: "k", delay: 1, max_delay: 60, inputs: "all" },
    }, {
      type: "task",
      target: "b",
      throttle: { key: "k", limit: 1, per: 60, else: "delay" },
    }, { type: "workflow", target: "f", inputs: { n: 1 }, run_at: "2030-01-01T00:00:00Z" }],
  ],
  p_tasks: [[{ name: "b", queue: "q", priority: 1, timeout: 1, retry }]],
  p_wanted: [[{ type: "task", name: "b" }]],
  p_info: [{ tasks: ["a"] }],
  p_holds: [[{ call: 1, ids: [running] }]],
  p_rates: [[{
    type: "task",
    target: "a",
    queue: "q",
    completed: 1,
    failed: 0,
    cancelled: 0,
    retried: 0,
    total_ms: 1,
    took: [1],
  }]],
  p_tags: ["{a=1}"],
  p_line: [1],
  p_before: ["a"],
  p_gate: [1],
  p_cursor: [1],
  p_hash: ["0".repeat(64)],
  "audit.p_filter": [{ by: "ada", act: "pause", kind: "queue", target: "q" }],
  p_condition: [{ variables: { a: 1 }, metadata: { a: 1 }, queue: "q", parent: running }],
  p_file: [{
    ...{
      format: "rhythm execution",
      version: 1,
      exported_at: "2030-01-01T00:00:00Z",
      exported_from: "db",
      root: id("0e"),
    },
    programs: [{
      program: "x",
      name: "t",
      version: 1,
      source: "return 1",
      code: { language: "typescript" },
      options: {},
    }],
    executions: [{
      ...{
        id: id("0e"),
        type: "workflow",
        target: "t",
        status: "suspended",
        queue: "q",
        priority: 1,
        version: 1,
        epoch: 1,
      },
      ...{
        seed: "1",
        attempt: 1,
        run_at: "2030-01-01T00:00:00Z",
        timeout_ms: 5,
        tags: ["a"],
        retry,
        metadata: { a: 1 },
      },
      ...{ error, inputs: {}, output: 1, reasons: [{ reason: "ready" }] },
      state: { program: "x", seq: 1, cleanup: false, snapshot: "{}" },
      journal: [{ step: 1, moment: "2030-01-01T00:00:00Z", items: [id("0f")] }],
      ends: [{ item: id("10"), step: 1, settled: { id: id("10"), status: "completed", output: 1 } }],
      bases: [{
        step: 1,
        epoch: 1,
        at: "2030-01-01T00:00:00Z",
        act: "edited",
        by: "x",
        program: "x",
        snapshot: "{}",
      }],
      timers: [{ id: id("11"), fires_at: "2030-01-01T00:00:00Z" }],
      waits: [{ id: id("0f"), name: "go" }],
      signals: [{ name: "go", payload: 1, taken_by: id("0f"), sent_at: "2030-01-01T00:00:00Z" }],
      named: [],
      logs: [{ at: "2030-01-01T00:00:00Z", level: "info", message: "x", data: 1 }],
    }],
  }],
  p_took: ["{1,2}"],
  p_share: [0.5],
  p_want: [{ queues: ["default"], limit: 1, targets: ["a"], lease: 1, sleeps: true }],
  p_lines: [[{ id: running, at: "2026-01-01T00:00:00Z", level: "info", message: "x", data: { a: 1 } }]],
  p_progress: [{ [running]: 1 }],
  p_outcome: [
    { id: running, call: 1, status: "completed", output: 1, finished: true },
    { id: running, call: 1, status: "failed", error, retryable: true },
  ],
  "tag.p_variables": [{ a: "x", b: [1, true], c: null }],
  "tag.p_execution": [completed],
  p_steps: [
    [{ id: leased, name: "a", output: 1, call: 3 }],
  ],
  p_ends: [
    [{ kind: "done", call: 1, ids: [running], outputs: [1], finished: true }],
    [{ ...outcome, status: "completed", output: 1, moment: "2026-01-01T00:00:00.000Z", reason: "x" }],
    [{ ...outcome, status: "failed", error, retryable: false }],
    [{ ...outcome, status: "released", reason: "x", delay_ms: 5 }],
    [{
      ...outcome,
      status: "suspended",
      snapshot: { a: 1 },
      stack: ["x"],
      cleanup: true,
      effects: [
        { type: "run_task", id: id("08"), target: "a", inputs: {}, options, traceparent: "x" },
        { type: "run_workflow", id: id("09"), target: "f", inputs: { n: 1 }, options: {} },
        { type: "start_timer", id: id("0a"), at: "2030-01-01T00:00:00Z", kept: false },
        { type: "await_signal", id: id("0b"), name: "go", timeoutAt: "2030-01-01T00:00:00Z" },
        { type: "answer", wait: id("0b"), value: 1, error: { type: "Error", message: "x" } },
        { type: "send_signal", executionId: waiting, name: "go", payload: 1 },
        { type: "log", level: "info", message: "x", at: "2026-01-01T00:00:00Z" },
      ],
      waits: [{ mode: "any", ids: [id("0a")] }],
      keep: [id("0a")],
    }],
    [{
      kind: "steps",
      ends: [{
        id: running,
        call: 1,
        output: 1,
        flow: waiting,
        seq: 1,
        next: "suspended",
        snapshot: {},
        mode: "any",
        ids: [id("0c")],
        timers: [{ id: id("0d"), at: "2030-01-01T00:00:00Z", kept: true }],
        released: [],
        cleanup: false,
        moment: "2026-01-01T00:00:00.000Z",
      }],
      children: [{ id: id("0c"), flow: waiting, kind: 0, inputs: {}, traceparent: "x" }],
      kinds: [{ type: "task", target: "a", ...options }],
    }],
    [{ kind: "fire", timers: [id("0a")] }, { kind: "leave", timers: [id("0a")] }],
  ],
};

/** What views compute columns with, from what is stored. */
const columns = ["status_name", "max_attempts", "max_crashes"];

interface Parameter {
  readonly name: string;
  readonly type: string;
  readonly required: boolean;
}

interface Callable {
  readonly name: string;
  readonly roles: readonly string[];
  readonly parameters: readonly Parameter[];
}

function knownOf(name: string, parameter: string): readonly Json[] {
  return good[`${name}.${parameter}`] ?? good[parameter] ?? [];
}

function quoted(text: string): string {
  return `'${text.replaceAll("'", "''")}'`;
}

function literal(value: Json, type: string): string {
  return quoted(type.startsWith("json") || typeof value !== "string" ? JSON.stringify(value) : value);
}

/** What is given although it may be left out: it would take long, or wait. */
const bounds = ["p_limit", "p_timeout"];

/** A call with one argument that is given, and the others right, or left out. */
function callOf({ name, parameters }: Callable, at: Parameter, value: string): string {
  const args = parameters.flatMap((parameter) => {
    const [known] = knownOf(name, parameter.name);
    if (parameter === at) return [[parameter, value] as const];
    if (!parameter.required && !bounds.includes(parameter.name)) return [];
    return [[parameter, known === undefined ? "null" : literal(known, parameter.type)] as const];
  });
  const given = args.map(([parameter, text]) => `"${parameter.name}" => (${text})::${parameter.type}`);
  return `select * from rhythm.${name}(${given.join(", ")})`;
}

/** JSON texts in which one place has another value, is not there, or has something beside it. */
function* mutations(value: Json, text: (inner: string) => string = (inner) => inner): Generator<string> {
  for (const other of someOf(hostileJson, 3)) yield text(other);
  if (typeof value !== "object" || value === null) return;
  const isArray = Array.isArray(value);
  const members = Object.entries(value).map(([key, member]) =>
    isArray ? JSON.stringify(member) : `${JSON.stringify(key)}:${JSON.stringify(member)}`
  );
  const joined = (all: readonly string[]): string =>
    text(isArray ? `[${all.join(",")}]` : `{${all.join(",")}}`);
  if (!isArray) yield joined([...members, '"unknown":1']);
  for (const [at, [key, member]] of Object.entries(value).entries()) {
    yield joined(members.toSpliced(at, 1));
    if (isArray) yield joined([...members, members[at]!]);
    yield* mutations(
      member,
      (inner) => joined(members.with(at, isArray ? inner : `${JSON.stringify(key)}:${inner}`)),
    );
  }
}

function* callsOf(callable: Callable): Generator<string> {
  for (const parameter of callable.parameters) {
    const { name, type } = parameter;
    const values = hostile[type];
    assert.ok(values, `no hostile values are known for the type ${type} of ${name} of ${callable.name}()`);
    for (const value of ["null", ...someOf(values, 6)]) yield callOf(callable, parameter, value);
    if (type !== "jsonb" && type !== "json") continue;
    const known = knownOf(callable.name, name);
    for (const one of known.length === 0 ? [{ a: 1 }] : known) {
      yield callOf(callable, parameter, literal(one, type));
      for (const text of mutations(one)) yield callOf(callable, parameter, quoted(text));
    }
  }
}

Deno.test({
  name:
    "every function that a role may call refuses hostile values with a code of ours, or leaves nothing damaged",
  ignore: onEmbedded,
  fn: async () => {
    await using test = await freshDatabase();
    await test.database.script(fixture + more);
    const functions = await test.sql<Callable[]>`
      select p.proname as name,
        array(select r from unnest(rhythm.roles()) as r where has_function_privilege(r, p.oid, 'execute')) as roles,
        (select coalesce(jsonb_agg(jsonb_build_object('name', p.proargnames[a.nth], 'type', a.type::regtype,
          'required', a.nth <= p.pronargs - p.pronargdefaults) order by a.nth), '[]')
        from unnest(p.proargtypes::oid[]) with ordinality as a (type, nth)) as parameters
      from pg_proc as p
      where p.pronamespace = 'rhythm'::regnamespace and p.proname in (select rhythm.surface())
        and p.proname <> all (${columns})
      order by p.proname`;
    assert.ok(functions.length > 50);
    const faults: string[] = [];
    let turn = 0;
    for (const callable of functions) {
      const calls = [...callsOf(callable)];
      const roles = calls.map(() => callable.roles[turn++ % callable.roles.length]!);
      const rows = await test.sql<{ call: string; told: string }[]>`
        select c.call, t.told from unnest(${roles}::text[], ${calls}::text[]) with ordinality as c (role, call, nth)
        cross join lateral public.told(c.role, c.call, c.nth % 50 = 0) as t (told) where t.told is not null`;
      faults.push(...rows.map(({ call, told }) => `${call.slice(0, 2_000)}: ${told.slice(0, 300)}`));
    }
    assert.deepEqual(faults, []);
    assert.ok(turn > 1_000, String(turn));
  },
});

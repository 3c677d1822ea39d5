// Every option arrives in the row, whichever way it is given; one that does not exist is refused, with the one that was meant.
import { deepStrictEqual as equal, match, rejects, strictEqual as same } from "node:assert/strict";
import { task } from "../../mod.ts";
import { commandsOf } from "../../src/app/http_parts.ts";
import { apiRoutes, createHandler, type ReadModel } from "../../src/http/mod.ts";
import { systemClock } from "../../src/runtime/clock.ts";
import {
  type OptionScope,
  optionsIn,
  retryOptionsIn,
  sqlName,
  sqlOptions,
  wantedBy,
} from "../../src/shared/options.ts";
import { workflow } from "../../src/steps/mod.ts";
import { testApp } from "../app/support.ts";
import { rhythm as cli } from "../cli/support.ts";
import { freshDatabase, onEmbedded } from "../support/database.ts";
import { until } from "../support/until.ts";
import { kept, parentId, samples } from "./samples.ts";

let count = 0;

/** The options of a scope in several calls, as not all can stand in one. */
function calls(scope: OptionScope): Record<string, unknown>[] {
  const all = samples(++count);
  const names = optionsIn(scope).map(({ name }) => name);
  equal(names.filter((name) => !(name in all)), [], "options without a sample");
  const groups: string[][] = [];
  const exclude = (one: string, other: string): boolean =>
    all[one]!.without?.includes(other) === true || all[other]!.without?.includes(one) === true;
  for (const name of names) {
    const group = groups.find((members) => !members.some((member) => exclude(name, member)));
    if (group === undefined) groups.push([name]);
    else group.push(name);
  }
  return groups.map((members) => {
    const values = samples(++count);
    return Object.fromEntries(members.map((name) => [name, values[name]!.value]));
  });
}

async function arrived(
  database: Parameters<typeof kept>[0],
  id: string,
  given: Record<string, unknown>,
): Promise<void> {
  const row = await kept(database, id);
  const all = samples(0);
  for (const [name, value] of Object.entries(given)) {
    if (name === "retry") {
      equal(row.retry, sqlOptions(value as Record<string, unknown>), "retry");
      same(row.maxAttempts, (value as { maxAttempts: number }).maxAttempts);
    } else if (["unique", "debounce", "throttle"].includes(name)) {
      same((row[name] as { key: string }).key, (value as { key: string }).key, name);
    } else if (name === "metadata") equal({ ...row.metadata as object, ...value as object }, row.metadata);
    else equal(row[name], all[name]!.kept ?? value, name);
  }
}

const flow = { name: "f", source: "return 1" };
const PARENT = `[{"type": "task", "target": "root", "queue": "nowhere", "id": "${parentId}"}]`;

Deno.test("SQL: the options of queue(), start() and create_many() arrive, and option_names() lists them", async () => {
  await using test = await freshDatabase();
  const { database } = test;
  await database.query(
    "select rhythm.register_flow('f', 'return 1', '{}'), rhythm.create_many($1::text::jsonb)",
    [PARENT],
  );
  for (const [fn, type, target] of [["queue", "task", "t"], ["start", "workflow", "f"]] as const) {
    for (const options of calls("start")) {
      const given = Object.entries(sqlOptions(options));
      const named = given.map(([name], nth) =>
        `${parameterOf(name)} => $${nth + 2}::text${
          ["retry", "metadata", "unique", "debounce", "throttle"].includes(name)
            ? "::jsonb"
            : CASTS[name] ?? ""
        }`
      );
      const [row] = await database.query<{ id: string }>(
        `select rhythm.${fn}($1::text, ${named.join(", ")}) as id`,
        [
          target,
          ...given.map(([, value]) => typeof value === "object" ? JSON.stringify(value) : String(value)),
        ],
      );
      await arrived(database, row!.id, options);
    }
    for (const options of calls("start")) {
      const [row] = await database.query<{ id: string }>("select rhythm.create_many($1::text::jsonb) as id", [
        JSON.stringify([{ type, target, ...sqlOptions(options) }]),
      ]);
      await arrived(database, row!.id, options);
    }
  }
  for (const scope of ["start", "child", "schedule", "defaults", "change"] as const) {
    const [row] = await database.query<{ names: string[] }>(
      "select to_jsonb(rhythm.option_names($1)) as names",
      [scope],
    );
    equal([...row!.names].sort(), optionsIn(scope).map(({ name }) => sqlName(name)).sort(), scope);
  }
  const [row] = await database.query<{ names: string[] }>(
    "select to_jsonb(rhythm.option_names('retry')) as names",
  );
  equal(row!.names, retryOptionsIn("start").map(({ name }) => sqlName(name)));
  const parameters = await database.query<{ names: string[] }>(
    `select to_json(p.proargnames[3:]) as names from pg_proc as p
    where p.pronamespace = 'rhythm'::regnamespace and p.proname in ('start', 'queue')`,
  );
  for (const { names } of parameters) {
    equal(
      [...names].sort(),
      optionsIn("start").map(({ name }) => parameterOf(sqlName(name))).sort(),
    );
  }
});

// UNIQUE alone is reserved in SQL.
function parameterOf(name: string): string {
  return name === "unique" ? "unique_by" : name;
}

const CASTS: Record<string, string> = {
  priority: "::integer",
  run_at: "::timestamptz",
  parent: "::uuid",
  id: "::uuid",
  delay: "::interval",
  timeout: "::interval",
  idempotency_ttl: "::interval",
};

Deno.test("SQL says of every option what TypeScript says that it must be", async () => {
  await using test = await freshDatabase();
  const problem = async (request: object): Promise<string | null> => {
    const [row] = await test.database.query<{ problem: string | null }>(
      "select rhythm.request_problem($1::text::jsonb) as problem",
      [JSON.stringify({ type: "task", target: "t", ...request })],
    );
    return row!.problem;
  };
  for (const { name, type } of optionsIn("start")) {
    if (["name", "key", "id", "execution"].includes(type.kind)) continue;
    for (const value of [[], false, "?", -1e9, null]) {
      if (type.kind === "retry" && value === null) continue;
      same(
        await problem({ [sqlName(name)]: value }),
        `${sqlName(name)} must be ${wantedBy(type)}`,
        JSON.stringify(value),
      );
    }
  }
  for (const { name: outer, type: parts } of optionsIn("start")) {
    if (parts.kind !== "parts") continue;
    const good: Record<string, unknown> = { key: "k", delay: 1, limit: 1, per: 1 };
    const needed = Object.fromEntries(parts.needed.map((name) => [sqlName(name), good[name]]));
    for (const { name, type } of parts.parts) {
      if (type.kind === "key") continue;
      for (const value of [[], "?", -1e9, null]) {
        same(
          await problem({ [sqlName(outer)]: { ...needed, [sqlName(name)]: value } }),
          `${sqlName(outer)}.${sqlName(name)} must be ${wantedBy(type)}`,
          JSON.stringify(value),
        );
      }
    }
    const [row] = await test.database.query<{ names: string[] }>(
      "select to_jsonb(rhythm.option_names($1)) as names",
      [sqlName(outer)],
    );
    equal(row!.names, parts.parts.map(({ name }) => sqlName(name)));
  }
  for (const { name, type } of retryOptionsIn("start")) {
    for (const value of [[], "?", -1e9, null]) {
      same(
        await problem({ retry: { [sqlName(name)]: value } }),
        `retry.${sqlName(name)} must be ${wantedBy(type)}`,
        JSON.stringify(value),
      );
    }
  }
});

Deno.test("TypeScript and HTTP: the options of starts and schedules arrive, unknown ones are refused", async () => {
  await using app = await testApp({ flows: [flow] });
  const { database } = app.database;
  await database.query("select rhythm.create_many($1::text::jsonb)", [PARENT]);
  const { executions, schedules, tasks, workflows } = app.rhythm;
  const handler = createHandler({
    routes: () => Promise.resolve(apiRoutes({} as ReadModel, commandsOf(app.rhythm, {} as never))),
    readiness: () => Promise.resolve({ ready: true, checks: {} }),
    metrics: () => Promise.resolve([]),
    clock: systemClock,
    version: "1",
  });
  const ask = async (method: string, path: string, body: unknown): Promise<{ id: string }> => {
    const response = await handler(new Request(`http://host${path}`, { method, body: JSON.stringify(body) }));
    const answer = await response.json();
    if (!response.ok) throw new Error(answer.error.message);
    return answer;
  };
  const starts: ((options: object) => Promise<{ id: string }>)[] = [
    (options) => tasks.queue("t", {}, options),
    (options) => workflows.start("f", {}, options),
    (options) => executions.create({ type: "task", target: "t", ...options }),
    async (options) => (await executions.createMany([{ type: "workflow", target: "f", ...options }]))[0]!,
    (options) => ask("POST", "/api/tasks/t/queue", { options }),
    (options) => ask("POST", "/api/workflows/f/start", { options }),
  ];
  for (const start of starts) {
    for (const options of calls("start")) await arrived(database, (await start(options)).id, options);
    for (const [unknown, meant] of TYPOS) {
      await rejects(start(unknown), new RegExp(`Did you mean "${meant}"`));
    }
  }
  const when = { cron: "@yearly", target: "t", type: "task" } as const;
  const sets: ((options: object) => Promise<unknown>)[] = [
    (options) => schedules.set("s", { ...when, options }),
    (options) => ask("PUT", "/api/schedules/s", { ...when, options }),
    (options) =>
      database.query(
        "select rhythm.schedule('s', '@yearly', 't', type => 'task', options => $1::text::jsonb)",
        [
          JSON.stringify(sqlOptions(options as Record<string, unknown>)),
        ],
      ),
  ];
  for (const [nth, set] of sets.entries()) {
    for (const options of calls("schedule")) {
      await set(options);
      await arrived(database, (await schedules.trigger("s")).id, options);
    }
    await rejects(
      set({ delay: 1 }),
      /There is no option "delay"|no option "delay"|there is no "delay"|cannot hold .*delay/,
    );
    for (const [unknown, meant] of TYPOS) {
      // To SQL, these two are right.
      if (nth === 2 && /_/.test(JSON.stringify(unknown))) continue;
      await rejects(set(unknown), new RegExp(`Did you mean "${nth === 2 ? sqlName(meant) : meant}"`));
    }
  }
  await rejects(
    app.rhythm.queues.configure("q", { perKeyConcurency: 1 } as never),
    /Did you mean "perKeyConcurrency"/,
  );
});

Deno.test("the options of children arrive, from flows and from code", async () => {
  const options = calls("child");
  const source = [
    ...options.map((one) => `Task.run("t", {}, ${JSON.stringify(one)});`),
    'await Signal.next("stop")',
  ].join("\n");
  const others = calls("child");
  const parent = workflow("coded", async (ctx) => {
    await Promise.all(others.map((one, nth) => ctx.run({ task: "t" }, {}, { key: nth, ...one })));
  });
  const hasty = workflow("hasty", async (ctx) => await ctx.run({ task: "t" }, {}, { prioritty: 1 } as never));
  const flows = [
    { name: "family", source },
    { name: "careless", source: 'return await Task.run("t", {}, { concurrency_key: "x" })' },
  ];
  await using app = await testApp({ flows, workflows: [parent, hasty] });
  const { executions, workflows } = app.rhythm;
  app.work();
  for (const [name, given] of [["family", options], ["coded", others]] as const) {
    const run = await workflows.start(name);
    await until(async () => (await executions.tree(run)).length === given.length + 1);
    const children = (await executions.tree(run)).slice(1).map(({ id }) => id).sort();
    for (const [nth, id] of children.entries()) await arrived(app.database.database, id, given[nth]!);
    await run.cancel();
  }
  for (const [name, meant] of [["careless", "concurrencyKey"], ["hasty", "priority"]] as const) {
    const { error } = await executions.wait(await workflows.start(name), { timeout: "1m" });
    match(error!.message, new RegExp(`Did you mean "${meant}"`));
  }
});

Deno.test("defaults of tasks and workflows arrive, wherever they are declared", async () => {
  const [defaults] = calls("defaults");
  const given = sqlOptions(defaults!);
  const yaml = Object.entries(given).map(([name, value]) => `${name}: ${JSON.stringify(value)}`).join("\n");
  const declared = task({ name: "declared", ...defaults }, () => 1);
  const coded = workflow("coded", defaults!, () => 1);
  const written = { name: "written", source: `\`\`\`\n${yaml}\n\`\`\`\nreturn 1` };
  await using app = await testApp({ tasks: [declared], workflows: [coded], flows: [written] });
  const { database } = app.database;
  await database.query("select rhythm.register_tasks($1::text::jsonb)", [
    JSON.stringify([{ name: "registered", ...given }]),
  ]);
  await database.query(
    "select rhythm.register_flow('compiled', 'return 1', '{}', options => $1::text::jsonb)",
    [JSON.stringify(given)],
  );
  await database.query(
    "select rhythm.define_sql_task('inside', 'pg_catalog.to_json(jsonb)', $1::text::jsonb)",
    [JSON.stringify(given)],
  )
    .catch(() =>
      database.query("create function public.inside(p jsonb) returns jsonb language sql as 'select p'")
        .then(() =>
          database.query("select rhythm.define_sql_task('inside', 'public.inside(jsonb)', $1::text::jsonb)", [
            JSON.stringify(given),
          ])
        )
    );
  for (
    const [name, fn] of [
      ["declared", "queue"],
      ["registered", "queue"],
      ["inside", "queue"],
      ["coded", "start"],
      ["written", "start"],
      ["compiled", "start"],
    ]
  ) {
    const [row] = await database.query<{ id: string }>(`select rhythm.${fn}($1) as id`, [name]);
    await arrived(database, row!.id, defaults!);
  }
  const typo = (call: () => Promise<unknown>): Promise<void> =>
    rejects(Promise.resolve().then(call), /[Dd]id you mean ["`]priority["`]/);
  const wrong = { prioritty: 1 } as never;
  await typo(() => Promise.resolve(task({ name: "x", ...wrong as object }, () => 1)));
  await typo(() => Promise.resolve(workflow("x", wrong, () => 1)));
  await typo(() => app.rhythm.flows.register({ name: "x", source: "```\nprioritty: 1\n```\nreturn 1" }));
  await typo(() => database.query(`select rhythm.register_tasks('[{"name": "x", "prioritty": 1}]')`));
  await typo(() =>
    database.query(`select rhythm.register_flow('x', 'return 1', '{}', options => '{"prioritty": 1}')`)
  );
  await typo(() =>
    database.query(`select rhythm.define_sql_task('x', 'public.inside(jsonb)', '{"prioritty": 1}')`)
  );
});

Deno.test("retry: 3 is three attempts that may throw, and three more that may be lost, wherever it is said", async () => {
  const family = {
    name: "family",
    source: 'Task.run("t", {}, { retry: 3 })\nawait Signal.next("stop")',
  };
  await using app = await testApp({
    tasks: [task({ name: "declared", retry: 3 }, () => 1)],
    workflows: [workflow("coded", { retry: 3 }, () => 1)],
    flows: [flow, family, { name: "written", source: "```\nretry: 3\n```\nreturn 1" }],
  });
  const { rhythm } = app;
  const { database } = app.database;
  const ask = async (path: string, body: object): Promise<string> => {
    const headers = { authorization: `Bearer ${rhythm.token}` };
    const request = new Request(`http://host${path}`, {
      method: "POST",
      headers,
      body: JSON.stringify(body),
    });
    return (await (await rhythm.fetch(request)).json()).id;
  };
  const sql = async (text: string): Promise<string> => (await database.query<{ id: string }>(text))[0]!.id;
  const ids = [
    (await rhythm.tasks.queue("t", {}, { retry: 3 })).id,
    (await rhythm.workflows.start("f", {}, { retry: 3 })).id,
    (await rhythm.tasks.queue("declared")).id,
    (await rhythm.workflows.start("coded")).id,
    (await rhythm.workflows.start("written")).id,
    await ask("/api/tasks/t/queue", { options: { retry: 3 } }),
    await sql("select rhythm.queue('t', retry => '3') as id"),
    await sql(`select rhythm.create_many('[{"type": "task", "target": "t", "retry": 3}]') as id`),
  ];
  app.work({ queues: ["default"] });
  const parent = await rhythm.workflows.start("family");
  await until(async () => (await rhythm.executions.tree(parent)).length === 2);
  ids.push((await rhythm.executions.tree(parent))[1]!.id);
  for (const id of ids) {
    const [row] = await database.query<{ max_attempts: number; max_crashes: number }>(
      "select e.max_attempts, e.max_crashes from rhythm.executions as e where e.id = $1",
      [id],
    );
    equal([row!.max_attempts, row!.max_crashes], [3, 3], id);
  }
});

Deno.test({
  name: "CLI: a flag for every option, and what it says arrives",
  ignore: onEmbedded,
  fn: async () => {
    await using test = await freshDatabase();
    await test.database.query(
      "select rhythm.register_flow('f', 'return 1', '{}'), rhythm.create_many($1::text::jsonb)",
      [PARENT],
    );
    const flagsOf = (options: Record<string, unknown>): string[] =>
      optionsIn("start").filter(({ name }) => name in options).flatMap(({ name, flag }) => {
        const value = options[name];
        return [
          /--[a-z-]+/.exec(flag!)![0],
          typeof value === "object" ? JSON.stringify(value) : String(value),
        ];
      });
    const run = async (...args: string[]): Promise<string> => {
      const { code, out, err } = await cli([...args, "-d", test.url]);
      same(code, 0, err);
      return out.trim();
    };
    const [first, ...others] = calls("start");
    await arrived(test.database, await run("queue", "t", "{}", ...flagsOf(first!)), first!);
    same((await kept(test.database, await run("queue", "t", "--retry", "3"))).maxAttempts, 3);
    for (const other of others) {
      await arrived(test.database, await run("start", "f", "{}", ...flagsOf(other)), other);
    }
    const [options] = calls("schedule");
    await run("schedules", "set", "s", "@yearly", "t", "{}", "--type", "task", ...flagsOf(options!));
    const [row] = await test.database.query<{ id: string }>("select rhythm.trigger_schedule('s') as id");
    await arrived(test.database, row!.id, options!);
    match((await cli(["queue", "t", "--prioritty", "1", "-d", test.url])).err, /--priority/);
    match((await cli(["queue", "t", "--retry", '{"max_attempts": 1}', "-d", test.url])).err, /maxAttempts/);
  },
});

/** What people write, and what they mean. */
const TYPOS: readonly [object, string][] = [
  [{ prioritty: 1 }, "priority"],
  [{ concurrency_key: "x" }, "concurrencyKey"],
  [{ retry: { max_attempts: 1 } }, "maxAttempts"],
  [{ retry: { bakoff: "fixed" } }, "backoff"],
];

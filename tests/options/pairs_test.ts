// Every two options of a start: both arrive, or the start is refused with a sentence that names them, in TypeScript and in SQL.
import { deepStrictEqual as equal, match, rejects, strictEqual as same } from "node:assert/strict";
import postgres from "postgres";
import { task } from "../../mod.ts";
import { optionsIn, sqlName, sqlOptions } from "../../src/shared/options.ts";
import { testApp } from "../app/support.ts";
import { onEmbedded } from "../support/database.ts";
import { kept, parentId, samples } from "./samples.ts";

/** The pairs that are refused. What SQL says first is first. */
const REFUSED: readonly (readonly [string, string])[] = [
  ["runAt", "delay"],
  ["unique", "idempotencyKey"],
  ["debounce", "idempotencyKey"],
  ["debounce", "unique"],
  ["debounce", "delay"],
  ["debounce", "runAt"],
  ["throttle", "idempotencyKey"],
  ["throttle", "unique"],
  ["throttle", "debounce"],
  ["throttle", "delay"],
  ["throttle", "runAt"],
];

const NAMES = optionsIn("start").map(({ name }) => name as string);
const PAIRS = NAMES.flatMap((one, at) => NAMES.slice(at + 1).map((other) => [one, other] as const));
const PARENT = JSON.stringify([{ type: "task", target: "root", queue: "nowhere", id: parentId }]);
let count = 5_000;

const fresh = (...names: string[]): Record<string, unknown> => {
  const all = samples(++count);
  // Without a parent, what becomes of it with its parent says nothing.
  const also = names.includes("onParentCancel") ? ["parent"] : [];
  return Object.fromEntries([...names, ...also].map((name) => [name, all[name]!.value]));
};

/** The sentences with which a pair is refused, in TypeScript and in SQL; nothing: it is not. */
function refusal(one: string, other: string): { typescript: string[]; sql: string } | undefined {
  if ([one, other].includes("idempotencyTtl") && ![one, other].includes("idempotencyKey")) {
    return {
      typescript: ['"idempotencyTtl" needs an "idempotencyKey"'],
      sql: "idempotency_ttl needs an idempotency_key",
    };
  }
  const pair = REFUSED.find((names) => names.includes(one) && names.includes(other));
  if (pair === undefined) return undefined;
  const [first, second] = pair;
  return {
    typescript: [`give "${first}" or "${second}", not both`, `give "${second}" or "${first}", not both`],
    sql: `${sqlName(first)} and ${sqlName(second)} exclude each other`,
  };
}

/** The rows have what was given. Not all of it stands in the row, and a retry policy has other names there. */
async function arrived(
  database: Parameters<typeof kept>[0],
  id: string,
  given: Record<string, unknown>,
): Promise<void> {
  const row = await kept(database, id);
  const all = samples(0);
  const what = Object.keys(given).join(" × ");
  for (const [name, value] of Object.entries(given)) {
    if (name === "retry") equal(row.retry, sqlOptions(value as Record<string, unknown>), what);
    else if (["unique", "debounce", "throttle"].includes(name)) {
      same((row[name] as { key: string }).key, (value as { key: string }).key, what);
    } else if (name === "metadata") equal({ ...row.metadata as object, ...value as object }, row.metadata);
    else equal(row[name], all[name]!.kept ?? value, what);
  }
}

Deno.test("every two options of a start: both arrive, or it is refused with a sentence", async () => {
  const many = task({ name: "many", batch: { size: 10 } }, (all: unknown[]) => all.map(() => 1));
  await using app = await testApp({
    tasks: [many],
    flows: [{ name: "f", source: "return 1" }],
  });
  const { database } = app.database;
  await database.query("select rhythm.create_many($1::text::jsonb)", [PARENT]);
  const { tasks, workflows } = app.rhythm;
  let refused = 0;
  for (const [one, other] of PAIRS) {
    const sentence = refusal(one, other);
    const starts = [
      (options: object) => tasks.queue("t", {}, options),
      (options: object) => workflows.start("f", {}, options),
      // Of a task that many are handed to at once.
      (options: object) => many.queue({} as never, options),
    ];
    for (const start of starts) {
      const given = fresh(one, other);
      if (sentence === undefined) await arrived(database, (await start(given)).id, given);
      else {
        await rejects(start(given), (error: Error) => {
          match(error.name, /^InvalidOptionError$/);
          return sentence.typescript.some((words) => error.message.endsWith(words));
        }, `${one} × ${other}`);
      }
    }
    const given = fresh(one, other);
    const request = JSON.stringify([{ type: "task", target: "t", ...sqlOptions(given) }]);
    const made = database.query<{ id: string }>("select rhythm.create_many($1::text::jsonb) as id", [
      request,
    ]);
    if (sentence === undefined) await arrived(database, (await made)[0]!.id, given);
    else {
      await rejects(made, (error: Error) => error.message.includes(sentence.sql), `${one} × ${other}`);
      refused++;
    }
  }
  same(refused, REFUSED.length + NAMES.length - 2);
  equal(await database.query("select * from rhythm.check()"), []);
});

Deno.test({
  name: "every option of a start in the caller's transaction: there if it commits, and otherwise not",
  ignore: onEmbedded,
  fn: async () => {
    await using app = await testApp();
    const { database } = app.database;
    await database.query("select rhythm.create_many($1::text::jsonb)", [PARENT]);
    const sql = postgres(app.database.url, { max: 1, onnotice: () => {} });
    try {
      for (const name of NAMES) {
        const names = name === "idempotencyTtl" ? ["idempotencyKey", name] : [name];
        const given = fresh(...names);
        let id = "";
        const lost = sql.begin(async (tx) => {
          id = (await app.rhythm.tasks.queue("t", {}, { ...given, sql: tx })).id;
          throw new Error("rolled back");
        });
        await rejects(lost, /^Error: rolled back$/);
        equal(
          await database.query("select from rhythm.execution as e where e.id = $1::text::uuid", [id]),
          [],
          name,
        );
        await sql.begin(async (tx) => {
          id = (await app.rhythm.tasks.queue("t", {}, { ...given, sql: tx })).id;
        });
        await arrived(database, id, given);
      }
      equal(await database.query("select * from rhythm.check()"), []);
    } finally {
      await sql.end();
    }
  },
});

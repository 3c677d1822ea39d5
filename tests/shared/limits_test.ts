// What SQL and TypeScript both know, and what the docs say of it.
import { deepStrictEqual as equal, match, ok, strictEqual as same } from "node:assert/strict";
import { type ChannelKind, channelName } from "../../src/db/channels.ts";
import { backoffMs, type RetryPolicy } from "../../src/define/mod.ts";
import {
  DEFAULT_ATTEMPTS,
  DEFAULT_BACKOFF,
  DEFAULT_CRASHES,
  JITTER,
  KEPT_TIMER_MS,
  KEY_LENGTH,
  LEASE_MS,
  LIST_LIMIT,
  LONGEST_DURATION_MS,
  METADATA_BYTES,
  MOMENTS,
  MOST_ATTEMPTS,
  NAME_LENGTH,
  POOL_SIZE,
  PRIORITIES,
  SETTINGS,
  TOOK_BOUNDS_MS,
  WORKER_DEFAULTS,
} from "../../src/shared/limits.ts";
import { sqlOptions } from "../../src/shared/options.ts";
import { LINES } from "../../src/worker/loop/ledger.ts";
import { MOST_NAMES } from "../../src/worker/loop/stats.ts";
import { freshDatabase } from "../support/database.ts";

const metadata = (bytes: number): object => ({ metadata: { a: "x".repeat(bytes - '{"a": ""}'.length) } });

/** What may just be, and what is a little too much. */
const limits: [what: string, most: object, more: object][] = [
  ["NAME_LENGTH", { queue: "q".repeat(NAME_LENGTH) }, { queue: "q".repeat(NAME_LENGTH + 1) }],
  ["KEY_LENGTH", { concurrency_key: "ä".repeat(KEY_LENGTH) }, {
    concurrency_key: "ä".repeat(KEY_LENGTH + 1),
  }],
  ["METADATA_BYTES", metadata(METADATA_BYTES), metadata(METADATA_BYTES + 1)],
  ["PRIORITIES.from", { priority: PRIORITIES.from }, { priority: PRIORITIES.from - 1 }],
  ["PRIORITIES.to", { priority: PRIORITIES.to }, { priority: PRIORITIES.to + 1 }],
  ["MOST_ATTEMPTS", { retry: MOST_ATTEMPTS }, { retry: MOST_ATTEMPTS + 1 }],
  ["LONGEST_DURATION_MS", { delay: LONGEST_DURATION_MS / 1000 }, { delay: `${LONGEST_DURATION_MS + 1}ms` }],
  ["MOMENTS.to", { run_at: MOMENTS.to }, { run_at: "9999-12-31T00:00:01Z" }],
  ["MOMENTS.from", { run_at: MOMENTS.from }, { run_at: "0001-12-31T00:00:00Z BC" }],
];

Deno.test("SQL's limits are those of src/shared/limits.ts", async () => {
  await using test = await freshDatabase();
  for (const [what, most, more] of limits) {
    const [row] = await test.database.query<{ most: string | null; more: string | null }>(
      `select rhythm.request_problem($1::text::jsonb || '{"type": "task", "target": "t"}') as most,
        rhythm.request_problem($2::text::jsonb || '{"type": "task", "target": "t"}') as more`,
      [JSON.stringify(most), JSON.stringify(more)],
    );
    same(row!.most, null, what);
    ok(row!.more !== null, what);
  }
});

Deno.test("SQL counts durations by the bounds of src/shared/limits.ts", async () => {
  await using test = await freshDatabase();
  const [row] = await test.database.query<{ bounds: number[] }>(
    "select to_jsonb(rhythm.took_bounds()) as bounds",
  );
  equal(row!.bounds, TOOK_BOUNDS_MS);
});

Deno.test("SQL's defaults are those of src/shared/limits.ts", async () => {
  await using test = await freshDatabase();
  const { database } = test;
  for (const [name, value] of Object.entries(SETTINGS)) {
    const [row] = await database.query("select rhythm.setting($1) as value", [name]);
    same(row!.value, value, name);
  }
  await database.query("select rhythm.register_flow('f', 'return 1', '{}')");
  await database.query("select rhythm.queue('t'), rhythm.start('f')");
  const attempts = await database.query(
    "select type, max_attempts, max_crashes from rhythm.executions order by type",
  );
  equal(attempts.map((row) => ({ ...row })), [
    { type: "task", max_attempts: DEFAULT_ATTEMPTS, max_crashes: DEFAULT_CRASHES },
    { type: "workflow", max_attempts: DEFAULT_ATTEMPTS, max_crashes: DEFAULT_CRASHES },
  ]);
  await database.query("select rhythm.register_worker(null, array['q'])");
  const [lease] = await database.query("select lease_ms::integer as ms from rhythm.worker");
  same(lease!.ms, LEASE_MS);
  await database.query("delete from rhythm.worker");
  const [kept] = await database.query<{ ms: number }>(
    "select (extract(epoch from rhythm.kept_grace()) * 1000)::integer as ms",
  );
  same(kept!.ms, KEPT_TIMER_MS);
});

Deno.test("SQL's channels are those of src/db/channels.ts", async () => {
  await using test = await freshDatabase();
  for (const kind of ["work", "done", "progress", "stop"] satisfies ChannelKind[]) {
    const [row] = await test.database.query("select rhythm.channel($1) as name", [kind]);
    same(row!.name, channelName("rhythm", kind));
  }
});

Deno.test("backoffMs() and SQL's backoff_ms() wait as long, with all defaults", async () => {
  const policies: RetryPolicy[] = [
    {},
    { backoff: "linear", initial: "1.5s" },
    { backoff: "fixed", initial: 7 },
    { factor: 1.5, max: "1m" },
    { initial: "10ms", factor: 100 },
    { jitter: true, initial: 100 },
    { jitter: 1, initial: 100 },
    { jitter: false, initial: 100 },
  ];
  await using test = await freshDatabase();
  for (const policy of policies) {
    for (const attempt of [1, 2, 3, 7, 60, 61, 9999]) {
      const [row] = await test.database.query<{ least: number; most: number }>(
        `select min(b.ms)::float as least, max(b.ms)::float as most
        from (select rhythm.backoff_ms($1::text::jsonb, $2::text::integer) as ms from generate_series(1, 200)) as b`,
        [JSON.stringify(sqlOptions(policy as Record<string, unknown>)), String(attempt)],
      );
      const [least, most] = [backoffMs(policy, attempt, 1), backoffMs(policy, attempt, 0)];
      const about = JSON.stringify({ policy, attempt, least, most, ...row });
      ok(row!.least >= least - 1 && row!.most <= most + 1, about);
      // Two hundred draws come near to both ends.
      const slack = (most - least) / 10 + 2;
      ok(row!.least <= least + slack && row!.most >= most - slack, about);
    }
  }
  equal(JITTER, { true: 0.5, false: 0 });
});

const seconds = (ms: number): string => `${ms / 1000} s`;

const WORDS = ["no", "one", "two", "three"];

/** What the docs say in words or numbers, and what it has to be. */
const statements: [page: string, says: RegExp, value: string][] = [
  ["docs/operate/workers.md", /\| `lease` \| ([^|]+) \|/, seconds(LEASE_MS)],
  [
    "docs/guides/steps.md",
    /for its lease \(`new Admin\(url, \{ lease \}\)`, (\d+ s) by default\)/,
    seconds(LEASE_MS),
  ],
  ["src/app/options.ts", /others take its work over\. Default: (\d+ s)\./, seconds(LEASE_MS)],
  ["src/steps/admin.ts", /may go on with its workflows\. Default: (\d+ s)\./, seconds(LEASE_MS)],
  ["docs/operate/workers.md", /\| `concurrency` \| (\d+) \|/, String(WORKER_DEFAULTS.concurrency)],
  [
    "docs/operate/performance.md",
    /\| fillfactor \| (\d+) on `rhythm\.execution`/,
    /fillfactor = (\d+)/.exec(
      Deno.readTextFileSync(new URL("../../sql/structure/020_executions.sql", import.meta.url)),
    )![1]!,
  ],
  [
    "docs/operate/performance.md",
    /`rhythm\.worker\(\{ concurrency \}\)`, (\d+) by default/,
    String(WORKER_DEFAULTS.concurrency),
  ],
  [
    "src/app/options.ts",
    /many handlers may run at once\. Default: (\d+)\./,
    String(WORKER_DEFAULTS.concurrency),
  ],
  [
    "docs/operate/workers.md",
    /\| `transactionalConcurrency` \| (\d+) \|/,
    String(WORKER_DEFAULTS.transactionalConcurrency),
  ],
  [
    "src/app/options.ts",
    /connection of its own\. Default: (\d+)\./,
    String(WORKER_DEFAULTS.transactionalConcurrency),
  ],
  ["docs/operate/workers.md", /\| `grace` \| ([^|]+) \|/, seconds(WORKER_DEFAULTS.graceMs)],
  ["src/app/options.ts", /finish at shutdown\. Default: (\d+ s)\./, seconds(WORKER_DEFAULTS.graceMs)],
  ["src/app/options.ts", /listen on\. Default: `([^`]+)`/, WORKER_DEFAULTS.hostname],
  ["src/app/options.ts", /calls may use at once\. Default: (\d+)\./, String(POOL_SIZE)],
  ["src/define/execution.ts", /How many at most\. Default: (\d+)\./, String(LIST_LIMIT)],
  ["docs/guides/tasks.md", /\| `initial`, `max` \| (\d+ s), 1 h \|/, seconds(DEFAULT_BACKOFF.initialMs)],
  [
    "docs/guides/tasks.md",
    /\| `initial`, `max` \| 1 s, (\d+) h \|/,
    String(DEFAULT_BACKOFF.maxMs / 3_600_000),
  ],
  ["docs/guides/tasks.md", /\| `backoff` \| `"(\w+)"` \|/, DEFAULT_BACKOFF.backoff],
  ["docs/guides/tasks.md", /\| `factor` \| (\d+) \|/, String(DEFAULT_BACKOFF.factor)],
  ["docs/guides/tasks.md", /\| `jitter` \| ([\d.]+) \|/, String(DEFAULT_BACKOFF.jitter)],
  ["docs/operate/workers.md", /execution, (\d+) are written within a second/, String(LINES)],
  ["docs/reference/http.md", /Of each kind the first (\d+)/, String(MOST_NAMES)],
  ["docs/operate/workers.md", /`retry\.crashes` times \((\d+) by default\)/, String(DEFAULT_CRASHES)],
  ["docs/reference/sql.md", /`metadata` takes at most (\d+ KiB)/, `${METADATA_BYTES / 1024} KiB`],
  ["docs/reference/sql.md", /Without a policy (\w+) attempt may throw/, WORDS[DEFAULT_ATTEMPTS]!],
  ["docs/reference/sql.md", /lost with its worker is repeated up to (\d+) times/, String(DEFAULT_CRASHES)],
  ["docs/guides/tasks.md", /`maxAttempts` \| (\d+) \|/, String(DEFAULT_ATTEMPTS)],
  ["docs/guides/tasks.md", /`crashes` \| (\d+) \|/, String(DEFAULT_CRASHES)],
  ["src/define/options.ts", /the first included\. Default: (\d+),/, String(DEFAULT_ATTEMPTS)],
  ["src/define/options.ts", /lost with its worker\. Default: (\d+)\./, String(DEFAULT_CRASHES)],
  ["src/flow/front_matter.ts", /the first included\. Default: (\d+)\./, String(DEFAULT_ATTEMPTS)],
  ["src/flow/front_matter.ts", /lost with its worker\. Default: (\d+)\./, String(DEFAULT_CRASHES)],
  ["src/shared/options.ts", /may throw; (\d+) by default"/, String(DEFAULT_ATTEMPTS)],
  ["src/shared/options.ts", /lost with its worker; (\d+) by default"/, String(DEFAULT_CRASHES)],
  [
    "docs/reference/sql.md",
    /the pauses are (\d+) s, 2 s, 4 s … up to an hour/,
    String(DEFAULT_BACKOFF.initialMs / 1000),
  ],
  ["docs/reference/sql.md", /[Aa] `jitter` of `true` is (\d\.\d)/, String(JITTER.true)],
  [
    "docs/reference/sql.md",
    /settings: (.*) \|/,
    "`retention` (30 days), `max_payload_bytes` (1048576), `max_crashes` (3), `cancel_grace` (1 minute), `hook_interval` (1 minute), `audit_retention` (400 days)",
  ],
  ["docs/reference/flow-language.md", /Names have at most (\d+) letters, digits/, String(NAME_LENGTH)],
];

for (const [page, says, value] of statements) {
  Deno.test(`${page} says ${value} (${says.source})`, async () => {
    const text = await Deno.readTextFile(new URL(`../../${page}`, import.meta.url));
    match(text, says);
    same(says.exec(text)![1]!.trim(), value);
  });
}

Deno.test("docs/reference/sql.md names every setting with its default", async () => {
  const text = await Deno.readTextFile(new URL("../../docs/reference/sql.md", import.meta.url));
  for (const [name, value] of Object.entries(SETTINGS)) ok(text.includes(`\`${name}\` (${value})`), name);
});

/**
 * Measures every page of the dashboard beside millions of executions: how long it takes, how much it says, what viewers cost.
 *
 *     deno task dashboard:large              five million executions
 *     deno task dashboard:large 100000       so many
 *
 * It uses the server of RHYTHM_TEST_DATABASE_URL, or starts one. It fails if a page takes 100 ms or more in 5 of 100 readings.
 *
 * @module
 */
import process from "node:process";
import { gzipSync } from "node:zlib";
import { task } from "../../mod.ts";
import { createLogger } from "../../src/app/log.ts";
import { assemble, type Rhythm } from "../../src/app/rhythm.ts";
import { connect } from "../../src/db/connect.ts";
import type { Database, Queryable } from "../../src/db/database.ts";
import { systemClock } from "../../src/runtime/clock.ts";
import { readBackendSeconds } from "../../bench/counters.ts";
import { freshDatabase, type TestDatabase } from "../support/database.ts";
import { multiply } from "../support/multiply.ts";
import { until } from "../support/until.ts";
import { executable, openBrowser } from "./chromium.ts";

const MOST_MS = 100;
const READINGS = 20;
const MOST_SECONDS = 5;
const IDLE_SECONDS = 20;

const wanted = Number(Deno.args[0] ?? 5_000_000);
if (!(wanted >= 10_000)) {
  console.error(`Cannot make ${Deno.args[0]} executions: expected a number of at least 10,000`);
  Deno.exit(2);
}

const FLOWS = [
  {
    name: "order",
    source: "```\nname: order\nindex: [customer]\n```\n" + `const { customer } = Inputs
const price = await Task.run("price", { customer })
console.log("priced")
const { by } = await Signal.next("approval", { timeout: "400d" })
return { price, by }
`,
  },
  { name: "short", source: "return Inputs\n" },
];

/** What real workers make: workflows that wait, and kinds of failures. */
async function fill(rhythm: Rhythm): Promise<void> {
  const waiting = await rhythm.executions.createMany(
    Array.from({ length: 20 }, (_, nth) => ({
      type: "workflow" as const,
      target: "order",
      inputs: { customer: `c${nth}` },
    })),
  );
  for (const kind of ["a", "b", "c", "d", "e"]) await rhythm.tasks.queue("fails", { kind });
  await until(async () => {
    const { executions } = await rhythm.executions.query({ status: ["suspended", "failed"], limit: 100 });
    return executions.length === waiting.length + 5;
  });
  await until(async () => (await rhythm.failures.list()).length === 5);
  await rhythm.schedules.set("nightly", { cron: "0 3 * * *", type: "workflow", target: "short" });
}

/** The millions. No worker may run: it would remove what is older than it has to be kept. */
async function multiplyAll({ sql }: TestDatabase): Promise<void> {
  const one = await sql.reserve();
  try {
    const times = Math.floor(wanted / 250 / 20);
    const over = wanted - 2 * 20 * times - Math.floor(wanted / 50);
    // In time order, as they would have come: 90 days. uuid7() for each of them would take most of the time.
    await one.unsafe(`
      insert into rhythm.execution (id, completed_at, run_at, state, type, target, queue, inputs, output, attempt, fingerprint, error, metadata, version)
      select (lpad(to_hex((extract(epoch from s.at) * 1000)::bigint), 12, '0') || '7' || lpad(to_hex(n % 4096), 3, '0') || '8' || lpad(to_hex(n), 15, '0'))::uuid, s.at + interval '2 seconds', s.at, case when n % 25 = 0 then 2 else 1 end, case when n % 4 = 0 then 'workflow' else 'task' end,
        case when n % 4 = 0 then 'short' else 'task_' || n % 30 end, case when n % 7 = 0 then 'mail' else 'default' end,
        jsonb_build_object('customer', n % 100000, 'note', repeat('x', (n % 200)::integer)), '{"ok": true}', 1,
        case when n % 25 = 0 then 1000 + n % 40 end,
        case when n % 25 = 0 then jsonb_build_object('type', 'TypeError', 'message', 'No customer ' || n) end,
        case when n % 10 = 0 then '{"region": "eu"}'::jsonb end, case when n % 4 = 0 then 1 end
      from (select n, now() - interval '90 days' * (1 - n::float8 / ${over}) as at from generate_series(1, ${over}) as n) as s`);
    await one.unsafe(`
      insert into rhythm.failure (fingerprint, state, type, target, error_type, message, count, first_at, last_at, example_id, versions)
      select e.fingerprint, 'known', max(e.type), max(e.target), 'TypeError', 'No customer #', count(*), min(e.completed_at), max(e.completed_at), (array_agg(e.id))[1], '{}'
      from rhythm.execution as e where e.fingerprint between 1000 and 1039 group by e.fingerprint`);
    await one.unsafe(`
      insert into rhythm.failure_hour (fingerprint, hour, count)
      select f, date_trunc('hour', now()) - h * interval '1 hour', 1 + (f + h) % 90 from generate_series(1000, 1039) as f cross join generate_series(0, 47) as h`);
    await one.unsafe(`
      insert into rhythm.rate (span, at, type, target, queue, completed, failed, cancelled, retried, total_ms, took)
      select p.span, p.at, case when t = 0 then 'workflow' else 'task' end, case when t = 0 then 'short' else 'task_' || t end, 'default', 50, 2, 0, 0, 5000, '{}'
      from (
        select 'hour' as span, date_trunc('hour', now(), 'UTC') - h * interval '1 hour' as at from generate_series(0, 2159) as h
        union all
        select 'minute', date_trunc('minute', now(), 'UTC') - m * interval '1 minute' from generate_series(1, 1439) as m) as p
      cross join generate_series(0, 29) as t on conflict do nothing`);
    await one.unsafe(`
      insert into rhythm.audit_entry (at, by, role, act, kind, target)
      select now() - n * interval '30 seconds', 'ada', 'rhythm_operator', 'pause', 'queue', 'q' || n % 50 from generate_series(1, 200000) as n`);
    await one.unsafe(`
      insert into rhythm.batch (id, first_id, run_at, priority, size, type, queue, target, common, ids)
      select 100000000 + n, rhythm.uuid7(now() - interval '1 hour', n), case when n % 2 = 0 then now() + interval '1 day' end, 0, 1, 'task', 'later', 'task_1', '{"max_attempts": 3}', array[rhythm.uuid7(now() - interval '1 hour', n)]
      from generate_series(1, ${Math.floor(wanted / 50)}) as n`);
    await one.unsafe(`
      update rhythm.batch as b set ids = array[b.first_id] where b.queue = 'later'`);
    await one.unsafe(`
      insert into rhythm.execution (id, batch_id, run_at, state, type, target, queue, inputs)
      select b.first_id, b.id, b.run_at, 0, 'task', b.target, b.queue, '{}' from rhythm.batch as b where b.queue = 'later'`);
    await one.unsafe("select setval(pg_get_serial_sequence('rhythm.batch', 'id'), 200000000)");
    // Each waits, and has a child that is over.
    await multiply(one as never, {
      times,
      stepMs: 60_000,
      where: "e.target in ('order', 'price')",
    });
    await one.unsafe("vacuum analyze");
  } finally {
    one.release();
  }
}

interface Slow {
  readonly ms: number;
  readonly text: string;
}

/** A database that counts its statements. */
function counting(
  database: Database,
): { database: Database; statements: () => number; slowest: () => Slow | undefined } {
  let count = 0;
  let slowest: Slow | undefined;
  const counted = (on: Queryable): Queryable => ({
    query: async (text, params) => {
      count++;
      const began = performance.now();
      try {
        return await on.query(text, params);
      } finally {
        const ms = performance.now() - began;
        if (slowest === undefined || ms > slowest.ms) slowest = { ms, text };
      }
    },
    script: (text) => {
      count++;
      return on.script(text);
    },
  });
  return {
    database: {
      kind: database.kind,
      url: database.url,
      ...counted(database),
      transaction: (work) => database.transaction((tx) => work(counted(tx))),
      listen: (channel, options) => database.listen(channel, options),
      close: () => database.close(),
    } as Database,
    statements: () => count,
    slowest: () => {
      const found = slowest;
      slowest = undefined;
      return found;
    },
  };
}

function percentile(times: readonly number[], share: number): number {
  const sorted = times.toSorted((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.ceil(sorted.length * share) - 1)]!;
}

await using test = await freshDatabase({ leaves: "damage" });
const price = task({ name: "price" }, () => 12);
const fails = task({ name: "fails" }, ({ kind }: { kind: string }) => {
  throw new RangeError(`no ${kind}`);
});
const tasks = [price, fails];
const place = { kind: "server" as const, at: test.url };
const logger = createLogger({ level: "silent" });
const { database, statements, slowest } = counting(
  connect({ url: test.url, maxConnections: 5, applicationName: "dashboard" }),
);
const parts = { place, database, schema: "rhythm", tasks, logger, clock: systemClock, token: "large" };
const rhythm = await assemble(parts, FLOWS);
const worker = rhythm.worker();
const working = worker.run();
const begun = performance.now();
await fill(rhythm);
await worker.stop();
await working;
await multiplyAll(test);
const [{ count }] = await test.sql<[{ count: string }]>`select count(*)::text as count from rhythm.execution`;
console.log(
  `${Number(count).toLocaleString("en")} executions, made in ${
    Math.round((performance.now() - begun) / 1000)
  } s\n`,
);

const headers = { authorization: "Bearer large" };
const ask = async (key: string): Promise<string> => {
  const response = await rhythm.fetch(new Request(`http://127.0.0.1/api/pages/${key}`, { headers }));
  const text = await response.text();
  if (!response.ok) throw new Error(`${key}: ${text}`);
  return text;
};
const idOf = async (where: string): Promise<string> => {
  const [row] = await test.sql.unsafe(
    `select e.id::text as id from rhythm.execution as e where ${where} order by e.id desc limit 1`,
  );
  return row!.id;
};
const [waits, over, failed, middle] = await Promise.all([
  idOf("e.target = 'order'"),
  idOf("e.target = 'task_1' and e.state = 1"),
  idOf("e.fingerprint = 1000"),
  idOf("e.id < (select rhythm.first_id(now() - interval '45 days'))"),
]);
const variables = encodeURIComponent('{"customer":"c7"}');
const metadata = encodeURIComponent('{"region":"eu"}');
const PAGES = [
  "pulse",
  "overview",
  "overview?span=day",
  "overview?span=quarter",
  "executions",
  `executions?cursor=${middle}`,
  "executions?status=failed",
  "executions?status=suspended",
  "executions?status=pending",
  "executions?target=task_1",
  "executions?target=order&status=suspended",
  "executions?target=order&line=7",
  "executions?queue=mail&status=completed",
  "executions?type=workflow&status=failed",
  "executions?fingerprint=1000",
  `executions?target=order&variables=${variables}`,
  `executions?metadata=${metadata}`,
  `executions?parent=${waits}`,
  ...["status", "name", "queue", "version", "error", "line"].map((by) => `groups?by=${by}`),
  "groups?by=line&target=order",
  "groups?by=error&status=failed",
  `executions/${waits}`,
  `executions/${over}`,
  `executions/${failed}`,
  "failures",
  "flows",
  "flows/order",
  "graphs/order",
  "queues",
  "queues/default",
  "schedules",
  "schedules/nightly",
  "workers",
  "signals",
  "operations",
  "audit",
  "tokens",
  "sql",
  "doctor",
  `compare?one=${waits}&other=${waits}`,
];
const widest = Math.max(...PAGES.map((key) => key.length));
// Each as soon as it is known.
function tell([page, ...figures]: readonly [string, ...string[]]): void {
  console.log([page.padEnd(widest), ...figures.map((one) => one.padStart(10))].join("  "));
}
tell(["page", "p50 ms", "p95 ms", "server ms", "bytes", "gzip", "statements"]);
const slow: string[] = [];

/** The processor's time of all sessions of the dashboard so far. */
async function serverSeconds(): Promise<number> {
  const rows = await test.sql<{ pid: number }[]>`
    select pid from pg_stat_activity where datname = current_database() and application_name like 'dashboard%'`;
  return (await Promise.all(rows.map(({ pid }) => readBackendSeconds(pid)))).reduce(
    (sum, one) => sum + one,
    0,
  );
}
for (const key of PAGES) {
  // A plan is made, and what is read lies in memory, as it does on a server that is used.
  await ask(key);
  slowest();
  const [before, worked] = [statements(), await serverSeconds()];
  const times: number[] = [];
  let text = "";
  const last = performance.now() + MOST_SECONDS * 1_000;
  while (times.length < READINGS && (times.length === 0 || performance.now() < last)) {
    const started = performance.now();
    text = await ask(key);
    times.push(performance.now() - started);
  }
  const [p50, p95] = [percentile(times, 0.5), percentile(times, 0.95)];
  if (p95 >= MOST_MS) {
    const { ms, text: statement } = slowest()!;
    slow.push(
      `${key}: ${p95.toFixed(0)} ms; ${ms.toFixed(0)} ms in ${
        statement.replaceAll(/\s+/g, " ").slice(0, 300)
      }`,
    );
  }
  tell([
    key.replace(/[0-9a-f]{8}-[0-9a-f-]{27}/g, "…"),
    p50.toFixed(1),
    p95.toFixed(1),
    ((await serverSeconds() - worked) / times.length * 1000).toFixed(1),
    String(text.length),
    String(gzipSync(text).length),
    String((statements() - before) / times.length),
  ]);
}
if (slow.length > 0) console.log(`\nToo slow:\n${slow.join("\n")}`);

/** What viewers cost while nothing happens: statements, the server's processor, and this one's. */
async function watched(viewers: number): Promise<string> {
  const keys = ["overview", "executions", "failures", "queues", "flows"];
  const gone = new AbortController();
  const streams: Promise<void>[] = [];
  for (let nth = 0; nth < viewers; nth++) {
    const query = `page=pulse&page=${encodeURIComponent(keys[nth % keys.length]!)}`;
    const response = await rhythm.fetch(new Request(`http://127.0.0.1/api/live?${query}`, { headers }));
    streams.push(response.body!.pipeTo(new WritableStream(), { signal: gone.signal }).catch(() => {}));
  }
  // The first looks come quickly.
  await new Promise((done) => setTimeout(done, 6_000));
  const [said, server, own] = [statements(), await serverSeconds(), process.cpuUsage()];
  await new Promise((done) => setTimeout(done, IDLE_SECONDS * 1_000));
  const mine = process.cpuUsage(own);
  const perMinute = (statements() - said) * 60 / IDLE_SECONDS;
  const serverShare = (await serverSeconds() - server) / IDLE_SECONDS * 100;
  const ownShare = (mine.user + mine.system) / 1e6 / IDLE_SECONDS * 100;
  gone.abort();
  await Promise.all(streams);
  return `${viewers} viewers: ${perMinute.toFixed(0)} statements a minute; ${
    serverShare.toFixed(2)
  } % of a core of the server, ${ownShare.toFixed(2)} % of this process`;
}
console.log("");
for (const viewers of [1, 10]) console.log(await watched(viewers));

if (executable !== undefined) {
  const server = Deno.serve(
    { port: 0, hostname: "127.0.0.1", onListen: () => {} },
    (request) => rhythm.fetch(request),
  );
  const url = `http://127.0.0.1:${server.addr.port}`;
  const browser = await openBrowser();
  const page = await (await browser.newContext({ viewport: { width: 1280, height: 800 } })).newPage();
  await page.goto(url);
  await page.getByLabel("Token").fill("large");
  await page.getByRole("button", { name: "Log in" }).click();
  await page.getByRole("heading", { name: "Overview" }).waitFor();
  console.log("\nuntil the content is there, in Chromium, ms");
  for (
    const path of [
      "",
      "executions",
      `executions/${waits}`,
      "failures",
      "flows",
      "flows/order",
      "queues",
      "signals",
    ]
  ) {
    const times: number[] = [];
    for (let nth = 0; nth < 5; nth++) {
      const started = performance.now();
      await page.goto(`${url}/${path}`, { waitUntil: "commit" });
      await page.locator("main h1").waitFor();
      await page.locator("main [aria-busy]").waitFor({ state: "detached" });
      times.push(performance.now() - started);
    }
    console.log(
      `  ${(path === "" ? "overview" : path.replace(waits, "…")).padEnd(16)} ${
        percentile(times, 0.5).toFixed(0).padStart(5)
      }`,
    );
  }
  await browser.close();
  await server.shutdown();
}
await rhythm.close();
console.log(
  slow.length === 0 ? `\nEvery page keeps below ${MOST_MS} ms` : `\n${slow.length} pages are too slow`,
);
Deno.exitCode = slow.length === 0 ? 0 : 1;

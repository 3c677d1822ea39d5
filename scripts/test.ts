/**
 * Runs the tests on a private Postgres that is gone afterwards.
 *
 *     deno task test                       everything, on the Postgres of this machine, else a native one from npm; the files of
 *                                          tests that failed run once more: see {@linkcode tryAgain}
 *     deno task test --pg 13               … on that version (13 to 18), or --pg pglite
 *     deno task test tests/db              only what is in there; other arguments go to `deno test`
 *     deno task test --long                more cases where a test covers only a sample
 *     deno task test --pooler tests/app    … through PgBouncer in transaction mode
 *     deno task test --twice tests/db      failed files run once more here, too
 *
 * RHYTHM_TEST_DATABASE_URL names a server to use instead; its databases `rhythm_test_…` are ours.
 * As many files run at once as the machine has cores; DENO_JOBS says another number.
 * RHYTHM_TEST_BINARIES=npm passes over the Postgres of this machine.
 *
 * @module
 */
import postgres from "postgres";
import { type Failure, failuresOf } from "../tests/support/failures.ts";
import { supportedVersions } from "../tests/support/binaries.ts";
import { type Cluster, findBinaries, startCluster } from "../tests/support/cluster.ts";

const isLong = Deno.args.includes("--long");
const { pg, rest } = readArguments(
  Deno.args.filter((arg) => !["--long", "--twice", "--pooler"].includes(arg)),
);
const isWhole = rest.every((arg) => arg.startsWith("-"));
const isTwice = isWhole || Deno.args.includes("--twice");
const run = `${Deno.pid}_${Date.now().toString(36)}`;
// deno-lint-ignore no-control-regex
const ansi = /\u001b\[[0-9;]*m/g;
let cluster: Cluster | undefined;
let child: Deno.ChildProcess | undefined;
let interrupted: number | undefined;
const journal = await Deno.makeTempFile({ prefix: "rhythm_test_" });
/** They begin first: begun last, they would leave all cores but one idle. */
const longest = [
  "simulation/simulation",
  "sql/run",
  "examples/docs",
  "bench",
  "steps/crash",
  "sql/arguments",
  "examples/examples",
  "examples/embedded",
  "cli/dev",
  "costs/plans",
].map((name) => `tests/${name}_test.ts`);
/** More files than these do not fail by chance. */
const mostAgain = 5;
/** A run in which nothing has begun or ended for so long stands still. */
const patience = 8 * 60_000;

for (const [signal, code] of [["SIGINT", 130], ["SIGTERM", 143]] as const) {
  Deno.addSignalListener(signal, () => {
    interrupted ??= code;
    // Ctrl-C reaches the child by itself, a plain kill does not: a second signal does no harm.
    try {
      child?.kill(signal);
    } catch { /* it is gone already */ }
  });
}

const env: Record<string, string> = {
  RHYTHM_TEST_RUN: run,
  RHYTHM_TEST_PG: pg ?? "",
  RHYTHM_TEST_JOURNAL: journal,
  ...(isLong ? { RHYTHM_TEST_LONG: "yes" } : {}),
  ...(Deno.args.includes("--pooler") ? { RHYTHM_TEST_POOLER: "transaction" } : {}),
};
const given = Deno.env.get("RHYTHM_TEST_DATABASE_URL");
let code = 1;
try {
  if (pg === "pglite") {
    console.log("Postgres: PGlite, embedded");
  } else if (given && pg === undefined) {
    env.RHYTHM_TEST_DATABASE_URL = given;
    await sweep(given);
    console.log("Postgres: the server of RHYTHM_TEST_DATABASE_URL");
  } else {
    const binaries = await findBinaries(pg === undefined ? undefined : Number(pg));
    if (binaries === undefined && pg !== undefined) {
      console.error(`No Postgres ${pg} on this machine, and npm has none for this platform`);
      Deno.exit(1);
    }
    if (binaries === undefined) {
      env.RHYTHM_TEST_PG = "pglite";
      console.log("Postgres: PGlite, embedded (found no server, and npm has none for this platform)");
    } else {
      cluster = await startCluster(binaries);
      env.RHYTHM_TEST_DATABASE_URL = cluster.url;
      env.RHYTHM_TEST_CRON = cluster.cron ? "yes" : "";
      console.log(
        `Postgres: ${cluster.version}${cluster.cron ? " with pg_cron" : ""}, private, port ${cluster.port}`,
      );
    }
  }
  if (interrupted === undefined) {
    code = await test(async () => (await cluster?.crashes())?.slice(0, 20) ?? []);
  }
} finally {
  if (given && pg === undefined) await drop(given, `rhythm_test_${run}`);
  await cluster?.stop();
  await Deno.remove(journal);
}
Deno.exit(interrupted ?? code);

interface Outcome {
  code: number;
  passed: number;
  failed: number;
  ignored: number;
  /** What failed, if the run came to its end. */
  failures: Failure[];
}

/** Runs the tests, and says at last how many passed. */
async function test(crashes: () => Promise<string[]>): Promise<number> {
  const all = isWhole ? [...rest, ...longest, "tests/"] : rest;
  let outcome = await runTests(all);
  const crashed = outcome.code === 0 ? [] : await crashes();
  for (const line of crashed) console.log(`FAILED: the server says: ${line}`);
  if (isTwice && interrupted === undefined && crashed.length === 0) outcome = await tryAgain(outcome);
  const { code, passed, failed, ignored } = outcome;
  console.log(`${passed} passed, ${failed} failed${ignored > 0 ? `, ${ignored} skipped` : ""}`);
  return code;
}

/**
 * Runs the files of tests that failed once more, one after another. What passes then is named as `UNSTEADY`, which is a
 * fault to trace, but it does not fail the run.
 */
async function tryAgain(first: Outcome): Promise<Outcome> {
  const files = [...new Set(first.failures.map(({ file }) => file))];
  if (files.length === 0 || files.length > mostAgain || !files.every((file) => file.endsWith("_test.ts"))) {
    return first;
  }
  console.log(`\nOnce more: ${files.join(", ")}`);
  const second = await runTests([...rest.filter((arg) => arg.startsWith("-")), ...files], "1");
  const still = new Set(second.failures.map(({ file }) => file));
  if (second.code !== 0 && still.size === 0) return first;
  for (const { file, test, error } of first.failures) {
    if (!still.has(file)) console.log(`UNSTEADY: ${file} => ${test}: ${error}`);
  }
  const failed = second.failed;
  return { ...first, code: second.code, failed, passed: first.passed + Math.max(first.failed - failed, 0) };
}

/** Runs `deno test`, passing on what it prints. */
async function runTests(what: string[], jobs?: string): Promise<Outcome> {
  const args = [
    "test",
    "-A",
    // Types are checked by `deno task check`.
    "--no-check",
    `--config=${new URL("../tests/deno.json", import.meta.url).pathname}`,
    "--no-prompt",
    "--parallel",
    `--preload=${new URL("../tests/support/limits.ts", import.meta.url).pathname}`,
    ...what,
  ];
  child = new Deno.Command(Deno.execPath(), {
    args,
    env: jobs === undefined ? env : { ...env, DENO_JOBS: jobs },
    stdout: "piped",
    stderr: "inherit",
  }).spawn();
  endWithUs(child.pid);
  const watch = setInterval(giveUpWhenStill, 15_000);
  const decoder = new TextDecoder();
  let text = "";
  for await (const chunk of child.stdout) {
    await Deno.stdout.write(chunk);
    text += decoder.decode(chunk, { stream: true });
  }
  const { code } = await child.status;
  clearInterval(watch);
  text = text.replaceAll(ansi, "");
  const summary = text.split("\n").findLast((line) => /\| \d+ passed/.test(line)) ?? "";
  const count = (key: string): number => Number(new RegExp(`(\\d+) ${key}`).exec(summary)?.[1] ?? 0);
  return {
    code,
    passed: summary === "" ? tellWhereItStood() : count("passed"),
    failed: code === 0 ? 0 : Math.max(count("failed"), 1),
    ignored: count("ignored"),
    failures: summary === "" ? [] : failuresOf(text),
  };
}

function giveUpWhenStill(): void {
  if (Date.now() - (Deno.statSync(journal).mtime?.getTime() ?? 0) < patience) return;
  console.log(`No test has begun or ended for ${patience / 60_000} minutes`);
  child?.kill("SIGKILL");
}

/** Names the tests that a stopped run was in, and counts those that had ended. */
function tellWhereItStood(): number {
  const running = new Map<string, string>();
  let ended = 0;
  for (const line of Deno.readTextFileSync(journal).split("\n")) {
    const [what, file, number, at] = line.split("\t");
    if (file === undefined) continue;
    running.delete(file);
    if (what === "end") ended++;
    else running.set(file, `test ${number}, begun ${Math.round((Date.now() - Number(at)) / 1000)} s ago`);
  }
  for (const [file, which] of running) {
    console.log(`FAILED: stopped in ${file.replace(/^.*\/tests\//, "tests/")}, ${which}`);
  }
  return ended;
}

/** Ends the tests once this process is gone, also when it was killed: a shell of its own looks every half second. */
function endWithUs(pid: number): void {
  const script = `trap '' INT HUP TERM
    while kill -0 ${Deno.pid} && kill -0 ${pid}; do sleep 0.5; done
    kill -0 ${Deno.pid} || { kill -9 ${pid}; rm -f '${journal}'; }`;
  new Deno.Command("sh", { args: ["-c", `(${script}) >/dev/null 2>&1 </dev/null &`] }).outputSync();
}

function readArguments(args: string[]): { pg?: string; rest: string[] } {
  const rest = [...args];
  const at = rest.findIndex((arg) => arg === "--pg" || arg.startsWith("--pg="));
  if (at < 0) return { rest };
  const [flag, value] = rest[at]!.split("=", 2);
  const pg = value ?? rest[at + 1];
  rest.splice(at, flag === rest[at] ? 2 : 1);
  if (pg !== "pglite" && !supportedVersions.includes(Number(pg))) {
    console.error(`--pg ${pg ?? ""}: expected one of ${supportedVersions.join(", ")}, pglite`);
    Deno.exit(2);
  }
  return { pg, rest };
}

/** Drops what runs that were killed left on a server that is not ours alone: over an hour old and nobody connected. */
async function sweep(url: string): Promise<void> {
  const sql = postgres(url, { max: 1, onnotice: () => {} });
  const rows = await sql<{ datname: string }[]>`
    select d.datname from pg_database as d
    where d.datname like 'rhythm\\_test\\_%'
      and not exists (select from pg_stat_activity as a where a.datname = d.datname)`;
  for (const { datname } of rows) {
    const started = parseInt(/^rhythm_test_\d+_([0-9a-z]+)/.exec(datname)?.[1] ?? "", 36);
    if (Date.now() - started > 3_600_000) await sql.unsafe(`drop database if exists "${datname}"`);
  }
  await sql.end();
}

async function drop(url: string, prefix: string): Promise<void> {
  const sql = postgres(url, { max: 1, onnotice: () => {} });
  const rows = await sql<
    { datname: string }[]
  >`select datname from pg_database where starts_with(datname, ${prefix})`;
  for (const { datname } of rows) await sql.unsafe(`drop database if exists "${datname}" with (force)`);
  await sql.end();
}

import { systemClock } from "../../runtime/clock.ts";
import { EngineError } from "../../db/engine_errors.ts";
import { libraryVersion, schemaFiles } from "../../db/schema_gen.ts";
import { ask } from "../../db/calls/engine_ref.ts";
import { homeProblem } from "../../db/calls/home.ts";
import { count, tellDuration } from "../../shared/tell.ts";
import { type Examination, type Finding, ok, problem, skipped, warning, whoTicks } from "./finding.ts";

const OLDEST = 13;
const SLOW_MS = 20;

/** Whether it answers, how fast, and whether it is new enough. */
export const connection: Examination = async ({ on, kind }) => {
  const [row] = await on.query<{ version: string; number: number; who: string; name: string }>(
    `select current_setting('server_version') as version, current_setting('server_version_num')::int as number,
      current_user::text as who, current_database()::text as name`,
  );
  const began = systemClock.monotonic();
  for (let index = 0; index < 5; index++) await on.query("select 1 as one");
  const ms = (systemClock.monotonic() - began) / 5;
  const { version, number, who, name } = row!;
  const what = `Postgres ${version}${
    kind === "embedded" ? ", embedded" : ""
  }, database "${name}" as "${who}"`;
  const found = number >= OLDEST * 10_000
    ? ok("connection", `${what}, ${ms.toFixed(1)} ms a round trip`)
    : problem("connection", `${what} is too old`, `move to Postgres ${OLDEST} or newer`);
  const findings = [found];
  if (ms > SLOW_MS) {
    const fix = "run workers near the database: each step of a workflow costs a few round trips";
    findings.push(warning("connection", `a round trip takes ${ms.toFixed(0)} ms`, fix));
  }
  const pooled = "it goes through a pooler in transaction mode";
  if (on.pooler === "hears") findings.push(ok("connection", `${pooled}; notifications come another way`));
  if (on.pooler === "deaf") {
    const fix = "set RHYTHM_LISTEN_DATABASE_URL to an address without the pooler";
    findings.push(
      warning(
        "connection",
        `${pooled}, which passes on no notifications: idle workers ask once a second`,
        fix,
      ),
    );
  }
  return findings;
};

/** Whether the schema is there and up to date, and what was left out when it was installed. */
export const schema: Examination = async ({ engine, on, schema }) => {
  const [there] = await on.query<{ there: boolean }>(
    `select exists (
      select from pg_class as c join pg_namespace as n on n.oid = c.relnamespace
      where n.nspname = $1::text and c.relname = 'installation'
    ) as there`,
    [schema],
  );
  if (!there!.there) {
    return [
      problem(
        "schema",
        `Rhythm is not installed in schema "${schema}"`,
        "run `rhythm migrate`, or name another with --schema",
      ),
    ];
  }
  const rows = await ask<{ file: string; checksum: string; version: string }>(
    engine,
    "select i.file, i.checksum, i.library_version as version from rhythm.installation as i",
  );
  const notes = await ask<{ note: string }>(
    engine,
    "select n.note from rhythm.installation_note as n order by n.note",
  );
  return [
    versionOf(rows, schema),
    ...notes.map(({ note }) => warning("schema", "something was left out", note)),
  ];
};

function versionOf(rows: { file: string; checksum: string; version: string }[], schema: string): Finding {
  const installed = new Map(rows.map((row) => [row.file, row.checksum]));
  const known = new Set(schemaFiles.map((file) => file.name));
  const behind = schemaFiles.filter((file) => installed.get(file.name) !== file.checksum);
  const ahead = rows.filter((row) => !known.has(row.file));
  const version = rows.map((row) => row.version).sort().at(-1) ?? "?";
  if (behind.length === 0 && ahead.length === 0) {
    return ok("schema", `schema "${schema}" is at ${version}, up to date`);
  }
  if (ahead.length > 0 && version !== libraryVersion) {
    return warning(
      "schema",
      `schema "${schema}" is at ${version}, this is rhythm ${libraryVersion}`,
      "upgrade this command to the version of the schema",
    );
  }
  return problem(
    "schema",
    `schema "${schema}" is at ${version} and not up to date: ${
      count(behind.length, "file differs", "files differ")
    }`,
    "run `rhythm migrate` as the owner of the schema",
  );
}

/** What this role may do. */
export const rights: Examination = async ({ engine, on, schema }) => {
  const [row] = await on.query<Record<"usage" | "owner", boolean>>(
    `select has_schema_privilege(n.oid, 'usage') as usage, pg_has_role(n.nspowner, 'usage') as owner
    from pg_namespace as n where n.nspname = $1::text`,
    [schema],
  );
  if (row === undefined) return [];
  if (!row.usage) {
    return [
      problem(
        "rights",
        `this role may not use schema "${schema}"`,
        "as the owner: grant rhythm_client (or rhythm_viewer, rhythm_worker, rhythm_operator, rhythm_deployer) to it",
      ),
    ];
  }
  if (row.owner) return [ok("rights", "this role owns the schema: it may do everything")];
  const [may] = await ask<Record<"start" | "work" | "steer" | "deploy", boolean>>(
    engine,
    `select
      bool_or(p.proname = 'create_many' and has_function_privilege(p.oid, 'execute')) as start,
      bool_or(p.proname = 'register_worker' and has_function_privilege(p.oid, 'execute')) as work,
      bool_or(p.proname = 'retry' and has_function_privilege(p.oid, 'execute')) as steer,
      bool_or(p.proname = 'register_flow' and has_function_privilege(p.oid, 'execute')) as deploy
    from pg_catalog.pg_proc as p where p.pronamespace = :'schema'::regnamespace`,
  );
  const more = [
    ...(may!.start ? ["start, signal and cancel"] : []),
    ...(may!.work ? ["work"] : []),
    ...(may!.steer ? ["retry and pause"] : []),
    ...(may!.deploy ? ["register flows and tasks"] : []),
  ];
  return [ok("rights", `this role may read${more.length === 0 ? " only" : `, ${more.join(", ")}`}`)];
};

/** Whether this database is the one that the installation belongs to. */
export const home: Examination = async ({ engine }) => {
  const found = await homeProblem(engine);
  if (found === null) return [ok("home", "this database is no copy of another one")];
  return [
    problem(
      "home",
      `${found}. Nothing runs`,
      "pause or cancel what must not go on, then run `rhythm adopt`",
    ),
  ];
};

/** Who lets time pass: pg_cron, or workers. */
export const clock: Examination = async ({ engine, kind, schema }) => {
  const found: Finding[] = kind === "embedded" ? [] : [await cron(engine)];
  try {
    const [row] = await ask<{ age: number | null }>(
      engine,
      `select extract(epoch from rhythm.now() - s.value::timestamptz)::float8 as age
      from rhythm.setting as s where s.name = 'chored_at'`,
    );
    found.push(tickAge(row?.age ?? null, whoTicks({ kind, schema })));
  } catch (error) {
    found.push(skipped("tick", `when tick() ran last is the owner's to see (${(error as Error).message})`));
  }
  return found;
};

async function cron(engine: Parameters<Examination>[0]["engine"]): Promise<Finding> {
  try {
    const [row] = await ask<{ version: string; job: string }>(
      engine,
      "select rhythm.find_cron() as version, rhythm.cron_job_name() as job",
    );
    const [job] = await engine.on.query<{ active: boolean; schedule: string }>(
      "select j.active, j.schedule from cron.job as j where j.jobname = $1::text",
      [row!.job],
    );
    if (job?.active) return ok("pg_cron", `pg_cron ${row!.version} runs tick() (${job.schedule})`);
    const fix =
      "as the owner: select rhythm.install_cron() — timers and schedules then go on with no worker alive";
    return warning(
      "pg_cron",
      `pg_cron ${row!.version} is there and does not run tick()`,
      fix.replace("rhythm.", `${engine.schema}.`),
    );
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    const isHidden = error instanceof EngineError && error.code === "42501";
    if (isHidden) return skipped("pg_cron", `whether it ticks is the owner's to see (${message})`);
    return ok("pg_cron", `not used: ${message.replace(/\.$/, "")}`);
  }
}

function tickAge(seconds: number | null, fix: string): Finding {
  if (seconds === null) {
    return warning("tick", "tick() has never run: nothing moves timers, delays and schedules", fix);
  }
  const told = tellDuration(seconds * 1_000);
  return seconds < 30
    ? ok("tick", `tick() ran ${told} ago`)
    : problem("tick", `tick() ran ${told} ago: timers, delays and schedules stand still`, fix);
}

import { systemClock } from "../../runtime/clock.ts";
import { ask } from "../../db/calls/engine_ref.ts";
import { listDepths } from "../../db/calls/queues.ts";
import { listSchedules } from "../../db/calls/schedules.ts";
import { readViolations, readWorkers } from "../../db/calls/state.ts";
import { count, tellCount, tellDuration } from "../../shared/tell.ts";
import { type Examination, type Finding, ok, problem, warning, whoTicks } from "./finding.ts";

const LAG_S = 60;
const MOST = 5;
const MOST_FAILURES = 5_000;

/** Whether queues are worked off. */
export const queues: Examination = async ({ engine }) => {
  const found: Finding[] = [];
  const all = await listDepths(engine);
  for (const { queue, ready, oldestSeconds, workers, paused } of all) {
    const lag = oldestSeconds ?? 0;
    if (ready === 0 || lag < LAG_S) continue;
    const what = `queue "${queue}": ${tellCount(ready)} ready, the oldest for ${tellDuration(lag * 1_000)}`;
    if (paused) found.push(warning("queues", `${what}; it is paused`, `\`rhythm queues resume ${queue}\``));
    else if (workers === 0) {
      found.push(
        problem(
          "queues",
          `${what}; no worker takes from it`,
          `start one: \`rhythm worker --queues ${queue}\``,
        ),
      );
    } else {
      const fix =
        `more workers or a higher --concurrency; \`rhythm list -q ${queue} -s pending\` shows whether a task has no handler, \`rhythm queues\` whether a limit holds it`;
      found.push(warning("queues", `${what}, with ${count(workers, "worker")}`, fix));
    }
  }
  const ready = all.reduce((sum, queue) => sum + queue.ready, 0);
  return found.length > 0
    ? found
    : [ok("queues", `${count(all.length, "queue")}, ${tellCount(ready)} ready, none older than a minute`)];
};

/** Whether workers send heartbeats. */
export const workers: Examination = async ({ engine }) => {
  const all = await readWorkers(engine);
  const now = new Date(systemClock.now());
  const lost = all.filter((worker) => worker.leaseUntil < now);
  const alive = all.length - lost.length;
  const found = lost.map(({ name, beatAt, running }) =>
    problem(
      "workers",
      `worker "${name}" was heard ${tellDuration(now.getTime() - beatAt.getTime())} ago, with ${
        tellCount(running)
      } in flight`,
      "its work goes back as soon as something ticks; find out why its process died or hangs",
    )
  );
  if (alive > 0) return [ok("workers", `${count(alive, "worker")} alive`), ...found];
  return [
    ...found,
    warning("workers", "no worker is alive: nothing runs", "`rhythm worker` or `rhythm dev` runs one"),
  ];
};

/** Whether schedules fire. */
export const schedules: Examination = async ({ engine, kind, schema }) => {
  const all = await listSchedules(engine);
  const found: Finding[] = [];
  for (const { name, lastError, nextRunAt } of all) {
    if (lastError !== null) {
      const told = (lastError as { message?: string }).message ?? JSON.stringify(lastError);
      found.push(
        problem(
          "schedules",
          `schedule "${name}" could not start its last run: ${told}`,
          "`rhythm schedules set` with what it should be",
        ),
      );
    }
    const lateMs = nextRunAt === null ? 0 : systemClock.now() - nextRunAt.getTime();
    if (lateMs > LAG_S * 1_000) {
      found.push(
        problem(
          "schedules",
          `schedule "${name}" is ${tellDuration(lateMs)} late`,
          whoTicks({ kind, schema }),
        ),
      );
    }
  }
  return found.length > 0
    ? found
    : [ok("schedules", all.length === 0 ? "none" : `${count(all.length, "schedule")}, none late`)];
};

/** What the engine's own `check()` finds. */
export const soundness: Examination = async ({ engine }) => {
  const violations = await readViolations(engine);
  if (violations.length === 0) {
    return [ok("check()", "every execution that is not over has a reason to move on")];
  }
  const shown = violations.slice(0, MOST).map((one) =>
    problem(
      "check()",
      `execution ${one.executionId}: ${one.violation}`,
      "please report it, with `rhythm show` of this execution",
    )
  );
  const more = violations.length - shown.length;
  return more <= 0
    ? shown
    : [...shown, problem("check()", `… and ${more} more`, "`select * from rhythm.check()` lists them")];
};

/** What failed lately. */
export const failures: Examination = async ({ engine }) => {
  const rows = await ask<{ target: string; failed: number }>(
    engine,
    `select f.target, count(*)::int as failed
    from (
      select e.target from rhythm.executions as e
      where e.id >= (select rhythm.first_id(rhythm.now() - interval '1 day')) and e.fingerprint is not null
      order by e.id desc limit ${MOST_FAILURES}
    ) as f
    group by f.target order by 2 desc limit ${MOST}`,
  );
  if (rows.length === 0) return [ok("failures", "nothing that was started within a day has failed")];
  const told = rows.map(({ target, failed }) => `${target} ${tellCount(failed)}`).join(", ");
  const all = rows.reduce((sum, { failed }) => sum + failed, 0);
  const among = all < MOST_FAILURES ? "" : `, of the newest ${tellCount(MOST_FAILURES)}`;
  return [
    warning(
      "failures",
      `failed within a day: ${told}${among}`,
      "`rhythm list -s failed --after 1d`, then `rhythm show` and `rhythm retry`",
    ),
  ];
};

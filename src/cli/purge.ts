import { agreed } from "./agreed.ts";
import { ask, type EngineRef, intervalText } from "../db/calls/engine_ref.ts";
import { durationMs } from "../shared/duration.ts";
import type { Call } from "./command.ts";
import { EXIT } from "./exit_codes.ts";
import { count, tellCount, tellTime } from "./format.ts";
import { openSession } from "./session.ts";
import { bar, Spinner } from "./spinner.ts";
import { table } from "./table.ts";

const BATCH = 1_000;

/** What `rhythm purge` takes. */
export interface PurgeFlags {
  olderThan?: string;
  dryRun?: boolean;
  yes?: boolean;
}

interface Group {
  target: string;
  status: string;
  executions: number;
  oldest: Date;
  newest: Date;
}

/** Removes executions that ended long ago: first it shows which, then it asks. */
export async function purge(call: Call<PurgeFlags>): Promise<number> {
  const { terminal, options } = call;
  const { olderThan } = options;
  const age = olderThan === undefined ? null : intervalText(durationMs(olderThan));
  await using session = await openSession(options);
  const groups = await preview(session.engine, age);
  const total = groups.reduce((sum, group) => sum + group.executions, 0);
  if (call.json && options.dryRun) return tell(call, { groups, total, removed: 0 });
  if (!call.json) show(groups, total, call);
  if (options.dryRun || total === 0) return call.json ? tell(call, { groups, total, removed: 0 }) : EXIT.ok;
  if (!options.yes && !await mayRemove(total, call)) {
    terminal.say("nothing was removed");
    return EXIT.no;
  }
  let removed = 0;
  {
    const text = (): string => `${bar(removed / total)} ${tellCount(removed)} of ${tellCount(total)} removed`;
    using _spinner = new Spinner(terminal, text).start();
    const { signal } = call;
    for (let batch = -1; batch !== 0; removed += batch) {
      signal.throwIfAborted();
      batch = await removeSome(session.engine, age);
    }
  }
  if (call.json) return tell(call, { groups, total, removed });
  terminal.print(`${count(removed, "execution")} removed`);
  return EXIT.ok;
}

async function removeSome(engine: EngineRef, age: string | null): Promise<number> {
  const [row] = await ask<{ removed: number }>(
    engine,
    `select rhythm.purge($1::text::interval, ${BATCH}) as removed`,
    [age],
  );
  return row!.removed;
}

// What purge() would remove: executions that ended before, if all their parents are removed, too.
async function preview(engine: EngineRef, age: string | null): Promise<Group[]> {
  return await ask<Group>(
    engine,
    `with recursive bound as (
      select rhythm.now() - coalesce($1::text::interval, rhythm.setting('retention')::interval) as at
    ),
    old as (
      select e.id, e.parent_id, e.target, e.status, e.created_at, e.completed_at
      from rhythm.executions as e, bound as b
      where e.id < rhythm.first_id(b.at) and e.completed_at < b.at
    ),
    going as (
      select o.* from old as o
      where o.parent_id is null or not exists (select from rhythm.executions as p where p.id = o.parent_id)
      union all
      select o.* from old as o join going as g on o.parent_id = g.id
    )
    select g.target, g.status, count(*)::int as executions, min(g.completed_at) as oldest, max(g.completed_at) as newest
    from going as g group by g.target, g.status order by 3 desc, 1, 2`,
    [age],
  );
}

function show(groups: readonly Group[], total: number, call: Call): void {
  const { terminal } = call;
  if (total === 0) return terminal.print("no execution ended that long ago");
  const rows = groups.map((group) => [
    group.target,
    group.status,
    tellCount(group.executions),
    tellTime(group.oldest),
    tellTime(group.newest),
  ]);
  terminal.print(
    table(
      rows,
      { head: ["target", "status", "executions", "first ended", "last ended"], right: [2], flexible: [0] },
      terminal,
    ),
  );
  terminal.print(`${count(total, "execution")} in all, with their logs, signals and timers`);
}

async function mayRemove(total: number, call: Call): Promise<boolean> {
  const hint = "--yes removes without asking, --dry-run only shows";
  return await agreed(call, { who: "purge", question: `Remove ${count(total, "execution")}?`, hint });
}

function tell(call: Call, told: { groups: Group[]; total: number; removed: number }): number {
  call.terminal.print(JSON.stringify(told));
  return EXIT.ok;
}

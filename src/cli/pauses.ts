import { pause, resume } from "../client/pauses.ts";
import { listPauses, type Pausable } from "../db/calls/pauses.ts";
import { CliError } from "./cli_error.ts";
import type { Call } from "./command.ts";
import { EXIT } from "./exit_codes.ts";
import { tellTime } from "./format.ts";
import { warnOfOddNames } from "./odd_names.ts";
import { openSession, type Session } from "./session.ts";
import { wholeId } from "./short_id.ts";
import { table } from "./table.ts";

/** What to pause or resume, as flags say it. */
export interface PauseFlags {
  task?: string;
  flow?: string;
  queue?: string;
  key?: string;
  everything?: boolean;
  reason?: string;
}

/** Pauses or resumes what was named, and tells of each. */
export async function changePauses(call: Call<PauseFlags>, verb: "pause" | "resume"): Promise<number> {
  const { options, terminal, json } = call;
  if (options.key !== undefined && options.queue === undefined) {
    throw new CliError("--key needs --queue", { hint: "a concurrency key belongs to a queue" });
  }
  await using session = await openSession(call.options);
  const named = await namedBy(call, session);
  if (named.length === 0) {
    if (verb === "pause") return await list(call, session);
    throw new CliError("nothing was named to resume", { hint: "`rhythm pause` lists what is paused" });
  }
  if (verb === "pause") {
    const { queue, key, task } = options;
    await warnOfOddNames(session, call, { queue, key, task });
  }
  const told: object[] = [];
  let all = true;
  try {
    for (const what of named) {
      const changed = verb === "pause"
        ? await pause(session.core, what, { reason: options.reason }, "rhythm pause")
        : await resume(session.core, what);
      all &&= changed;
      told.push({ ...what, changed });
      if (!json) terminal.print(`${nameOf(what)} ${outcomeOf(verb, changed)}`);
    }
  } finally {
    if (json && told.length > 0) terminal.print(JSON.stringify(told));
  }
  return all ? EXIT.ok : EXIT.no;
}

function outcomeOf(verb: "pause" | "resume", changed: boolean): string {
  if (verb === "pause") return changed ? "is paused" : "is paused already, or is over";
  return changed ? "goes on" : "was not paused";
}

function nameOf(what: Pausable): string {
  switch (what.kind) {
    case "everything":
      return "everything";
    case "execution":
      return what.name;
    case "key":
      return `key "${what.key}" of queue "${what.name}"`;
    default:
      return `${what.kind} "${what.name}"`;
  }
}

async function namedBy({ args, options }: Call<PauseFlags>, session: Session): Promise<Pausable[]> {
  const { task, flow, queue, key } = options;
  const named: Pausable[] = [];
  for (const arg of new Set(args)) named.push({ kind: "execution", name: await wholeId(session, arg) });
  if (task !== undefined) named.push({ kind: "task", name: task });
  if (flow !== undefined) named.push({ kind: "flow", name: flow });
  if (queue !== undefined) {
    named.push(key === undefined ? { kind: "queue", name: queue } : { kind: "key", name: queue, key });
  }
  if (options.everything) named.push({ kind: "everything" });
  return named;
}

async function list({ json, terminal }: Call<PauseFlags>, session: Session): Promise<number> {
  const pauses = await session.core.retried(() => listPauses(session.engine));
  if (json) {
    terminal.print(JSON.stringify({ pauses }));
  } else if (pauses.length === 0) {
    terminal.say("nothing is paused");
  } else {
    const rows = pauses.map(({ kind, name, key, pausedAt, pausedBy, reason }) => [
      kind === "workflow" ? "flow" : kind,
      [name, key].filter((one) => one !== null).join(" "),
      tellTime(pausedAt),
      pausedBy ?? "",
      reason ?? "",
    ]);
    const head = ["paused", "name", "since", "by", "why"];
    terminal.print(table(rows, { head, flexible: [4, 1] }, terminal));
  }
  return EXIT.ok;
}

import { systemClock } from "../runtime/clock.ts";
import type { ExecutionFilter, ExecutionPage } from "../define/mod.ts";
import type { Call } from "./command.ts";
import { type FilterFlags, filterOf } from "./filter.ts";
import { glyph, stateStyle, tellDuration, tellTime } from "./format.ts";
import { asTyped } from "./how_to_type.ts";
import { openSession, type Session } from "./session.ts";
import { shortId, wholeId } from "./short_id.ts";
import { pause } from "./pause.ts";
import { Redraw } from "./redraw.ts";
import { type Listed, listedStep, stepsUnder, type StepView } from "./steps.ts";
import { table } from "./table.ts";
import type { Terminal } from "./terminal.ts";

const LOOK_EVERY_MS = 1_000;

/** Lists executions; with `--watch` again and again. */
export async function listExecutions(call: Call<FilterFlags & { watch?: boolean }>): Promise<void> {
  const given = await filterOf(call.options);
  await using session = await openSession(call.options);
  const filter = await withWholeIds(session, given);
  const page = await session.executions.query(filter);
  if (!call.options.watch) return print({ ...page, steps: await stepsUnder(session, filter) }, call);
  const watcher = call.terminal.isTerminal && !call.json ? new Screen(call) : new Changes(call);
  watcher.show(page);
  while (await pause(LOOK_EVERY_MS, call.signal)) watcher.show(await session.executions.query(filter));
}

async function withWholeIds(session: Session, filter: ExecutionFilter): Promise<ExecutionFilter> {
  const { parent, cursor } = filter;
  return {
    ...filter,
    ...(typeof parent === "string" ? { parent: await wholeId(session, parent) } : {}),
    ...(cursor === undefined ? {} : { cursor: await wholeId(session, cursor) }),
  };
}

function print(
  page: ExecutionPage & { steps: readonly StepView[] | undefined },
  call: Call<FilterFlags>,
): void {
  const { terminal } = call;
  if (call.json) return terminal.print(JSON.stringify(page));
  const listed = [...page.executions, ...(page.steps ?? []).map(listedStep)]
    .sort((a, b) => b.createdAt.getTime() - a.createdAt.getTime());
  if (listed.length === 0) {
    return terminal.say(isNarrowed(call.options) ? "no executions match" : asTyped(NONE));
  }
  terminal.print(render(listed, terminal));
  if (page.cursor !== null) {
    terminal.say(terminal.paintError("quiet", `there are more: add --cursor ${page.cursor}`));
  }
}

const NONE = "there are no executions yet: `rhythm start` and `rhythm queue` make one";

/** Whether it was said which executions, beyond how many. */
function isNarrowed(
  { limit: _, type, target, status, queue, parent, fingerprint, variable, metadata, after, before, cursor }:
    FilterFlags,
): boolean {
  return [type, target, status, queue, parent, fingerprint, variable, metadata, after, before, cursor].some((
    given,
  ) => given !== undefined);
}

function render(executions: readonly Listed[], terminal: Terminal): string {
  const now = new Date(systemClock.now());
  const rows = executions.map((one) => [
    terminal.isTerminal ? shortId(one.id) : one.id,
    { text: one.type, style: "quiet" as const },
    one.target,
    { text: one.status, style: stateStyle(one.status) },
    one.queue,
    String(one.attempt),
    tellTime(one.createdAt, now),
    one.completedAt === null ? "" : tellDuration(one.completedAt.getTime() - one.createdAt.getTime()),
    { text: whyOf(one), style: stateStyle(one.status) },
  ]);
  const head = ["id", "type", "target", "status", "queue", "attempt", "created", "took", "why"];
  const narrow = { right: [5, 7], optional: [4, 1, 5, 7] };
  if (executions.every((one) => whyOf(one) === "")) {
    return table(rows, { head: head.slice(0, -1), flexible: [2], ...narrow }, terminal);
  }
  return table(rows, { head, flexible: [8, 2], least: 32, ...narrow }, terminal);
}

/** Why it failed or was cancelled; of one that goes on, who paused it, or why its last attempt failed. */
function whyOf({ status, error, cancelReason, pausedAt, pausedBy, pauseReason }: Listed): string {
  if (pausedAt !== null) return `paused by ${pausedBy}${pauseReason === null ? "" : `: ${pauseReason}`}`;
  if (status === "cancelled") return cancelReason ?? "";
  return error === null ? "" : `${error.type}: ${error.message}`;
}

/** A terminal's list, drawn over itself. */
class Screen {
  readonly #terminal: Terminal;
  readonly #redraw: Redraw;

  constructor({ terminal }: Call) {
    this.#terminal = terminal;
    this.#redraw = new Redraw(terminal);
  }

  show(page: ExecutionPage): void {
    const { lines, paint } = this.#terminal;
    const room = Math.max(2, lines - 4);
    const text = page.executions.length === 0
      ? "no executions match"
      : render(page.executions.slice(0, room), this.#terminal);
    this.#redraw.show(`${text}\n${paint("quiet", `${tellTime(new Date(systemClock.now()))} · Ctrl-C ends`)}`);
  }
}

/** A pipe's list: a line for each execution that is new or has changed. */
class Changes {
  readonly #call: Call;
  readonly #seen = new Map<string, string>();

  constructor(call: Call) {
    this.#call = call;
  }

  show(page: ExecutionPage): void {
    const { terminal, json } = this.#call;
    for (const one of page.executions.toReversed()) {
      const state = `${one.status} ${one.attempt}`;
      if (this.#seen.get(one.id) === state) continue;
      this.#seen.set(one.id, state);
      terminal.print(
        json ? JSON.stringify(one) : `${one.id} ${glyph(one.status, terminal)} ${one.target} ${one.status}`,
      );
    }
  }
}

import { systemClock } from "../runtime/clock.ts";
import type { ExecutionPage } from "../define/mod.ts";
import type { Call } from "./command.ts";
import { type FilterFlags, filterOf } from "./filter.ts";
import { glyph, stateStyle, tellDuration, tellTime } from "./format.ts";
import { openSession } from "./session.ts";
import { pause } from "./pause.ts";
import { Redraw } from "./redraw.ts";
import { type Listed, listedStep, stepsUnder, type StepView } from "./steps.ts";
import { table } from "./table.ts";
import type { Terminal } from "./terminal.ts";

const LOOK_EVERY_MS = 1_000;

/** Lists executions; with `--watch` again and again. */
export async function listExecutions(call: Call<FilterFlags & { watch?: boolean }>): Promise<void> {
  const filter = await filterOf(call.options);
  await using session = await openSession(call.options);
  const page = await session.executions.query(filter);
  if (!call.options.watch) return print({ ...page, steps: await stepsUnder(session, filter) }, call);
  const watcher = call.terminal.isTerminal && !call.json ? new Screen(call) : new Changes(call);
  watcher.show(page);
  while (await pause(LOOK_EVERY_MS, call.signal)) watcher.show(await session.executions.query(filter));
}

function print(page: ExecutionPage & { steps: readonly StepView[] | undefined }, call: Call): void {
  const { terminal } = call;
  if (call.json) return terminal.print(JSON.stringify(page));
  const listed = [...page.executions, ...(page.steps ?? []).map(listedStep)]
    .sort((a, b) => b.createdAt.getTime() - a.createdAt.getTime());
  if (listed.length === 0) return terminal.say("no executions match");
  terminal.print(render(listed, terminal));
  if (page.cursor !== null) {
    terminal.say(terminal.paintError("quiet", `there are more: --cursor ${page.cursor}`));
  }
}

function render(executions: readonly Listed[], terminal: Terminal): string {
  const now = new Date(systemClock.now());
  const rows = executions.map((one) => [
    one.id,
    { text: one.type, style: "quiet" as const },
    one.targetName,
    { text: one.status, style: stateStyle(one.status) },
    one.queue,
    one.maxAttempts > 1 && one.attempt <= one.maxAttempts
      ? `${one.attempt}/${one.maxAttempts}`
      : String(one.attempt),
    tellTime(one.createdAt, now),
    tellDuration((one.completedAt ?? now).getTime() - one.createdAt.getTime()),
  ]);
  const head = ["id", "type", "target", "status", "queue", "tries", "created", "age"];
  return table(rows, { head, right: [5, 7], flexible: 2, optional: [5, 4, 1] }, terminal);
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
        json
          ? JSON.stringify(one)
          : `${one.id} ${glyph(one.status, terminal)} ${one.targetName} ${one.status}`,
      );
    }
  }
}

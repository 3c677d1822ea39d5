import type { Call } from "../command.ts";
import { EXIT } from "../exit_codes.ts";
import { pause } from "../pause.ts";
import { Redraw } from "../redraw.ts";
import { openSession } from "../session.ts";
import { type ExecutionView, readView } from "./read_view.ts";
import { renderView } from "./render_view.ts";
import { glyph } from "../format.ts";

const LOOK_EVERY_MS = 400;

/** Shows an execution; with `--follow` until it is over. */
export async function showExecution(call: Call<{ follow?: boolean; full?: boolean }>): Promise<number> {
  const { terminal, options } = call;
  const id = call.args[0]!;
  await using session = await openSession(call.options);
  let view = await readView(session, id);
  const draw = (): string => renderView(view, terminal, { full: options.full === true, now: new Date() });
  if (!options.follow) {
    terminal.print(call.json ? JSON.stringify(view) : draw());
    return EXIT.ok;
  }
  const follower = call.json || !terminal.isTerminal ? new Lines(call) : new Screen(call);
  while (view.execution.completedAt === null) {
    follower.show(view, draw);
    await pause(LOOK_EVERY_MS, call.signal);
    view = await readView(session, id);
  }
  follower.end(view, draw);
  return view.execution.status === "completed" ? EXIT.ok : EXIT.no;
}

/** A terminal: the picture is drawn over the one before; the last one stays. */
class Screen {
  readonly #redraw: Redraw;

  constructor(call: Call) {
    this.#redraw = new Redraw(call.terminal);
  }

  show(_view: ExecutionView, draw: () => string): void {
    this.#redraw.show(draw());
  }

  end(_view: ExecutionView, draw: () => string): void {
    this.#redraw.end(draw());
  }
}

/** A pipe: a line whenever an execution of the tree changes its state, the whole picture at the end. */
class Lines {
  readonly #call: Call;
  readonly #seen = new Map<string, string>();

  constructor(call: Call) {
    this.#call = call;
  }

  show(view: ExecutionView): void {
    const { terminal, json } = this.#call;
    let changed = false;
    for (const { id, status, attempt, targetName } of view.tree) {
      const state = `${status} ${attempt}`;
      if (this.#seen.get(id) === state) continue;
      this.#seen.set(id, state);
      changed = true;
      if (!json) terminal.print(`${id} ${glyph(status, terminal)} ${targetName} ${status}`);
    }
    if (json && changed) terminal.print(JSON.stringify(view));
  }

  end(view: ExecutionView, draw: () => string): void {
    this.show(view);
    if (!this.#call.json) this.#call.terminal.print(`\n${draw()}`);
  }
}

import { systemClock } from "../../runtime/clock.ts";
import type { Call } from "../command.ts";
import { EXIT } from "../exit_codes.ts";
import { pause } from "../pause.ts";
import { Redraw, wrapped } from "../redraw.ts";
import { openSession, type Session } from "../session.ts";
import { wholeId } from "../short_id.ts";
import { type ExecutionView, readView } from "./read_view.ts";
import { renderView } from "./render_view.ts";
import { glyph } from "../format.ts";

const LOOK_EVERY_MS = 500;

/** Shows an execution; with `--follow` until it is over. */
export async function showExecution(call: Call<{ follow?: boolean; full?: boolean }>): Promise<number> {
  const { terminal, options } = call;
  await using session = await openSession(call.options);
  const id = await wholeId(session, call.args[0]!);
  let view = await readView(session, id);
  const draw = (): string =>
    wrapped(
      renderView(view, terminal, { full: options.full === true, now: new Date(systemClock.now()) }),
      terminal,
    );
  if (!options.follow) {
    terminal.print(call.json ? JSON.stringify(view) : draw());
    return EXIT.ok;
  }
  const follower = call.json || !terminal.isTerminal ? new Lines(call) : new Screen(call);
  const news = new News(session, { id, signal: call.signal });
  while (view.execution.completedAt === null) {
    follower.show(view, draw);
    await Promise.race([pause(LOOK_EVERY_MS, call.signal), news.next]);
    view = await readView(session, id);
  }
  follower.end(view, draw);
  return view.execution.status === "completed" ? EXIT.ok : EXIT.no;
}

/**
 * What the database tells by itself: the progress of an execution and its end. Everything else, and these where nothing
 * can be heard, is looked for.
 */
class News {
  #bell = Promise.withResolvers<void>();

  constructor(session: Session, { id, signal }: { id: string; signal: AbortSignal }) {
    void this.#hear(session.executions.watch(id, { signal, every: "1h" })).catch(() => {});
  }

  /** Resolves at the next news. */
  get next(): Promise<void> {
    return this.#bell.promise;
  }

  async #hear(changes: AsyncIterable<unknown>): Promise<void> {
    for await (const _ of changes) {
      this.#bell.resolve();
      this.#bell = Promise.withResolvers();
    }
  }
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
    for (const { id, status, attempt, target } of view.tree) {
      const state = `${status} ${attempt}`;
      if (this.#seen.get(id) === state) continue;
      this.#seen.set(id, state);
      changed = true;
      if (!json) terminal.print(`${id} ${glyph(status, terminal)} ${target} ${status}`);
    }
    if (json && changed) terminal.print(JSON.stringify(view));
  }

  end(view: ExecutionView, draw: () => string): void {
    this.show(view);
    if (!this.#call.json) this.#call.terminal.print(`\n${draw()}`);
  }
}

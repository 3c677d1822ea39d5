import { type CancelTimer, systemClock } from "../runtime/clock.ts";
import { fit } from "./redraw.ts";
import type { Terminal } from "./terminal.ts";

const FRAMES = ["⠋", "⠙", "⠹", "⠸", "⠼", "⠴", "⠦", "⠧", "⠇", "⠏"];

/** A line on standard error that moves while something takes long; only where somebody looks. */
export class Spinner {
  readonly #terminal: Terminal;
  readonly #text: () => string;
  #cancel: CancelTimer | undefined;
  #frame = 0;

  /** @param terminal where @param text what it says, asked each time */
  constructor(terminal: Terminal, text: () => string) {
    this.#terminal = terminal;
    this.#text = text;
  }

  /** Begins, after a moment in which most things are done already. */
  start(): this {
    if (!Deno.stderr.isTerminal()) return this;
    this.#cancel = systemClock.after(200, () => {
      this.#terminal.sayRaw("\x1b[?25l");
      this.#draw();
    });
    return this;
  }

  /** Ends; the line is gone and the cursor back. */
  stop(): void {
    if (this.#cancel === undefined) return;
    this.#cancel();
    this.#cancel = undefined;
    if (this.#frame > 0) this.#terminal.sayRaw("\r\x1b[K\x1b[?25h");
  }

  /** Stops. */
  [Symbol.dispose](): void {
    this.stop();
  }

  #draw(): void {
    const frame = this.#terminal.paintError("busy", FRAMES[this.#frame++ % FRAMES.length]!);
    // A line that wraps could not be taken away again.
    this.#terminal.sayRaw(`\r\x1b[K${frame} ${fit(this.#text(), this.#terminal.errorColumns - 3)}`);
    this.#cancel = systemClock.after(100, () => this.#draw());
  }
}

/** A bar for a share from 0 to 1. */
export function bar(share: number, width = 24): string {
  const full = Math.round(Math.min(1, Math.max(0, share)) * width);
  return "█".repeat(full) + "░".repeat(width - full);
}

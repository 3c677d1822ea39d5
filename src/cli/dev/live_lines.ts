import { type CancelTimer, systemClock } from "../../runtime/clock.ts";
import type { Terminal } from "../terminal.ts";
import { Redraw } from "../redraw.ts";

const MOST = 8;

/** Lines that stay, and below them on a terminal one for each thing under way. */
export class LiveLines {
  readonly #terminal: Terminal;
  readonly #redraw: Redraw;
  readonly #live = new Map<string, () => string>();
  #cancel: CancelTimer | undefined;
  #waiting: string[] = [];
  #drawing: CancelTimer | undefined;

  /** @param terminal where; in a pipe there are only lines that stay */
  constructor(terminal: Terminal) {
    this.#terminal = terminal;
    this.#redraw = new Redraw(terminal);
    if (terminal.isTerminal) this.#everySecond();
  }

  /** Prints a line that stays. */
  print(line: string): void {
    if (!this.#terminal.isTerminal) return this.#terminal.print(line);
    this.#waiting.push(line);
    this.#soon();
  }

  /** Shows something under way; its line is asked for again and again. */
  set(id: string, line: () => string): void {
    this.#live.set(id, line);
    this.#soon();
  }

  /** It is over. */
  delete(id: string): void {
    this.#live.delete(id);
    this.#soon();
  }

  /** Prints what waits, and shows no more. */
  close(): void {
    this.#cancel?.();
    this.#drawing?.();
    if (this.#terminal.isTerminal) this.#redraw.end(this.#waiting.join("\n"));
    this.#waiting = [];
  }

  #everySecond(): void {
    this.#cancel = systemClock.after(1_000, () => {
      this.#soon();
      this.#everySecond();
    });
  }

  // Hundreds of short tasks a second must not mean hundreds of pictures.
  #soon(): void {
    if (!this.#terminal.isTerminal) return;
    this.#drawing ??= systemClock.after(40, () => {
      this.#drawing = undefined;
      this.#redraw.end(this.#waiting.join("\n"));
      this.#waiting = [];
      const lines = [...this.#live.values()].slice(-MOST).map((line) => line());
      const more = this.#live.size - lines.length;
      if (more > 0) lines.unshift(this.#terminal.paint("quiet", `  … ${more} more under way`));
      if (lines.length > 0) this.#redraw.show(lines.join("\n"));
    });
  }
}

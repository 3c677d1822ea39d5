import { type CancelTimer, systemClock } from "../../runtime/clock.ts";
import type { Terminal } from "../terminal.ts";
import { Redraw, wrap } from "../redraw.ts";

const MOST = 8;

/** Lines that stay, and below them on a terminal those of what is under way. */
export class LiveLines {
  readonly #terminal: Terminal;
  readonly #redraw: Redraw;
  #live: () => string[] = () => [];
  #cancel: CancelTimer | undefined;
  #waiting: string[] = [];
  #drawing: CancelTimer | undefined;

  /** @param terminal where; in a pipe there are only lines that stay */
  constructor(terminal: Terminal) {
    this.#terminal = terminal;
    this.#redraw = new Redraw(terminal);
    if (terminal.isTerminal) this.#everySecond();
  }

  /** Prints lines that stay. Those that are too long for a terminal go on in the next line. */
  print(text: string): void {
    if (!this.#terminal.isTerminal) return this.#terminal.print(text);
    this.#waiting.push(...text.split("\n").flatMap((line) => wrap(line, this.#terminal.columns)));
    this.draw();
  }

  /** Shows what is under way; its lines are asked for again and again. */
  show(live: () => string[]): void {
    this.#live = live;
    this.draw();
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
      this.draw();
      this.#everySecond();
    });
  }

  /** Draws soon: hundreds of short tasks a second must not mean hundreds of pictures. */
  draw(): void {
    if (!this.#terminal.isTerminal) return;
    this.#drawing ??= systemClock.after(40, () => {
      this.#drawing = undefined;
      this.#redraw.end(this.#waiting.join("\n"));
      this.#waiting = [];
      const all = this.#live();
      const lines = all.slice(-MOST);
      const more = all.length - lines.length;
      if (more > 0) lines.unshift(this.#terminal.paint("quiet", `  … ${more} more under way`));
      if (lines.length > 0) this.#redraw.show(lines.join("\n"));
    });
  }
}

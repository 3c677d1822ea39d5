import type { Effect } from "../types.ts";
import type { FlowLimits } from "./limits.ts";
import { LimitExceeded } from "./throw.ts";

type Log = Extract<Effect, { type: "log" }>;

/** What a flow leaves for the outside in one step. Log lines beyond the limits are counted; anything else fails the execution. */
export class Outbox {
  readonly #limits: FlowLimits;
  #effects: Effect[] = [];
  #asked = 0;
  #size = 0;
  #lines = 0;
  #lineSize = 0;
  #left = 0;
  #firstLeft: Log | undefined;

  /** @param limits how much it takes */
  constructor(limits: FlowLimits) {
    this.#limits = limits;
  }

  /** Takes what the flow asks for. */
  add(effect: Exclude<Effect, Log>): void {
    if (++this.#asked > this.#limits.effects) {
      throw new LimitExceeded(
        "FLOW_EFFECTS",
        `This flow asked for more than ${this.#limits.effects} things without waiting for anything`,
      );
    }
    this.#effects.push(effect);
  }

  /** Counts the characters of something that crosses the boundary. */
  count(size: number): void {
    this.#size += size;
    if (this.#size <= this.#limits.effectsSize) return;
    throw new LimitExceeded(
      "FLOW_EFFECTS",
      `This flow sent more than ${this.#limits.effectsSize} characters without waiting for anything`,
    );
  }

  /** Takes a log line, if there is room. */
  log(line: Log): void {
    const { logLines, logSize } = this.#limits;
    this.#lines++;
    this.#lineSize += line.message.length;
    if (this.#lines <= logLines && this.#lineSize <= logSize) this.#effects.push(line);
    else {
      this.#left++;
      this.#firstLeft ??= line;
    }
  }

  /** Takes a line of our own, whatever room there is. */
  warn(message: string, at: Log["at"]): void {
    this.#effects.push({ type: "log", level: "warn", message, at });
  }

  /** Gives what is in it; the next step has all of the room again. */
  take(): Effect[] {
    const effects = this.#effects;
    if (this.#firstLeft !== undefined) {
      const { at } = this.#firstLeft;
      effects.push({ type: "log", level: "warn", message: `… and ${this.#left} more lines`, at });
    }
    this.#effects = [];
    this.#asked =
      this.#size =
      this.#lines =
      this.#lineSize =
      this.#left =
        0;
    this.#firstLeft = undefined;
    return effects;
  }
}

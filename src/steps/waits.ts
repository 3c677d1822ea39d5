import type { CancelTimer, Clock } from "../runtime/clock.ts";
import type { WaitStart } from "./run_parts.ts";

/** What a run waits for: here, for a while, or until the workflow is entered again. */
export class Waits {
  readonly #waits = new Map<string, { id: string; inProcess: boolean }>();
  readonly #timers = new Set<CancelTimer>();
  readonly #released: string[] = [];
  readonly #clock: Clock;
  readonly #holdMs: number;

  /** @param clock measures the time @param holdMs pauses up to this long are spent in this process */
  constructor(clock: Clock, holdMs: number) {
    this.#clock = clock;
    this.#holdMs = holdMs;
  }

  /** The waits that the next run answers. */
  get ids(): string[] {
    return [...this.#waits.values()].map(({ id }) => id);
  }

  /** Those that ended here. */
  get released(): readonly string[] {
    return this.#released;
  }

  /** Whether there are any, and none that ends in this process. */
  get areElsewhere(): boolean {
    return this.#waits.size > 0 && ![...this.#waits.values()].some(({ inProcess }) => inProcess);
  }

  /** The latest. */
  get last(): string | undefined {
    return [...this.#waits.keys()].at(-1);
  }

  /** Notes a wait; after so many milliseconds, if that is known, it is over. */
  add(name: string, wait: { id: string; ms: number | undefined; onDue: () => void }): void {
    const { id, ms, onDue } = wait;
    this.#waits.set(name, { id, inProcess: ms !== undefined && ms <= this.#holdMs });
    if (ms === undefined || ms > MAX_TIMEOUT_MS) return;
    const cancel = this.#clock.after(ms, () => {
      this.#timers.delete(cancel);
      this.#waits.delete(name);
      this.#released.push(id);
      onDue();
    });
    this.#timers.add(cancel);
  }

  /** Waits for nothing any more. */
  clear(): void {
    this.#waits.clear();
    this.stop();
  }

  /** Ends nothing here any more. */
  stop(): void {
    for (const cancel of this.#timers) cancel();
    this.#timers.clear();
  }
}

/** How long a wait lasts that ends by itself, in milliseconds. */
export function lengthOf(
  begun: Pick<WaitStart, "kind" | "delay_ms" | "until">,
  clock: Clock,
): number | undefined {
  if (begun.kind !== "sleep") return undefined;
  if (begun.delay_ms !== undefined) return begun.delay_ms;
  return begun.until === undefined ? undefined : Math.max(0, Date.parse(begun.until) - clock.now());
}

const MAX_TIMEOUT_MS = 2 ** 31 - 1;

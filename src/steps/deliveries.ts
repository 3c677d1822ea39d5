import type { CancelTimer, Clock } from "../runtime/clock.ts";

/** Told that a replay goes another way than the run before: what came then, and what comes now. */
export type OnChange = (then: string, now: string) => void;

/**
 * Gives results to a workflow's code one at a time, in the order of its first run: stored results in their stored order, then
 * live ones as they come. So a race, or anything else that depends on which is first, ends as it ended then.
 *
 * If the code asks for something else and gets no further, the stored result that it does not ask for is skipped: the code has
 * changed.
 */
export class Deliveries {
  readonly #clock: Clock;
  readonly #expected: readonly string[];
  readonly #onChange: OnChange;
  readonly #onIdle: () => void;
  readonly #called = new Map<string, () => void>();
  readonly #skipped = new Set<string>();
  #live: (() => void)[] = [];
  #cursor = 0;
  #inTurn = false;
  #changed = false;
  #grace: CancelTimer | undefined;

  /**
   * @param clock measures the time
   * @param expected the stored results in their order
   * @param ears who hears of changes, and that nothing is left to hand out
   */
  constructor(
    clock: Clock,
    expected: readonly string[],
    ears: { onChange: OnChange; onIdle: () => void },
  ) {
    this.#clock = clock;
    this.#expected = expected;
    this.#onChange = ears.onChange;
    this.#onIdle = ears.onIdle;
  }

  /** Whether stored results are still to be handed out. */
  get isReplaying(): boolean {
    return this.#cursor < this.#expected.length;
  }

  /** Whether everything was handed out, and the code has had its turn. */
  get isIdle(): boolean {
    return !this.#inTurn && !this.isReplaying && this.#live.length === 0;
  }

  /** The code asks for a stored result. */
  stored(name: string, deliver: () => void): void {
    if (this.#skipped.has(name)) this.#live.push(deliver);
    else this.#called.set(name, deliver);
    this.#pump();
  }

  /** Something ended just now. */
  live(name: string, deliver: () => void): void {
    this.#live.push(deliver);
    if (this.isReplaying) this.stuck(name);
    this.#pump();
  }

  /** The code does something that was never stored; if nothing else moves, the replay is not what it was. */
  stuck(name: string): void {
    if (!this.isReplaying || this.#grace !== undefined) return;
    const at = this.#cursor;
    this.#grace = this.#clock.after(GRACE_MS, () => {
      this.#grace = undefined;
      if (this.#cursor === at && !this.#inTurn) this.#skip(name);
      else if (this.isReplaying) this.stuck(name);
    });
  }

  /** The code ended: what was stored and never asked for is gone. */
  end(): void {
    this.#grace?.();
    const left = this.#expected.slice(this.#cursor).find((name) => !this.#called.has(name));
    if (left !== undefined) this.#tell(left, "its end");
    this.close();
  }

  /** Gives nothing more. */
  close(): void {
    this.#grace?.();
    this.#cursor = this.#expected.length;
    this.#called.clear();
    this.#live = [];
  }

  #pump(): void {
    if (this.#inTurn) return;
    const deliver = this.#take();
    if (deliver === undefined) return this.#wait();
    this.#inTurn = true;
    deliver();
    this.#clock.nextTurn(() => {
      this.#inTurn = false;
      this.#pump();
    });
  }

  #take(): (() => void) | undefined {
    if (!this.isReplaying) return this.#live.shift();
    const name = this.#expected[this.#cursor]!;
    const deliver = this.#called.get(name);
    if (deliver === undefined) return undefined;
    this.#called.delete(name);
    this.#cursor++;
    return deliver;
  }

  #wait(): void {
    if (this.isIdle) return this.#onIdle();
    const [called] = this.#called.keys();
    if (called !== undefined) this.stuck(`step "${called}"`);
  }

  #skip(instead: string): void {
    const [called] = this.#called.keys();
    this.#tell(this.#expected[this.#cursor]!, called === undefined ? instead : `step "${called}"`);
    while (this.isReplaying && !this.#called.has(this.#expected[this.#cursor]!)) {
      this.#skipped.add(this.#expected[this.#cursor++]!);
    }
    this.#pump();
  }

  // Only the first difference is reported: later ones follow from it.
  #tell(then: string, now: string): void {
    if (this.#changed) return;
    this.#changed = true;
    this.#onChange(then, now);
  }
}

// How long code that waits for something outside of steps may take until its next call.
const GRACE_MS = 50;

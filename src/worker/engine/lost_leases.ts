import type { Clock } from "../../runtime/clock.ts";
import type { Engine, Held, Outcome } from "./engine.ts";

/** What an audit looks at. */
export interface LostLeasesParts {
  /** Measures the time. */
  readonly clock: Clock;
  /** The engine. */
  readonly engine: Engine;
  /** Everything the worker knows to be its own now: in flight, waiting for a settle, on its way. */
  readonly known: () => Iterable<string>;
  /** Resolves when every claim and settle that is under way now has been answered, or given up. */
  readonly quiet: () => Promise<void>;
  /** Takes an outcome that hands back what nobody here knows of. */
  readonly settle: (outcome: Outcome) => void;
}

/**
 * Finds what the engine has leased to this worker without its knowing: a claim or a settle whose answer was lost with
 * its connection. Nobody else may run it, so it is handed back.
 */
export class LostLeases {
  readonly #parts: LostLeasesParts;
  #taken: Set<string> | undefined;
  #doubtUntil = -Infinity;

  /** @param parts what it looks at */
  constructor(parts: LostLeasesParts) {
    this.#parts = parts;
  }

  /** Whether answers may have been lost. */
  get inDoubt(): boolean {
    return this.#parts.clock.monotonic() < this.#doubtUntil;
  }

  /** Says that an answer was lost. What it would have told may be committed later still, but within so many milliseconds. */
  doubt(ms: number): void {
    this.#doubtUntil = this.#parts.clock.monotonic() + ms;
  }

  /** Notes that an execution was taken in flight. */
  took(id: string): void {
    this.#taken?.add(id);
  }

  /** Compares, and hands back what is unknown; gives how many those were. */
  async run(): Promise<number> {
    if (this.#taken !== undefined) return 0;
    this.#taken = new Set(this.#parts.known());
    try {
      const held = await this.#parts.engine.held();
      // What was leased before the engine looked, and is told after it: the answers under way say so.
      await this.#parts.quiet();
      const unknown = held.filter(({ id }) => !this.#taken!.has(id));
      for (const lease of unknown) this.#parts.settle(handedBack(lease));
      return unknown.length;
    } finally {
      this.#taken = undefined;
    }
  }
}

function handedBack({ id, attempt, seq }: Held): Outcome {
  const reason = "The answer that leased it was lost on its way to the worker";
  return { id, attempt, ...(seq === null ? {} : { seq }), status: "released", reason, delayMs: 0 };
}

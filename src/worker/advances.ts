import type { AdvancedSettlement, Claimed, Engine, LeasedChild, Outcome } from "./engine.ts";
import { GroupCommit } from "./group_commit.ts";
import type { Advance } from "./warm_flows.ts";

/** What settling advances stands on. */
export interface AdvancesParts {
  /** The engine. */
  readonly engine: Engine;
  /** Calls with as many places as may be promised to it, and so many at most. */
  readonly promising: <Result>(most: number, call: (places: number) => Promise<Result>) => Promise<Result>;
  /** The workflows that are open in memory. */
  readonly flows: {
    readonly advanced: (advance: Advance, leased: ReadonlyMap<string, LeasedChild>) => Claimed[];
    readonly forget: (id: string) => void;
  };
  /** Told that a batch was answered: how it began, and which of it holds. */
  readonly answered: (began: number, settled: readonly Advance[]) => void;
  /** Takes an execution that was leased. */
  readonly take: (claimed: Claimed) => void;
  /** Takes the end of a task that is to be settled alone. */
  readonly settle: (outcome: Outcome) => void;
  /** Told before each new try after a transient error. */
  readonly onTrouble: (error: unknown, attempt: number) => void;
}

/** Settles ends of tasks together with the next steps of their workflows. What does not fit is settled alone. */
export class Advances {
  readonly #parts: AdvancesParts;
  readonly #commits: GroupCommit<Advance>;

  /** @param parts what it stands on */
  constructor(parts: AdvancesParts) {
    this.#parts = parts;
    this.#commits = new GroupCommit({
      commit: (batch) => this.#commit(batch),
      maxBatch: BATCH,
      // While the database works on one batch, the handlers of another run.
      lanes: 2,
      isTransient: (error) => parts.engine.isTransient(error),
      onRefused: (advance) => this.#alone(advance),
      onTrouble: parts.onTrouble,
    });
  }

  /** How many are waiting or on their way. */
  get pending(): number {
    return this.#commits.pending;
  }

  /** The tasks that are waiting or on their way. */
  *ids(): Iterable<string> {
    for (const { task } of this.#commits.items) yield task.id;
  }

  /** Adds one. */
  push(advance: Advance): void {
    this.#commits.push(advance);
  }

  /** Waits until what is on its way now is answered. */
  async answered(): Promise<void> {
    await this.#commits.answered();
  }

  /** Waits until all are settled, or handed on to be settled alone. */
  async drained(): Promise<void> {
    await this.#commits.drained();
  }

  /** Gives up what cannot be settled any more. */
  abandon(): void {
    this.#commits.abandon();
  }

  async #commit(batch: Advance[]): Promise<void> {
    const began = performance.now();
    const ends = batch.map(({ end }) => end);
    const children = ends.reduce((sum, end) => sum + end.children.length, 0);
    const settlement = await this.#parts.promising(
      children,
      (places) => this.#parts.engine.settleAdvanced(ends, places),
    );
    this.#spread(batch, settlement, began);
  }

  #spread(batch: readonly Advance[], { declined, leased }: AdvancedSettlement, began: number): void {
    const alone = new Set(declined);
    const settled = alone.size === 0 ? batch : batch.filter(({ task }) => !alone.has(task.id));
    this.#parts.answered(began, settled);
    const claimed = settled.flatMap((advance) => this.#parts.flows.advanced(advance, leased));
    for (const one of claimed) this.#parts.take(one);
    for (const advance of batch) if (alone.has(advance.task.id)) this.#alone(advance);
  }

  #alone({ task, flow, end }: Advance): void {
    this.#parts.flows.forget(flow.id);
    this.#parts.settle({
      id: task.id,
      attempt: task.attempt,
      hasParent: true,
      status: "completed",
      output: end.output,
    });
  }
}

// Two of them cover what a worker has in hand in a busy moment, and overlap.
const BATCH = 250;

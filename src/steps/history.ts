import { CANCELLED } from "./cancellation_point.ts";
import { storedSignal } from "./question.ts";
import type { SettledWait } from "./run_parts.ts";
import type { StepNews, StepRow } from "./store.ts";

/** Saves news of a step. */
export type SaveNews = (news: Omit<StepNews, "execution_id">) => Promise<void>;

/** What earlier runs of a workflow left: its steps, those that are over in the order in which they ended. */
export class History {
  readonly #rows: Map<string, StepRow>;
  #seq: number;

  /** @param rows what was stored, in the order in which it ended */
  constructor(rows: readonly StepRow[]) {
    this.#rows = new Map(rows.map((row) => [row.name, row]));
    this.#seq = 1;
    for (const { seq } of rows) if (seq !== null && seq >= this.#seq) this.#seq = seq + 1;
  }

  /** A step. */
  get(name: string): StepRow | undefined {
    return this.#rows.get(name);
  }

  /** Whether the code was told of a cancellation. */
  get wasCancelled(): boolean {
    return this.#rows.has(CANCELLED);
  }

  /** What is over, in its order. */
  get order(): readonly string[] {
    return [...this.#rows.values()].filter((row) => row.seq !== null)
      .sort((a, b) => a.seq! - b.seq!).map((row) => row.name);
  }

  /** The number of the next step that ends. */
  nextSeq(): number {
    return this.#seq++;
  }

  /** Takes in what was waited for and came since; what is over by itself came, too. */
  async takeIn(settled: readonly SettledWait[], save: SaveNews): Promise<void> {
    const came = new Map(settled.map((one) => [one.id, one]));
    for (const row of [...this.#rows.values()]) {
      if (row.status === "waiting") await this.#takeIn(row, came.get(row.wait_id!), save);
      else if (row.status === "retrying" && came.has(row.wait_id!)) {
        this.#rows.set(row.name, { ...row, is_due: true });
      }
    }
  }

  /** Stores that the code is told of a cancellation now; if it was told before, that stays. */
  async markCancelled(reason: string, save: SaveNews): Promise<void> {
    if (this.wasCancelled) return;
    const seq = this.nextSeq();
    await save({ ...cancellationNews(reason), seq });
    this.#rows.set(CANCELLED, { ...BLANK, seq, output: reason });
  }

  async #takeIn(row: StepRow, came: SettledWait | undefined, save: SaveNews): Promise<void> {
    if (came === undefined && !(row.is_due && row.kind === "sleep")) return;
    const { name, kind } = row;
    const seq = this.nextSeq();
    const output = kind === "signal" && came !== undefined
      ? storedSignal(row.wait_id, came)
      : came?.output ?? null;
    if (came?.status === "failed") {
      await save({ name, kind, status: "failed", seq, error: came.error });
      this.#rows.set(name, { ...row, status: "failed", seq, error: came.error as never });
    } else if (kind === "sleep") {
      await save({ name, kind, status: "completed", seq, is_undefined: true });
      this.#rows.set(name, { ...row, status: "completed", seq, has_output: false });
    } else {
      await save({ name, kind, status: "completed", seq, output: JSON.stringify(output) });
      this.#rows.set(name, { ...row, status: "completed", seq, output, has_output: true });
    }
  }
}

/** How it is stored that the code was told of a cancellation. */
export function cancellationNews(reason: string): Omit<StepNews, "execution_id" | "seq"> {
  return { name: CANCELLED, kind: "signal", status: "completed", output: JSON.stringify(reason) };
}

const BLANK = {
  execution_id: "",
  name: CANCELLED,
  kind: "signal",
  status: "completed",
  attempts: 0,
  wait_id: null,
  is_due: false,
  error: null,
  has_output: true,
} as const;

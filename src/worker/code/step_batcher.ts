import type { StepNews, StepRow } from "../../db/calls/steps.ts";
import type { Logger, SqlTag } from "../../define/mod.ts";
import type { Engine } from "../engine/engine.ts";
import type { Clock } from "../../runtime/clock.ts";
import { GroupCommit } from "./group_commit.ts";

/** Where a run's steps are kept. */
export interface RunSteps {
  /** Reads the steps of a workflow, in the order in which they ended. */
  load(execution: string): Promise<readonly StepRow[]>;
  /** Saves a step; false: it changed nothing. */
  save(news: StepNews): Promise<boolean>;
  /** Runs a step in the transaction that saves it; false: it changed nothing, and nothing of it stays. */
  saveInTransaction(body: (sql: SqlTag) => Promise<StepNews>): Promise<boolean>;
}

interface Entry {
  readonly news: StepNews;
  readonly resolve: (saved: boolean) => void;
  readonly reject: (error: unknown) => void;
}

interface Reader {
  readonly execution: string;
  readonly resolve: (rows: readonly StepRow[]) => void;
  readonly reject: (error: unknown) => void;
}

/**
 * Reads and saves the steps of all workflows that a worker runs. What ends during a save goes into the next one, so that the
 * steps of many workflows share a transaction.
 *
 * There are two lanes: while the database writes the steps of one half of the workflows, those of the other half run. A workflow
 * stays in its lane, so its steps are stored in the order in which they ended.
 */
export class StepBatcher implements RunSteps {
  readonly #engine: Pick<Engine, "steps" | "isTransient" | "isTooSlow">;
  readonly #clock: Clock;
  readonly #due: (ms: number) => void;
  readonly #saves: readonly GroupCommit<Entry>[];
  readonly #loads: GroupCommit<Reader>;

  /** @param parts the engine, and who hears of what is due and of trouble */
  constructor(
    parts: {
      clock: Clock;
      engine: Pick<Engine, "steps" | "isTransient" | "isTooSlow">;
      due: (ms: number) => void;
      logger: Logger;
    },
  ) {
    this.#clock = parts.clock;
    this.#engine = parts.engine;
    this.#due = parts.due;
    const shared = {
      clock: parts.clock,
      maxBatch: 1_000,
      isTransient: (error: unknown) => parts.engine.isTransient(error),
      isTooSlow: (error: unknown) => parts.engine.isTooSlow(error),
      onRefused: (entry: Entry | Reader, error: unknown) => entry.reject(error),
      onTrouble: (error: unknown, attempt: number) => {
        parts.logger.warn("steps could not be stored or read; it is tried again", { attempt, error });
      },
    };
    const lane = (): GroupCommit<Entry> =>
      new GroupCommit<Entry>({ ...shared, commit: (batch) => this.#save(batch) });
    this.#saves = [lane(), lane()];
    this.#loads = new GroupCommit<Reader>({ ...shared, commit: (batch) => this.#load(batch) });
  }

  load(execution: string): Promise<readonly StepRow[]> {
    return new Promise((resolve, reject) => this.#loads.push({ execution, resolve, reject }));
  }

  save(news: StepNews): Promise<boolean> {
    // The last digit of an id is random.
    const lane = this
      .#saves[news.execution_id.charCodeAt(news.execution_id.length - 1) % this.#saves.length]!;
    return new Promise((resolve, reject) => lane.push({ news, resolve, reject }));
  }

  saveInTransaction(body: (sql: SqlTag) => Promise<StepNews>): Promise<boolean> {
    return this.#engine.steps!.saveInTransaction(body);
  }

  async #save(batch: readonly Entry[]): Promise<void> {
    const refused = await this.#engine.steps!.save(batch.map(({ news }) => news));
    const lost = new Set(refused.map(({ id, name }) => `${id} ${name}`));
    for (const { news, resolve } of batch) {
      const isSaved = !lost.has(`${news.execution_id} ${news.name}`);
      if (isSaved && news.status !== "completed" && news.status !== "failed") this.#tellDue(news);
      resolve(isSaved);
    }
  }

  #tellDue({ delay_ms, until }: StepNews): void {
    if (delay_ms !== undefined) this.#due(delay_ms);
    else if (until !== undefined) this.#due(Math.max(0, Date.parse(until) - this.#clock.now()));
  }

  async #load(batch: readonly Reader[]): Promise<void> {
    const rows = await this.#engine.steps!.load(batch.map(({ execution }) => execution));
    const found = new Map<string, StepRow[]>(batch.map(({ execution }) => [execution, []]));
    for (const row of rows) found.get(row.execution_id)!.push(row);
    for (const { execution, resolve } of batch) resolve(found.get(execution)!);
  }
}

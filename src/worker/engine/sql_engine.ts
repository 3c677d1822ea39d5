import { channelName } from "../../db/channels.ts";
import type { Database, Queryable } from "../../db/database.ts";
import { WorkerNotRegisteredError } from "../../db/engine_errors.ts";
import { errorKind, isOutage, isTooSlow } from "../../db/error_kind.ts";
import { type EngineRef, quotedArrayText } from "../../db/calls/engine_ref.ts";
import { sqlTag } from "../../db/sql_tag.ts";
import { loadSteps, saveSteps } from "../../db/calls/steps.ts";
import { readProgram } from "../../db/calls/flows.ts";
import {
  beat,
  claim,
  type ClaimedRow,
  fireKept,
  held,
  leave,
  type PackedRow,
  registerWorker,
  releaseKept,
  report,
  settle,
  type SettledBatch,
  settleSteps,
  settleTasks,
  tick,
  unserved,
} from "../../db/calls/worker.ts";
import { libraryVersion } from "../../db/schema_gen.ts";
import { RhythmError } from "../../shared/error.ts";
import type { SqlTag } from "../../define/mod.ts";
import type { StepEngine } from "./engine.ts";
import type {
  Claimed,
  Engine,
  EngineEars,
  Held,
  LeasedChild,
  Outcome,
  Settled,
  Settlement,
  StepEnd,
  StepSettlement,
  Ticked,
  Unserved,
} from "./engine.ts";
import { leasedChildren, outcomesText, stepTexts, taskEnds } from "./texts.ts";
import type { LogLine } from "./reporter.ts";

/** What the engine in the database needs to know of a worker. */
export interface SqlEngineOptions {
  /** Where claims and settles go: two connections are enough. */
  readonly main: Database;
  /** Where signs of life go, so that a call that waits for a lock does not hold them up: one connection. Default: `main`. */
  readonly beats?: Database;
  /** Where transactional tasks run: one connection each. */
  readonly transactional: Database;
  /** The engine's schema. */
  readonly schema: string;
  /** The worker's name, for lists. */
  readonly name: string;
  /** The queues it serves. */
  readonly queues: readonly string[];
  /** The tasks it can run. */
  readonly targets: readonly string[];
  /** How long it may be silent. */
  readonly leaseMs: number;
  /** Whether it runs code-first workflows. */
  readonly runsCode: boolean;
}

/** Thrown out of a transactional task's transaction when its lease was lost, so that nothing of it commits. */
class LeaseLostError extends RhythmError {
  override readonly name = "LeaseLostError";

  constructor(id: string, reason: string) {
    super(`Cannot settle execution "${id}": its lease is lost, ${reason}`, { code: "LEASE_LOST" });
  }
}

/** The engine in the database, as one worker uses it. */
export function sqlEngine(options: SqlEngineOptions): Engine {
  return new SqlEngine(options);
}

class SqlEngine implements Engine {
  readonly #options: SqlEngineOptions;
  readonly #engine: EngineRef;
  readonly #beats: EngineRef;
  readonly #queues: string;
  readonly #targets: string;
  readonly #runsCode: boolean;
  #worker = "";

  constructor(options: SqlEngineOptions) {
    this.#options = options;
    this.#engine = { on: options.main, schema: options.schema };
    this.#beats = { on: options.beats ?? options.main, schema: options.schema };
    this.#queues = quotedArrayText(options.queues);
    this.#runsCode = options.runsCode;
    this.#targets = quotedArrayText(options.targets);
  }

  readonly steps: StepEngine = {
    load: (executions) => loadSteps(this.#engine, executions),
    save: (steps) => saveSteps(this.#engine, this.#worker, steps),
    saveInTransaction: async (body) => {
      try {
        await this.#options.transactional.transaction(async (tx) => {
          const news = await body(sqlTag(tx));
          const refused = await saveSteps({ on: tx, schema: this.#options.schema }, this.#worker, [news]);
          if (refused.length > 0) {
            throw new LeaseLostError(news.execution_id, `step "${news.name}" was refused`);
          }
        });
        return true;
      } catch (error) {
        if (error instanceof LeaseLostError) return false;
        throw error;
      }
    },
  };

  async register(): Promise<void> {
    const { name, leaseMs, targets } = this.#options;
    const info = JSON.stringify({ library: libraryVersion, tasks: targets });
    this.#worker = await registerWorker(this.#engine, { name, queues: this.#queues, leaseMs, info });
  }

  async listen({ onWork, onDue, onStop }: EngineEars): Promise<() => Promise<void>> {
    const { main, queues, schema } = this.#options;
    const stopWork = await main.listen(channelName(schema, "work"), {
      onNotify: (queue) => {
        if (queue === "") onDue();
        else if (queues.includes(queue)) onWork();
      },
      // What was said before it is lost.
      onListen: () => {
        onWork();
        onDue();
      },
    });
    const stopStop = await main.listen(channelName(schema, "stop"), {
      onNotify: (worker) => {
        if (worker === this.#worker) onStop();
      },
    }).catch(async (error) => {
      await stopWork();
      throw error;
    });
    return async () => {
      await stopWork();
      await stopStop();
    };
  }

  async claim(limit: number, phase: "busy" | "idle"): Promise<readonly Claimed[]> {
    const request = {
      worker: this.#worker,
      limit,
      targets: this.#targets,
      queues: this.#queues,
      dozing: phase === "idle",
      runsCode: this.#runsCode,
    };
    const rows = await claim(this.#engine, request);
    return rows.flatMap((row) => row.many === null ? [toClaimed(row)] : unpacked(row.many));
  }

  async settle(outcomes: readonly Outcome[], capacity: number): Promise<Settlement> {
    const ends = taskEnds(outcomes);
    if (ends !== undefined) {
      try {
        return { refused: await settleTasks(this.#engine, this.#worker, ends), claimed: [] };
      } catch (error) {
        // What cannot be stored is told from the rest by settle().
        if (errorKind(error) !== "refused") throw error;
      }
    }
    const request = { worker: this.#worker, limit: Math.max(0, capacity), targets: this.#targets };
    return toSettlement(await settle(this.#engine, outcomesText(outcomes), request), outcomes);
  }

  async settleSteps(ends: readonly StepEnd[], capacity: number): Promise<StepSettlement> {
    const request = { worker: this.#worker, limit: Math.max(0, capacity), targets: this.#targets };
    const texts = stepTexts(ends);
    const { declined, early, leased, kinds } = await settleSteps(this.#engine, texts, request);
    const children = leased.map((id): [string, LeasedChild] => {
      const [queue, maxAttempts, timeoutMs] = kinds[texts.kindOf.get(id)!]!;
      return [id, { id, queue, maxAttempts, timeoutMs }];
    });
    return { declined, early: new Map(Object.entries(early)), leased: new Map(children) };
  }

  async fireKept(timers: readonly string[], capacity: number): Promise<readonly Claimed[]> {
    const request = { worker: this.#worker, limit: Math.max(0, capacity) };
    return (await fireKept(this.#engine, `{${timers.join(",")}}`, request)).map(toClaimed);
  }

  async releaseKept(timers: readonly string[]): Promise<void> {
    await releaseKept(this.#engine, `{${timers.join(",")}}`);
  }

  async settleInTransaction(claimed: Claimed, body: (sql: SqlTag) => Promise<Outcome>): Promise<Settlement> {
    // What a handler makes of a statement that failed with the server is not what the handler has to say.
    let outage: unknown;
    const asked = async (tx: Queryable): Promise<Outcome> => {
      const query: Queryable["query"] = async (text, params) => {
        try {
          return await tx.query(text, params);
        } catch (error) {
          if (isOutage(error)) outage ??= error;
          throw error;
        }
      };
      try {
        return await body(sqlTag({ ...tx, query }));
      } catch (error) {
        throw outage ?? error;
      }
    };
    return await this.#options.transactional.transaction(async (tx) => {
      const outcome = await asked(tx);
      const engine = { on: tx, schema: this.#options.schema };
      const batch = await settle(engine, outcomesText([outcome]), {
        worker: this.#worker,
        limit: 0,
        targets: this.#targets,
        onError: "raise",
      });
      const refusal = batch.refused[0];
      if (refusal !== undefined) throw new LeaseLostError(claimed.id, refusal.reason);
      return toSettlement(batch, [outcome]);
    });
  }

  async beat(): Promise<Awaited<ReturnType<Engine["beat"]>>> {
    const { alive, turn_ms: turnMs, stop } = await beat(this.#beats, this.#worker);
    return {
      alive,
      turnMs,
      stop: stop.map(({ id, reason }) => ({ id, reason: "cancelled", message: reason })),
    };
  }

  async held(): Promise<readonly Held[]> {
    return await held(this.#engine, this.#worker);
  }

  async unserved(afterMs: number): Promise<readonly Unserved[]> {
    return await unserved(this.#engine, this.#worker, afterMs);
  }

  async tick(): Promise<Ticked> {
    return await tick(this.#engine);
  }

  async report(news: Parameters<Engine["report"]>[0]): Promise<void> {
    const progress = [...news.progress].map(([id, value]) => `"${id}":${value}`).join(",");
    await report(this.#engine, this.#worker, {
      lines: JSON.stringify(news.lines.map(toStored)),
      progress: `{${progress}}`,
    });
  }

  async program(hash: string): Promise<Awaited<ReturnType<Engine["program"]>>> {
    return await readProgram(this.#engine, hash);
  }

  async leave(): Promise<void> {
    await leave(this.#engine, this.#worker);
  }

  isTransient(error: unknown): boolean {
    const kind = errorKind(error);
    return kind === "passing" || kind === "hopeless";
  }

  isHopeless(error: unknown): boolean {
    return errorKind(error) === "hopeless";
  }

  isTooSlow(error: unknown): boolean {
    return isTooSlow(error);
  }

  isGivenUp(error: unknown): boolean {
    return error instanceof WorkerNotRegisteredError;
  }
}

function toSettlement({ refused, claimed, born }: SettledBatch, outcomes: readonly Outcome[]): Settlement {
  if (born.length === 0) return { refused, claimed: claimed.map(toClaimed) };
  return { refused, claimed: [...claimed.map(toClaimed), ...leasedChildren(born, outcomes)] };
}

function unpacked({ ids, inputs, target, queue, created_at, kind }: PackedRow): Claimed[] {
  return ids.map((id, nth): Claimed => ({
    id,
    kind: "task",
    target,
    queue,
    attempt: 1,
    maxAttempts: kind.max_attempts,
    inputs: inputs[nth]!,
    metadata: kind.metadata,
    traceparent: kind.traceparent,
    parentId: null,
    createdAt: created_at,
    timeoutMs: kind.timeout_ms,
    flow: null,
  }));
}

function toClaimed(row: ClaimedRow): Claimed {
  return {
    id: row.id,
    kind: row.type,
    target: row.target,
    queue: row.queue,
    attempt: row.attempt,
    maxAttempts: row.max_attempts,
    inputs: row.inputs,
    metadata: row.metadata,
    traceparent: row.traceparent,
    parentId: row.parent_id,
    createdAt: row.created_at,
    timeoutMs: row.timeout_ms,
    flow: row.program === null ? null : {
      program: row.program,
      version: row.version,
      seq: row.seq ?? 0,
      snapshot: row.snapshot,
      settled: (row.settled ?? []) as unknown as Settled[],
      cancelReason: row.cancel_reason,
    },
  };
}

function toStored({ data, ...line }: LogLine): object {
  return data === null ? line : { ...line, data: JSON.parse(data) };
}

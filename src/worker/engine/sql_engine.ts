import { channelName } from "../../db/channels.ts";
import type { Database, Queryable } from "../../db/database.ts";
import { WorkerNotRegisteredError } from "../../db/engine_errors.ts";
import { errorKind, isOutage, isTooSlow } from "../../db/error_kind.ts";
import { type EngineRef, quotedArrayText } from "../../db/calls/engine_ref.ts";
import { sqlTag } from "../../db/sql_tag.ts";
import { loadSteps, saveSteps } from "../../db/calls/steps.ts";
import { readProgram } from "../../db/calls/flows.ts";
import {
  type AppliedChange,
  applyChange,
  beat,
  checkpoint,
  exchange,
  holdsText,
  leave,
  registerWorker,
  report,
  settleOne,
  tick,
  type TickPart,
  unserved,
} from "../../db/calls/worker.ts";
import type { Rate } from "../loop/rates.ts";
import { libraryVersion } from "../../db/schema_gen.ts";
import { RhythmError } from "../../shared/error.ts";
import type { SqlTag } from "../../define/mod.ts";
import type {
  Answer,
  Beat,
  Call,
  Checkpoint,
  Claimed,
  Engine,
  EngineEars,
  Lease,
  Outcome,
  StepEngine,
  Ticked,
  Unserved,
} from "./engine.ts";
import { answerOf, endsText, outcomeText } from "./items.ts";
import type { LogLine } from "./reporter.ts";

/** What the engine in the database needs to know of a worker. */
export interface SqlEngineOptions {
  /** Where exchanges, ticks and reports go: three connections are enough. */
  readonly main: Database;
  /** Where heartbeats go: a separate connection, so that nothing delays them. */
  readonly beats?: Database;
  /** Where tasks in SQL run, so that a slow one delays nothing else: one connection. Default: `main`. */
  readonly sqlTasks?: Database;
  /** Where transactional tasks run: one connection each. */
  readonly transactional: Database;
  /** The engine's schema. */
  readonly schema: string;
  /** The worker's name, for lists. */
  readonly name: string;
  /** How much memory its process has, in bytes, for lists. */
  readonly memory?: () => number;
  /** The queues it serves. */
  readonly queues: readonly string[];
  /** The tasks it can run. */
  readonly targets: readonly string[];
  /** How long it may be silent. */
  readonly leaseMs: number;
  /** Whether it runs workflows in TypeScript. */
  readonly runsCode: boolean;
  /** The environment that the worker belongs to. */
  readonly environment?: string | undefined;
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
  readonly #queues: string;
  readonly #targets: string;
  #worker = "";

  constructor(options: SqlEngineOptions) {
    this.#options = options;
    this.#engine = { on: options.main, schema: options.schema };
    this.#queues = quotedArrayText(options.queues);
    this.#targets = JSON.stringify(options.targets);
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
    const { name, leaseMs } = this.#options;
    this.#worker = await registerWorker(this.#engine, {
      name,
      queues: this.#queues,
      leaseMs,
      info: this.#info(),
      environment: this.#options.environment,
    });
  }

  #info(): string {
    const { memory, targets } = this.#options;
    return JSON.stringify({
      library: libraryVersion,
      tasks: targets,
      ...(memory !== undefined && { memoryBytes: memory() }),
    });
  }

  async listen({ onWork, onDue, onStop, onDeaf }: EngineEars): Promise<() => Promise<void>> {
    const { main, queues, schema } = this.#options;
    const stopWork = await main.listen(channelName(schema, "work"), {
      onNotify: (queue) => {
        if (queue === "") onDue();
        else if (queues.includes(queue)) onWork();
      },
      onDeaf,
      // Log lines from before are lost.
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

  async exchange(call: Call): Promise<Answer> {
    const { limit, lease, sleeps } = call.want;
    const want = `{"limit":${limit},"lease":${lease},"sleeps":${sleeps},"targets":${this.#targets}}`;
    const given = { call: call.number, ends: endsText(call.ends), want };
    const isIdlePoll = sleeps && given.ends === "[]" && !this.#options.runsCode;
    const answer = await exchange(this.#engine, this.#worker, given, isIdlePoll ? "beginnings" : undefined);
    return answerOf(answer, call);
  }

  async settleInTransaction(claimed: Claimed, body: (sql: SqlTag) => Promise<Outcome>): Promise<void> {
    const { schema, transactional } = this.#options;
    // If the server failed, the error is about that, and not what the handler made of it.
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
    await transactional.transaction(async (tx) => {
      const outcome = await asked(tx);
      const { refused, declined } = await settleOne({ on: tx, schema }, this.#worker, outcomeText(outcome));
      const reason = refused[0]?.reason ?? (declined.length > 0 ? "it is locked" : undefined);
      if (reason !== undefined) throw new LeaseLostError(claimed.id, reason);
    });
  }

  async beat(holds: ReadonlyMap<string, number>, rates: readonly Rate[]): Promise<Beat> {
    const engine = { on: this.#options.beats ?? this.#options.main, schema: this.#options.schema };
    const { alive, turn_ms: turnMs, stop, lost } = await beat(engine, this.#worker, {
      ...(this.#options.memory !== undefined && { info: this.#info() }),
      holds: holdsText(holds),
      rates: JSON.stringify(rates),
    });
    return { alive, turnMs, cancelled: stop, lost };
  }

  async unserved(afterMs: number): Promise<readonly Unserved[]> {
    return await unserved(this.#engine, this.#worker, afterMs);
  }

  async tick(part: TickPart): Promise<Ticked> {
    const { main, schema, sqlTasks = main } = this.#options;
    return await tick({ on: part === "sql_tasks" ? sqlTasks : main, schema }, part);
  }

  async report(news: Parameters<Engine["report"]>[0]): Promise<string[]> {
    const progress = [...news.progress].map(([id, value]) => `"${id}":${value}`).join(",");
    return await report(this.#engine, this.#worker, {
      lines: JSON.stringify(news.lines.map(toStored)),
      progress: `{${progress}}`,
    });
  }

  async checkpoint({ id, call }: Lease, { value, nth }: Checkpoint): Promise<boolean> {
    return await checkpoint(this.#engine, this.#worker, { id, call, value, nth });
  }

  async program(hash: string): Promise<Awaited<ReturnType<Engine["program"]>>> {
    return await readProgram(this.#engine, hash);
  }

  async applyChange(change: AppliedChange): ReturnType<Engine["applyChange"]> {
    return await applyChange(this.#engine, this.#worker, change);
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

function toStored({ data, ...line }: LogLine): object {
  return data === null ? line : { ...line, data: JSON.parse(data) };
}

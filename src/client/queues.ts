import {
  configureKey,
  configureQueue,
  listQueues,
  pauseKey,
  pauseQueue,
  type QueueInfo,
  resumeKey,
  resumeQueue,
} from "../db/calls/queues.ts";
import { type Duration, durationMs } from "../shared/duration.ts";
import { InvalidOptionError, refuseUnknown } from "../define/mod.ts";
import type { ClientCore } from "./core.ts";

/** The limits of a queue; they hold over all workers together. A limit that is not given is taken away. */
export interface QueueLimits {
  /** How many executions run at once. */
  concurrency?: number;
  /** How many executions of one concurrency key run at once. */
  perKeyConcurrency?: number;
  /** How many executions begin within a time. */
  rate?: number;
  /** That time. Default: one second. */
  per?: Duration;
  /** How many executions of one concurrency key begin within a time. */
  perKeyRate?: number;
  /** That time. Default: one second. */
  perKeyPer?: Duration;
  /** Concurrency keys take turns: many executions of one key do not delay another's. */
  fair?: "key";
  /** In a fair queue: how many turns keys have while others have one. Not given: as they are. */
  weights?: Record<string, number>;
}

/** The limits of one concurrency key of a queue. What is not given is as for all keys. */
export interface KeyLimits {
  /** How many executions run at once. */
  concurrency?: number;
  /** How many executions begin within a time. */
  rate?: number;
  /** That time. Default: one second. */
  per?: Duration;
  /** In a fair queue: how many turns it has while others have one. Default: 1. */
  weight?: number;
}

/** Queues: look, pause, resume, limit. */
export class Queues {
  readonly #core: ClientCore;

  /**
   * Made by the application.
   *
   * @param core what calls
   */
  constructor(core: ClientCore) {
    this.#core = core;
  }

  /** All queues, with depth, oldest and running. */
  async list(): Promise<readonly QueueInfo[]> {
    return await this.#core.retried(() => listQueues(this.#core.engine));
  }

  /** Keeps workers from claiming from a queue; what runs goes on. */
  async pause(queue: string): Promise<void> {
    await this.#core.retried(() => pauseQueue(this.#core.engine, queue));
  }

  /** Lets workers claim from a queue again. */
  async resume(queue: string): Promise<void> {
    await this.#core.retried(() => resumeQueue(this.#core.engine, queue));
  }

  /** Sets the limits of a queue. */
  async configure(queue: string, limits: QueueLimits): Promise<void> {
    refuseUnknown(limits, [
      "concurrency",
      "perKeyConcurrency",
      "rate",
      "per",
      "perKeyRate",
      "perKeyPer",
      "fair",
      "weights",
    ], "queues.configure()");
    checkCounts(limits, ["concurrency", "perKeyConcurrency", "rate", "perKeyRate"], "queues.configure()");
    if (limits.fair !== undefined && limits.fair !== "key") {
      throw new InvalidOptionError("fair", `queues.configure(): "fair" must be "key", not ${limits.fair}`);
    }
    await this.#core.retried(() =>
      configureQueue(this.#core.engine, queue, {
        concurrency: limits.concurrency ?? null,
        perKeyConcurrency: limits.perKeyConcurrency ?? null,
        rate: limits.rate ?? null,
        perSeconds: seconds(limits.per),
        perKeyRate: limits.perKeyRate ?? null,
        perKeyPerSeconds: seconds(limits.perKeyPer),
        fair: limits.fair ?? null,
        weights: limits.weights ?? null,
      })
    );
  }

  /** Sets the limits of one concurrency key of a queue, in place of those for all keys. */
  async configureKey(queue: string, key: string, limits: KeyLimits): Promise<void> {
    refuseUnknown(limits, ["concurrency", "rate", "per", "weight"], "queues.configureKey()");
    checkCounts(limits, ["concurrency", "rate", "weight"], "queues.configureKey()");
    await this.#core.retried(() =>
      configureKey(this.#core.engine, { queue, key }, {
        concurrency: limits.concurrency ?? null,
        rate: limits.rate ?? null,
        perSeconds: seconds(limits.per),
        weight: limits.weight ?? null,
      })
    );
  }

  /** Keeps workers from claiming what has one concurrency key; what runs goes on. */
  async pauseKey(queue: string, key: string): Promise<void> {
    await this.#core.retried(() => pauseKey(this.#core.engine, queue, key));
  }

  /** Lets workers claim what has a concurrency key again. */
  async resumeKey(queue: string, key: string): Promise<void> {
    await this.#core.retried(() => resumeKey(this.#core.engine, queue, key));
  }
}

function seconds(duration: Duration | undefined): number | null {
  return duration === undefined ? null : durationMs(duration) / 1000;
}

function checkCounts<T extends object>(limits: T, names: readonly (keyof T & string)[], call: string): void {
  for (const name of names) {
    const value = limits[name];
    if (value === undefined || (Number.isInteger(value) && Number(value) >= 1)) continue;
    throw new InvalidOptionError(
      name,
      `${call}: "${name}" must be a whole number of at least 1, not ${value}`,
    );
  }
}

import { configureQueue, listQueues, pauseQueue, type QueueInfo, resumeQueue } from "../db/calls/queues.ts";
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
    refuseUnknown(limits, ["concurrency", "perKeyConcurrency", "rate", "per"], "queues.configure()");
    for (const option of ["concurrency", "perKeyConcurrency", "rate"] as const) {
      const value = limits[option];
      if (value === undefined || (Number.isInteger(value) && value >= 1)) continue;
      throw new InvalidOptionError(
        option,
        `queues.configure(): "${option}" must be a whole number of at least 1, not ${value}`,
      );
    }
    await this.#core.retried(() =>
      configureQueue(this.#core.engine, queue, {
        concurrency: limits.concurrency ?? null,
        perKeyConcurrency: limits.perKeyConcurrency ?? null,
        rate: limits.rate ?? null,
        perSeconds: limits.per === undefined ? null : durationMs(limits.per) / 1000,
      })
    );
  }
}

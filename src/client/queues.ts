import { configureKey, configureQueue, listQueues, type QueueInfo } from "../db/calls/queues.ts";
import { type Duration, durationMs } from "../shared/duration.ts";
import {
  checkArgument,
  checkShape,
  COUNT,
  DURATION_ABOVE_ZERO,
  InvalidOptionError,
  KEY,
  NAME,
  OBJECT,
  type PauseOptions,
  type Shape,
} from "../define/mod.ts";
import { fits } from "../shared/options.ts";
import type { ClientCore } from "./core.ts";
import { pause, resume } from "./pauses.ts";

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

const QUEUE_LIMITS: Shape = {
  concurrency: COUNT,
  perKeyConcurrency: COUNT,
  rate: COUNT,
  per: DURATION_ABOVE_ZERO,
  perKeyRate: COUNT,
  perKeyPer: DURATION_ABOVE_ZERO,
  fair: { kind: "own", wanted: '"key"', fits: (value) => value === "key" },
  weights: {
    kind: "own",
    wanted: "an object with a whole number of at least 1 for each key",
    fits: (value) =>
      OBJECT.fits(value) &&
      Object.entries(value as object).every(([key, turns]) => fits(KEY, key) && COUNT.fits(turns)),
  },
};
const KEY_LIMITS: Shape = { concurrency: COUNT, rate: COUNT, per: DURATION_ABOVE_ZERO, weight: COUNT };

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

  /** Keeps workers from claiming from a queue; what runs goes on. False: it was paused already. */
  async pause(queue: string, options: PauseOptions = {}): Promise<boolean> {
    checkQueue(queue, "queues.pause()");
    return await pause(this.#core, { kind: "queue", name: queue }, options, "queues.pause()");
  }

  /** Lets workers claim from a queue again. False: it was not paused. */
  async resume(queue: string): Promise<boolean> {
    checkQueue(queue, "queues.resume()");
    return await resume(this.#core, { kind: "queue", name: queue });
  }

  /** Sets the limits of a queue. */
  async configure(queue: string, limits: QueueLimits): Promise<void> {
    checkQueue(queue, "queues.configure()");
    checkShape(limits, QUEUE_LIMITS, { where: "queues.configure()" });
    checkPeriods(limits, [["per", "rate"], ["perKeyPer", "perKeyRate"]], "queues.configure()");
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
    checkQueue(queue, "queues.configureKey()", key);
    checkShape(limits, KEY_LIMITS, { where: "queues.configureKey()" });
    checkPeriods(limits, [["per", "rate"]], "queues.configureKey()");
    await this.#core.retried(() =>
      configureKey(this.#core.engine, { queue, key }, {
        concurrency: limits.concurrency ?? null,
        rate: limits.rate ?? null,
        perSeconds: seconds(limits.per),
        weight: limits.weight ?? null,
      })
    );
  }

  /** Keeps workers from claiming what has one concurrency key; what runs goes on. False: it was paused already. */
  async pauseKey(queue: string, key: string, options: PauseOptions = {}): Promise<boolean> {
    checkQueue(queue, "queues.pauseKey()", key);
    return await pause(this.#core, { kind: "key", name: queue, key }, options, "queues.pauseKey()");
  }

  /** Lets workers claim what has a concurrency key again. False: it was not paused. */
  async resumeKey(queue: string, key: string): Promise<boolean> {
    checkQueue(queue, "queues.resumeKey()", key);
    return await resume(this.#core, { kind: "key", name: queue, key });
  }
}

function seconds(duration: Duration | undefined): number | null {
  return duration === undefined ? null : durationMs(duration) / 1000;
}

// A call about a whole queue has no second argument.
function checkQueue(queue: string, where: string, ...key: readonly string[]): void {
  checkArgument(queue, { argument: "queue", type: NAME, where });
  for (const value of key) checkArgument(value, { argument: "key", type: KEY, where });
}

// A time without what is counted in it would be no limit at all.
function checkPeriods<T extends object>(
  limits: T,
  pairs: readonly (readonly [period: keyof T & string, rate: keyof T & string])[],
  where: string,
): void {
  for (const [period, rate] of pairs) {
    if (limits[period] === undefined || limits[rate] !== undefined) continue;
    throw new InvalidOptionError(period, `${where}: "${period}" needs a "${rate}"`);
  }
}

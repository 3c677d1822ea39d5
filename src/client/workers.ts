import { drainWorker, readWorkers, resumeWorker, type WorkerInfo } from "../db/calls/state.ts";
import { ANY_STORED_TEXT, checkArgument, checkShape, type Shape } from "../define/mod.ts";
import type { ClientCore } from "./core.ts";

/** Why a worker is drained. */
export interface DrainOptions {
  /** Why, for the audit. */
  reason?: string;
}

const DRAIN: Shape = { reason: ANY_STORED_TEXT };

/** Workers: look, drain. */
export class Workers {
  readonly #core: ClientCore;

  /**
   * Made by the application.
   *
   * @param core what calls
   */
  constructor(core: ClientCore) {
    this.#core = core;
  }

  /** All workers that are or recently were alive. */
  async list(): Promise<readonly WorkerInfo[]> {
    return await this.#core.retried(() => readWorkers(this.#core.engine));
  }

  /**
   * A worker takes nothing new until `resume()`. It ends what it holds, and can be stopped when `running` is 0. Its workflows go on elsewhere.
   *
   * @param worker its id
   * @param options why
   * @returns false if it was draining already
   * @throws {UnknownNameError} there is no such worker
   *
   * @example Empty a worker before its machine is replaced
   * ```ts
   * import { Rhythm } from "@rhythm/core";
   *
   * async function empty(rhythm: Rhythm, name: string): Promise<void> {
   *   for (const worker of await rhythm.workers.list()) {
   *     if (worker.name === name) await rhythm.workers.drain(worker.id, { reason: "a new machine" });
   *   }
   * }
   * ```
   */
  async drain(worker: string, options: DrainOptions = {}): Promise<boolean> {
    checkWorker(worker, "workers.drain()");
    checkShape(options, DRAIN, { where: "workers.drain()" });
    return await this.#core.retried(() => drainWorker(this.#core.engine, worker, options.reason ?? null));
  }

  /** Lets a worker take what comes again. False: it was not draining. */
  async resume(worker: string): Promise<boolean> {
    checkWorker(worker, "workers.resume()");
    return await this.#core.retried(() => resumeWorker(this.#core.engine, worker));
  }
}

function checkWorker(worker: string, where: string): void {
  checkArgument(worker, { argument: "worker", type: { kind: "id" }, where });
}

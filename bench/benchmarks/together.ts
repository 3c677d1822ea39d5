import type { Stage } from "../bench.ts";
import { clock } from "../peer.ts";
import type { PeerProcess } from "../process.ts";

/** What some workers took together. */
export interface Together {
  /** From the start of the first handler until the database says that all are over. */
  readonly seconds: number;
  /** Connections a worker. */
  readonly connections: number;
}

/** Lets several workers do what is queued: from the start of the first. */
export async function together(stage: Stage, workers: readonly PeerProcess[]): Promise<Together> {
  await Promise.all(workers.map((worker) => worker.ask("startWorker")));
  return await measured(stage, workers);
}

/**
 * Lets workers do what comes in while they run already: connections and plans of their own, which each has to make, are
 * not counted.
 *
 * @param stage where
 * @param workers the workers
 * @param fill queues what they do; called twice, first to warm up
 */
export async function running(
  stage: Stage,
  workers: readonly PeerProcess[],
  fill: () => Promise<unknown>,
): Promise<Together> {
  await Promise.all(workers.map((worker) => worker.ask("startWorker")));
  await fill();
  await over(stage);
  await Promise.all(workers.map((worker) => worker.ask("forgetHits")));
  await fill();
  return await measured(stage, workers);
}

async function measured(stage: Stage, workers: readonly PeerProcess[]): Promise<Together> {
  await over(stage);
  const ended = clock();
  const connections = await stage.workerConnections() / workers.length;
  const begun = await Promise.all(workers.map((worker) => worker.ask<number | null>("firstHit")));
  await Promise.all(workers.map((worker) => worker.ask("stopWorker")));
  const first = Math.min(...begun.filter((time) => time !== null));
  return { seconds: (ended - first) / 1000, connections };
}

async function over(stage: Stage): Promise<void> {
  while (await stage.client.ask<number>("unfinished") > 0) await new Promise((go) => setTimeout(go, 3));
}

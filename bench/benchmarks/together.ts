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

/** Lets several workers do what is queued. */
export async function together(stage: Stage, workers: readonly PeerProcess[]): Promise<Together> {
  await Promise.all(workers.map((worker) => worker.ask("startWorker")));
  while (await stage.client.ask<number>("unfinished") > 0) await new Promise((go) => setTimeout(go, 3));
  const ended = clock();
  const connections = await stage.workerConnections() / workers.length;
  const begun = await Promise.all(workers.map((worker) => worker.ask<number | null>("firstHit")));
  await Promise.all(workers.map((worker) => worker.ask("stopWorker")));
  const first = Math.min(...begun.filter((time) => time !== null));
  return { seconds: (ended - first) / 1000, connections };
}

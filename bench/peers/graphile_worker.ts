import { Logger, makeWorkerUtils, run, type Runner } from "graphile-worker";
import postgres from "postgres";
import { clock, type MakePeer } from "../peer.ts";

const CHUNK = 5_000;
const silent = new Logger(() => () => {});

/** graphile-worker with what its page on performance asks for: local queue, completions in batches, jobs in bulk. */
export const makePeer: MakePeer = async ({ url, hit, arrived }) => {
  const utils = await makeWorkerUtils({ connectionString: url, logger: silent });
  const sql = postgres(url, { max: 1, onnotice: () => {} });
  let runner: Runner | undefined;
  return {
    name: "graphile-worker",
    setup: () => utils.migrate(),
    startWorker: async () => {
      runner = await run({
        connectionString: url,
        noHandleSignals: true,
        logger: silent,
        preset: {
          worker: {
            concurrentJobs: 24,
            maxPoolSize: 10,
            pollInterval: 2_000,
            localQueue: { size: 1_000 },
            completeJobBatchDelay: 0,
            failJobBatchDelay: 0,
          },
        },
        taskList: {
          noop: () => hit(),
          stamped: (payload) => arrived((payload as { sentAt: number }).sentAt),
        },
      });
    },
    stopWorker: async () => await runner?.stop(),
    enqueue: async (count) => {
      for (let left = count; left > 0; left -= CHUNK) {
        const jobs = Array.from({ length: Math.min(CHUNK, left) }, () => ({
          identifier: "noop",
          payload: { n: 1 },
        }));
        await utils.addJobs(jobs);
      }
    },
    enqueueStamped: async () => void await utils.addJob("stamped", { sentAt: clock() }),
    unfinished: async () => {
      const [row] = await sql<{ left: number }[]>`
        select count(*)::int as left from (select from graphile_worker._private_jobs limit 1) as j`;
      return row!.left;
    },
    close: async () => {
      await utils.release();
      await sql.end({ timeout: 5 });
    },
  };
};

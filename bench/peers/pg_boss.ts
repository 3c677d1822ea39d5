import { PgBoss } from "pg-boss";
import postgres from "postgres";
import { clock, type MakePeer } from "../peer.ts";

const CHUNK = 5_000;

/** pg-boss with LISTEN/NOTIFY, jobs in bulk, and handlers that take a thousand jobs at once. */
export const makePeer: MakePeer = ({ url, hit, arrived }) => {
  const sql = postgres(url, { max: 1, onnotice: () => {} });
  const made = (): PgBoss =>
    new PgBoss({ connectionString: url, max: 10, useListenNotify: true, supervise: false, schedule: false });
  let client: PgBoss | undefined;
  let worker: PgBoss | undefined;
  const open = async (): Promise<PgBoss> => {
    if (client === undefined) {
      client = made();
      client.on("error", () => {});
      await client.start();
    }
    return client;
  };
  return {
    name: "pg-boss",
    setup: async () => {
      const boss = await open();
      await boss.createQueue("noop", { notify: true });
      await boss.createQueue("stamped", { notify: true });
    },
    startWorker: async () => {
      worker = made();
      worker.on("error", () => {});
      await worker.start();
      const options = { batchSize: 1_000, pollingIntervalSeconds: 0.5, burstWhenBatchFull: true };
      await worker.work("noop", options, (jobs) => {
        for (const _ of jobs) hit();
        return Promise.resolve();
      });
      await worker.work<{ sentAt: number }>("stamped", options, (jobs) => {
        for (const { data } of jobs) arrived(data.sentAt);
        return Promise.resolve();
      });
    },
    stopWorker: async () => await worker?.stop({ graceful: true }),
    enqueue: async (count) => {
      const boss = await open();
      for (let left = count; left > 0; left -= CHUNK) {
        await boss.insert("noop", Array.from({ length: Math.min(CHUNK, left) }, () => ({ data: { n: 1 } })));
      }
    },
    enqueueStamped: async () => void await (await open()).send("stamped", { sentAt: clock() }),
    unfinished: async () => {
      const [row] = await sql<{ left: number }[]>`
        select count(*)::int as left from (select from pgboss.job where state < 'completed' limit 1) as j`;
      return row!.left;
    },
    close: async () => {
      await client?.stop({ graceful: false });
      await sql.end({ timeout: 5 });
    },
  };
};

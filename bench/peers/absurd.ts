import { Absurd } from "absurd-sdk";
import postgres from "postgres";
import { clock, type MakePeer } from "../peer.ts";

const AT_ONCE = 50;

/** Absurd: its SDK from npm, its SQL from the file that `ABSURD_SQL` names. */
export const makePeer: MakePeer = ({ url, hit, arrived }) => {
  const file = Deno.env.get("ABSURD_SQL");
  if (file === undefined) throw new Error("ABSURD_SQL does not say where Absurd's absurd.sql is");
  const sql = postgres(url, { max: 1, onnotice: () => {} });
  const app = new Absurd({ db: url, queueName: "bench" });
  app.registerTask({ name: "noop" }, () => Promise.resolve(hit()));
  app.registerTask({ name: "stamped" }, ({ sentAt }: { sentAt: number }) => Promise.resolve(arrived(sentAt)));
  app.registerTask({ name: "steps" }, async (_params, ctx) => {
    for (let n = 0; n < 10; n++) {
      await ctx.step(`step-${n}`, () => {
        hit();
        return Promise.resolve(n);
      });
    }
    return "done";
  });
  let worker: Awaited<ReturnType<typeof app.startWorker>> | undefined;

  async function startMany(name: string, count: number): Promise<void> {
    let left = count;
    const lane = async (): Promise<void> => {
      while (left-- > 0) await app.spawn(name, {});
    };
    await Promise.all(Array.from({ length: AT_ONCE }, lane));
  }

  return {
    name: "Absurd",
    setup: async () => {
      await sql.file(file);
      await app.createQueue("bench");
    },
    startWorker: async () => {
      worker = await app.startWorker({ concurrency: 100, batchSize: 100, pollInterval: 0.01 });
    },
    stopWorker: async () => await worker?.close(),
    enqueue: (count) => startMany("noop", count),
    enqueueStamped: async () => void await app.spawn("stamped", { sentAt: clock() }),
    startSteps: (count) => startMany("steps", count),
    unfinished: async () => {
      const [row] = await sql<{ left: number }[]>`
        select count(*)::int as left from (
          select from absurd.t_bench where state in ('pending', 'running', 'sleeping') limit 1) as t`;
      return row!.left;
    },
    close: async () => {
      await app.close();
      await sql.end({ timeout: 5 });
    },
  };
};

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
  // A task may await only what is in another queue.
  const nursery = new Absurd({ db: url, queueName: "children" });
  nursery.registerTask({ name: "child" }, () => Promise.resolve(1));
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
  app.registerTask({ name: "fan_out" }, async ({ children }: { children: number }, ctx) => {
    const ids = await ctx.step("spawn", async () => await startMany(nursery, "child", { count: children }));
    const ends = ids.map((id) => ctx.awaitTaskResult(id, { queue: "children", stepName: id }));
    return (await Promise.all(ends)).length;
  });
  app.registerTask({ name: "sleeper" }, async ({ ms }: { ms: number }, ctx) => {
    const due = await ctx.step("due", () => Promise.resolve(Date.now() + ms));
    await ctx.sleepFor("nap", ms / 1000);
    return Date.now() - due;
  });
  app.registerTask(
    { name: "waiter" },
    async ({ event }: { event: string }, ctx) => await ctx.awaitEvent(event),
  );
  let workers: Awaited<ReturnType<typeof app.startWorker>>[] = [];

  async function startMany(
    owner: Absurd,
    name: string,
    { count, params = {} }: { count: number; params?: Record<string, number> },
  ): Promise<string[]> {
    const ids: string[] = [];
    let left = count;
    const lane = async (): Promise<void> => {
      while (left-- > 0) ids.push((await owner.spawn(name, params)).taskID);
    };
    await Promise.all(Array.from({ length: AT_ONCE }, lane));
    return ids;
  }

  async function resultOf(id: string): Promise<unknown> {
    const end = await app.awaitTaskResult(id);
    if (end.state !== "completed") throw new Error(`Absurd's task ended as ${end.state}`);
    return end.result;
  }

  return {
    name: "Absurd",
    setup: async () => {
      await sql.file(file);
      await app.createQueue("bench");
      await app.createQueue("children");
    },
    startWorker: async () => {
      const options = { concurrency: 100, batchSize: 100, pollInterval: 0.01 };
      workers = [await app.startWorker(options), await nursery.startWorker(options)];
    },
    stopWorker: async () => void await Promise.all(workers.map((worker) => worker.close())),
    enqueue: async (count) => void await startMany(app, "noop", { count }),
    enqueueStamped: async () => void await app.spawn("stamped", { sentAt: clock() }),
    runTask: async () => void await resultOf((await app.spawn("noop", {})).taskID),
    startSteps: async (count) => void await startMany(app, "steps", { count }),
    fanOut: async (children) => void await resultOf((await app.spawn("fan_out", { children })).taskID),
    sleepers: async (count, ms) => {
      const ids = await startMany(app, "sleeper", { count, params: { ms } });
      await new Promise((go) => setTimeout(go, ms));
      const late: number[] = [];
      const lane = async (): Promise<void> => {
        for (let id = ids.pop(); id !== undefined; id = ids.pop()) late.push(await resultOf(id) as number);
      };
      await Promise.all(Array.from({ length: AT_ONCE }, lane));
      return late;
    },
    waiting: async () => {
      const event = crypto.randomUUID();
      const { taskID } = await app.spawn("waiter", { event });
      while ((await app.fetchTaskResult(taskID))?.state !== "sleeping") {
        await new Promise((go) => setTimeout(go, 5));
      }
      return async () => {
        await app.emitEvent(event, "now");
        await resultOf(taskID);
      };
    },
    unfinished: async () => {
      const [row] = await sql<{ left: number }[]>`
        select count(*)::int as left from (
          select from absurd.t_bench where state in ('pending', 'running', 'sleeping') limit 1) as t`;
      return row!.left;
    },
    close: async () => {
      await Promise.all([app.close(), nursery.close()]);
      await sql.end({ timeout: 5 });
    },
  };
};

import { DBOS, DBOSClient } from "@dbos-inc/dbos-sdk";
import postgres from "postgres";
import { clock, type MakePeer } from "../peer.ts";

const AT_ONCE = 50;
const QUICKLY = { pollingIntervalMs: 10 };

/** DBOS with LISTEN/NOTIFY, a pool of 20, and a queue that looks ten times a second. */
export const makePeer: MakePeer = ({ url, hit, arrived }) => {
  const sql = postgres(url, { max: 1, onnotice: () => {} });
  const late: number[] = [];
  DBOS.setConfig({
    name: "bench",
    systemDatabaseUrl: url,
    systemDatabasePoolSize: 20,
    useListenNotify: true,
    applicationVersion: "1",
    logLevel: "error",
  });
  const noop = DBOS.registerWorkflow(() => Promise.resolve(hit()), { name: "noop" });
  const child = DBOS.registerWorkflow(() => Promise.resolve(1), { name: "child" });
  DBOS.registerWorkflow((sentAt: number) => Promise.resolve(arrived(sentAt)), { name: "stamped" });
  DBOS.registerWorkflow(async () => {
    for (let n = 0; n < 10; n++) {
      await DBOS.runStep(() => {
        hit();
        return Promise.resolve(n);
      }, { name: "step" });
    }
  }, { name: "steps" });
  DBOS.registerWorkflow(async (children: number) => {
    const handles = await Promise.all(Array.from({ length: children }, () => DBOS.startWorkflow(child)()));
    return (await Promise.all(handles.map((handle) => handle.getResult()))).length;
  }, { name: "fan_out" });
  DBOS.registerWorkflow(async (ms: number) => {
    const due = await DBOS.runStep(() => Promise.resolve(Date.now() + ms), { name: "due" });
    await DBOS.sleep(ms);
    return Date.now() - due;
  }, { name: "sleeper" });
  DBOS.registerWorkflow(async () => await DBOS.recv("go", 60), { name: "waiter" });
  void noop;

  let made: DBOSClient | undefined;
  const client = async (): Promise<DBOSClient> =>
    made ??= await DBOSClient.create({ systemDatabaseUrl: url });
  const start = async <Result>(workflowName: string, ...args: unknown[]) =>
    await (await client()).enqueue<(...args: unknown[]) => Promise<Result>>(
      { workflowName, queueName: "bench", appVersion: "1" },
      ...args,
    );

  async function startMany(workflowName: string, count: number, ...args: unknown[]): Promise<
    Awaited<ReturnType<typeof start>>[]
  > {
    const handles: Awaited<ReturnType<typeof start>>[] = [];
    let left = count;
    const lane = async (): Promise<void> => {
      while (left-- > 0) handles.push(await start(workflowName, ...args));
    };
    await Promise.all(Array.from({ length: AT_ONCE }, lane));
    return handles;
  }

  return {
    name: "DBOS",
    setup: async () => {
      await DBOS.launch();
      await DBOS.shutdown();
    },
    startWorker: async () => {
      late.length = 0;
      await DBOS.launch();
      await DBOS.registerQueue("bench", { workerConcurrency: 500, minPollingIntervalMs: 10 });
    },
    stopWorker: async () => await DBOS.shutdown({ workflowCompletionTimeoutMS: 5_000 }),
    enqueue: async (count) => void await startMany("noop", count),
    enqueueStamped: async () => void await start("stamped", clock()),
    runTask: async () => void await (await start("noop")).getResult(QUICKLY),
    startSteps: async (count) => void await startMany("steps", count),
    fanOut: async (children) => void await (await start("fan_out", children)).getResult(QUICKLY),
    sleepers: async (count, ms) => {
      const handles = await startMany("sleeper", count, ms);
      return await Promise.all(handles.map(async (handle) => await handle.getResult(QUICKLY) as number));
    },
    waiting: async () => {
      const handle = await start("waiter");
      await new Promise((go) => setTimeout(go, 100));
      return async () => {
        await (await client()).send(handle.workflowID, "now", "go");
        await handle.getResult(QUICKLY);
      };
    },
    unfinished: async () => {
      const [row] = await sql<{ left: number }[]>`
        select count(*)::int as left from (
          select from dbos.workflow_status where status in ('ENQUEUED', 'PENDING', 'DELAYED') limit 1) as w`;
      return row!.left;
    },
    close: async () => {
      await made?.destroy();
      await sql.end({ timeout: 5 });
    },
  };
};

import { OpenWorkflow } from "openworkflow";
import { BackendPostgres } from "openworkflow/postgres";
import postgres from "postgres";
import { clock, type MakePeer } from "../peer.ts";

const AT_ONCE = 50;

/** OpenWorkflow on its Postgres backend; a worker of a hundred workflows at once. */
export const makePeer: MakePeer = async ({ url, hit, arrived }) => {
  const sql = postgres(url, { max: 1, onnotice: () => {} });
  const backend = await BackendPostgres.connect(url, { namespaceId: "bench" });
  const open = new OpenWorkflow({ backend });
  const noop = open.defineWorkflow({ name: "noop" }, () => hit());
  const child = open.defineWorkflow({ name: "child" }, () => 1);
  const stamped = open.defineWorkflow({ name: "stamped" }, ({ input }: { input: { sentAt: number } }) => {
    arrived(input.sentAt);
  });
  const steps = open.defineWorkflow({ name: "steps" }, async ({ step }) => {
    for (let n = 0; n < 10; n++) {
      await step.run({ name: `step-${n}` }, () => {
        hit();
        return n;
      });
    }
  });
  const fanOut = open.defineWorkflow({ name: "fan_out" }, async (
    { input, step }: {
      input: { children: number };
      step: Parameters<Parameters<typeof open.defineWorkflow>[1]>[0]["step"];
    },
  ) => {
    const runs = Array.from(
      { length: input.children },
      (_, n) => step.runWorkflow(child.workflow.spec, undefined, { name: `child-${n}` }),
    );
    return (await Promise.all(runs)).length;
  });
  let worker: ReturnType<typeof open.newWorker> | undefined;

  async function startMany(count: number, one: () => Promise<unknown>): Promise<void> {
    let left = count;
    const lane = async (): Promise<void> => {
      while (left-- > 0) await one();
    };
    await Promise.all(Array.from({ length: AT_ONCE }, lane));
  }

  return {
    name: "OpenWorkflow",
    setup: () => Promise.resolve(),
    startWorker: async () => {
      worker = open.newWorker({ concurrency: 100 });
      await worker.start();
    },
    stopWorker: async () => await worker?.stop(),
    enqueue: (count) => startMany(count, () => noop.run()),
    enqueueStamped: async () => void await stamped.run({ sentAt: clock() }),
    runTask: async () => void await (await noop.run()).result(),
    startSteps: (count) => startMany(count, () => steps.run()),
    fanOut: async (children) => void await (await fanOut.run({ children })).result(),
    unfinished: async () => {
      const [row] = await sql<{ left: number }[]>`
        select count(*)::int as left from (
          select from openworkflow.workflow_runs where status in ('pending', 'running', 'sleeping') limit 1) as r`;
      return row!.left;
    },
    close: async () => {
      await backend.stop();
      await sql.end({ timeout: 5 });
    },
  };
};

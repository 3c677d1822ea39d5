import { type AppWorker, Rhythm } from "../../mod.ts";
import { step, workflow } from "../../src/steps/mod.ts";
import postgres from "postgres";
import { unfinished } from "./unfinished.ts";
import type { MakePeer } from "../peer.ts";

const CHUNK = 1_000;

/** Rhythm's code-first workflows: the same engine and worker as the flows of {@link ./rhythm.ts}. */
export const makePeer: MakePeer = ({ url, hit }) => {
  const one = step("step", (_ctx, n: number) => {
    hit();
    return n;
  });
  const steps = workflow("steps", async (ctx) => {
    for (let n = 0; n < 10; n++) await one.with({ key: n })(ctx, n);
    return "done";
  });
  const sql = postgres(url, { max: 1, onnotice: () => {} });
  let rhythm: Rhythm | undefined;
  const open = async (): Promise<Rhythm> =>
    rhythm ??= await Rhythm.init({ databaseUrl: url, workflows: [steps], log: { level: "error" } });
  let worker: AppWorker | undefined;
  let working: Promise<void> | undefined;

  return {
    name: "Rhythm, code-first",
    setup: async () => void await open(),
    startWorker: async () => {
      worker = (await open()).worker({ concurrency: 2_000 });
      working = worker.run();
    },
    stopWorker: async () => {
      await worker?.stop();
      await working;
    },
    startSteps: async (count) => {
      const app = await open();
      for (let left = count; left > 0; left -= CHUNK) {
        const requests = Array.from({ length: Math.min(CHUNK, left) }, () => ({
          type: "workflow" as const,
          target: "steps",
          inputs: {},
        }));
        await app.executions.createMany(requests);
      }
    },
    unfinished: () => unfinished(sql, worker),
    close: async () => {
      await rhythm?.close();
      await sql.end({ timeout: 5 });
    },
  };
};

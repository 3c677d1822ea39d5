import { deepStrictEqual as equal, strictEqual as same } from "node:assert/strict";
import postgres from "postgres";
import { Rhythm, task } from "../../mod.ts";
import { onEmbedded, privateCluster } from "../support/database.ts";
import { until } from "../support/until.ts";

const double = task({ name: "double" }, ({ n }: { n: number }) => n * 2);
const flows = [
  { name: "doubled", source: `return await Task.run("double", { n: Inputs.n })` },
  { name: "told", source: `return (await Signal.next("go")).by` },
];

Deno.test({
  name: "start, queue, signal and cancel in a transaction that is prepared, with rhythm.notify off",
  ignore: onEmbedded,
  fn: async () => {
    const cluster = await privateCluster(["max_prepared_transactions = 10"]);
    const sql = postgres(cluster.url, { max: 1, onnotice: () => {} });
    try {
      await using rhythm = await Rhythm.init({
        databaseUrl: cluster.url,
        tasks: [double],
        flows,
        log: { level: "silent" },
      });
      await using worker = rhythm.worker();
      const working = worker.run();
      const told = await rhythm.workflows.start("told");
      const unwanted = await rhythm.workflows.start("told");
      await until(async () =>
        (await sql`select from rhythm.executions where status = 'suspended'`).length === 2
      );

      const prepared = async (name: string, notify: "on" | "off"): Promise<Record<string, string>> => {
        await sql.unsafe(`begin; set local rhythm.notify = ${notify}`);
        try {
          const [ids] = await sql<Record<string, string>[]>`
            select rhythm.queue('double', '{"n": 1}') as task, rhythm.start('doubled', '{"n": 2}') as workflow,
              rhythm.signal(${told.id}, 'go', '{"by": "Ada"}')::text as signal, rhythm.cancel(${unwanted.id}, 'enough')::text as cancelled`;
          await sql.unsafe(`prepare transaction '${name}'`);
          return ids!;
        } catch (error) {
          await sql.unsafe("rollback");
          throw error;
        }
      };
      // Postgres refuses one that has told a worker, which it has as soon as the worker sleeps.
      await until(async () => {
        try {
          await prepared("told", "on");
          await sql.unsafe("rollback prepared 'told'");
          return false;
        } catch (error) {
          same((error as { code: string }).code, "0A000");
          return true;
        }
      });

      const gone = await prepared("dropped", "off");
      await sql.unsafe("rollback prepared 'dropped'");
      same(
        (await sql`select from rhythm.executions where id in (${gone.task!}, ${gone.workflow!})`).length,
        0,
      );

      const ids = await prepared("kept", "off");
      same((await sql`select from rhythm.executions where id = ${ids.task!}`).length, 0);
      await sql.unsafe("commit prepared 'kept'");
      const ends = await Promise.all(
        [ids.task!, ids.workflow!, told.id, unwanted.id].map((id) =>
          rhythm.executions.wait(id, { timeout: "30s" })
        ),
      );
      equal(ends.map(({ status, output }) => [status, output ?? null]), [
        ["completed", 2],
        ["completed", 4],
        ["completed", "Ada"],
        ["cancelled", null],
      ]);
      equal([...await sql`select * from rhythm.check()`], []);
      await worker.stop();
      await working;
    } finally {
      await sql.end();
      await cluster.stop();
    }
  },
});

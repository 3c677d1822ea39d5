import postgres from "postgres";
import { type Benchmark, less, more, type Sample } from "../bench.ts";
import { drains } from "./drained.ts";

/** Another session keeps a transaction open, so that nothing that ends can be cleaned up. */
export const b10: Benchmark = {
  name: "B10",
  title: "B1 while a transaction has been open for 200,000 tasks",
  needs: ["enqueue"],
  alone: true,
  mostRounds: 1,
  async round(stage, { tiny, onProgress }): Promise<Sample[]> {
    const count = tiny ? 100 : 20_000;
    const tell = (speed: number): void => onProgress(`B10 ${speed.toFixed(0)} /s`);
    const before = await drains(stage, { count, times: tiny ? 1 : 4, tell });
    const sql = postgres(stage.url, { max: 1, onnotice: () => {} });
    const holder = await sql.reserve();
    await holder`begin isolation level repeatable read`;
    await holder`select count(*) from rhythm.flow`;
    onProgress("B10 a transaction stays open from here on");
    await drains(stage, { count, times: tiny ? 1 : 8, tell });
    const after = await drains(stage, { count, times: tiny ? 1 : 3, tell });
    await holder`commit`;
    holder.release();
    await sql.end();
    return [
      more("tasks", "/s", after.speed),
      more("to the speed before", "", after.speed / before.speed),
      less("server CPU per task", "µs", after.serverMicros),
      less("server CPU to before", "", after.serverMicros / before.serverMicros),
      less("dead rows left", "", count * 11),
    ];
  },
};

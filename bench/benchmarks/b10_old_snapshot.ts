import postgres from "postgres";
import { type Benchmark, less, more, type Sample } from "../bench.ts";
import { drain } from "./b9_growth.ts";

/** Another session keeps a transaction open, so that nothing that ends can be cleaned up. */
export const b10: Benchmark = {
  name: "B10",
  title: "B1 while a transaction has been open for 200,000 tasks",
  needs: ["enqueue"],
  alone: true,
  async round(stage, { tiny }): Promise<Sample[]> {
    const count = tiny ? 100 : 20_000;
    const before = await drain(stage, count);
    const sql = postgres(stage.url, { max: 1, onnotice: () => {} });
    const holder = await sql.reserve();
    await holder`begin isolation level repeatable read`;
    await holder`select count(*) from rhythm.flow`;
    let last = 0;
    for (let n = 0; n < 10; n++) last = await drain(stage, count);
    await holder`commit`;
    holder.release();
    await sql.end();
    return [
      more("tasks", "/s", last),
      more("to the speed before", "", last / before),
      less("dead rows left", "", count * 10),
    ];
  },
};

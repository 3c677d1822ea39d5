import { type Benchmark, less, type Sample } from "../bench.ts";
import { type Life, LIVES } from "../session/lives.ts";
import { plus, type Used } from "../session/session.ts";

/** What a task costs the server from its creation until nothing of it is left. */
export const b17: Benchmark = {
  name: "B17",
  title: "a task's whole life in one session: create in bulk, claim, end, purge",
  needs: [],
  alone: false,
  peers: Object.keys(LIVES),
  async round(stage, { tiny }): Promise<Sample[]> {
    const count = tiny ? 200 : 20_000;
    const life = await LIVES[stage.file]!(stage.url);
    try {
      // The first tasks leave room in the tables for what comes and goes; what then grows is what is kept.
      await life.create(count);
      await life.work();
      await life.session.sql.unsafe("vacuum");
      const before = await heap(life);
      const created = await life.session.used(() => life.create(count));
      const worked = await life.session.used(() => life.work());
      // What came and went leaves room for the next; only what is kept makes the tables longer.
      await life.session.sql.unsafe("vacuum");
      const after = await heap(life);
      let gone = 0;
      const purged = await life.session.used(async () => {
        gone = await life.purge?.() ?? 1;
      });
      // Empty tables are cut to nothing: the next round begins as this one did.
      await life.session.sql.unsafe("vacuum");
      const whole = plus(each(created, count), plus(each(worked, count), each(purged, gone)));
      return [
        less("server CPU", "µs", whole.cpuSeconds * 1e6),
        less("WAL", "B", whole.walBytes),
        ...part("create", each(created, count)),
        ...part("claim and end", each(worked, count)),
        ...part("purge", life.purge === undefined ? { cpuSeconds: NaN, walBytes: NaN } : each(purged, gone)),
        less("heap of a finished task", "B", (after - before) / count),
      ];
    } finally {
      await life.close();
    }
  },
};

async function heap({ session, schema }: Life): Promise<number> {
  return schema === undefined ? NaN : await session.heap(schema);
}

function each({ cpuSeconds, walBytes }: Used, count: number): Used {
  return { cpuSeconds: cpuSeconds / count, walBytes: walBytes / count };
}

function part(name: string, { cpuSeconds, walBytes }: Used): Sample[] {
  return [less(`${name}: CPU`, "µs", cpuSeconds * 1e6), less(`${name}: WAL`, "B", walBytes)];
}

import assert from "node:assert/strict";
import { benchmarks } from "../bench/benchmarks/mod.ts";
import { Stage } from "../bench/bench.ts";
import { chart } from "../bench/chart.ts";
import { openPlace } from "../bench/place.ts";
import { type Figure, runBenchmark } from "../bench/run.ts";
import { table } from "../bench/table.ts";
import { percentile, short, spread } from "../bench/numbers.ts";

// Nothing here asserts a time: that every benchmark still runs, and measures what it names.
Deno.test({
  name: "bench: every benchmark runs, tiny, with Rhythm and the SQL floor",
  ignore: Deno.env.get("RHYTHM_TEST_PG") === "pglite",
  sanitizeOps: false,
  sanitizeResources: false,
}, async (t) => {
  const place = await openPlace();
  const stages = await Promise.all(["rhythm", "floor"].map((peer) => Stage.open(place, peer)));
  const figures: Figure[] = [];
  try {
    for (const benchmark of benchmarks) {
      await t.step(benchmark.name, async () => {
        const told: string[] = [];
        const found = await runBenchmark(place, benchmark, {
          peers: ["rhythm", "floor"],
          rounds: 1,
          tiny: true,
          onProgress: (line) => told.push(line),
          stages,
        });
        const ours = found.filter(({ peer }) => peer === "rhythm");
        assert.ok(ours.length > 0, told.join("\n"));
        for (const { measure, median } of ours) assert.ok(Number.isFinite(median), `${measure} is ${median}`);
        assert.match(table(benchmark.title, found), /rhythm/);
        figures.push(...found);
      });
    }
    assert.match(chart(figures), /^<svg [^]*<\/svg>\n$/);
  } finally {
    await Promise.all(stages.map((stage) => stage.close()));
    await place.close();
  }
});

Deno.test("spread() gives the median with the smallest and the largest", () => {
  assert.deepEqual(spread([3, 1, 2]), { median: 2, min: 1, max: 3 });
  assert.deepEqual(spread([4, 1, 2, 3]), { median: 2.5, min: 1, max: 4 });
});

Deno.test("percentile() gives the value below which a share lies", () => {
  const values = Array.from({ length: 100 }, (_, n) => n);
  assert.equal(percentile(values, 0.5), 50);
  assert.equal(percentile(values, 0.99), 99);
  assert.equal(percentile([7], 0.99), 7);
});

Deno.test("short() keeps three digits", () => {
  assert.deepEqual([12_345, 1_234, 12.345, 0.1234, NaN].map(short), ["12.3k", "1234", "12.3", "0.123", "–"]);
});

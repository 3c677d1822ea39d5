import assert from "node:assert/strict";
import { benchmarks } from "../bench/benchmarks/mod.ts";
import { Stage } from "../bench/bench.ts";
import { chart } from "../bench/chart.ts";
import { openPlace } from "../bench/place.ts";
import { judge, MUSTS } from "../bench/musts.ts";
import { type Figure, runBenchmark } from "../bench/run.ts";
import { beside, table } from "../bench/table.ts";
import { percentile, short, spread } from "../bench/numbers.ts";

// Nothing here asserts a time: that every benchmark still runs, and measures what it names.
Deno.test({
  name: "bench: every benchmark runs, tiny, with Rhythm, its workflows in code and the SQL floor",
  ignore: Deno.env.get("RHYTHM_TEST_PG") === "pglite",
  sanitizeOps: false,
  sanitizeResources: false,
}, async (t) => {
  const place = await openPlace();
  const peers = ["rhythm", "rhythm_code", "floor"];
  const stages = await Promise.all(peers.map((peer) => Stage.open(place, { peer, countMs: 0 })));
  const figures: Figure[] = [];
  try {
    for (const benchmark of benchmarks) {
      await t.step(benchmark.name, async () => {
        const told: string[] = [];
        const found = await runBenchmark(place, benchmark, {
          peers,
          rounds: 1,
          tiny: true,
          minutes: 1,
          onProgress: (line) => told.push(line),
          stages,
        });
        const ours = found.filter(({ peer }) => peer === "rhythm");
        assert.ok(ours.length > 0, told.join("\n"));
        for (const { measure, median } of ours) assert.ok(Number.isFinite(median), `${measure} is ${median}`);
        for (const { measure, peer } of MUSTS.filter((must) => must.benchmark === benchmark.name)) {
          const theirs = found.filter((figure) => figure.peer === (peer ?? "rhythm"));
          assert.ok(theirs.some((figure) => figure.measure === measure), `nobody measures ${measure}`);
        }
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

function figure(peer: string, median: number, about: Partial<Figure> = {}): Figure {
  const spread = { median, min: median, max: median, rounds: [median] };
  return { benchmark: "B1", peer, measure: "tasks", unit: "/s", better: "more", ...spread, ...about };
}

Deno.test("judge() says what must be reached, and whether it is", () => {
  const steps = { benchmark: "B4", measure: "steps" };
  assert.equal(judge([figure("rhythm", 12), figure("graphile_worker", 10)]), "≥ 1.20 × graphile_worker: yes");
  assert.equal(judge([figure("rhythm", 11), figure("graphile_worker", 10)]), "≥ 1.20 × graphile_worker: no");
  assert.equal(judge([figure("rhythm", 11)]), "≥ 1.20 × graphile_worker");
  assert.equal(
    judge([figure("rhythm", 19_999, steps), figure("rhythm_code", 12_000, steps)]),
    "≥ 20.0k: no, rhythm_code ≥ 12.0k: yes",
  );
  assert.equal(judge([figure("floor", 12)]), "");
});

Deno.test("table() leaves out columns and cells without figures", () => {
  const WAL = { measure: "WAL per task", unit: "B", better: "less" } as const;
  const figures = [
    figure("rhythm", 12),
    figure("restate", 2),
    figure("floor", 24),
    figure("rhythm", 480, WAL),
    figure("restate", NaN, WAL),
  ];
  assert.equal(
    table("B1", figures),
    `B1
                 rhythm  restate  floor  Rhythm to the best peer  to the floor                      must
tasks/s            12.0     2.00   24.0                   6.00 ×        0.50 ×  ≥ 1.20 × graphile_worker
WAL per task, B     480                                                                       ≤ 900: yes
`,
  );
  assert.equal(
    table("alone", [figure("rhythm", 12, { benchmark: "B9" })]),
    "alone\n         rhythm\ntasks/s    12.0\n",
  );
});

Deno.test("table() compares with another checkout of Rhythm, which is no peer", () => {
  const figures = [
    figure("rhythm", 12, { benchmark: "B9" }),
    figure("rhythm_before", 8, { benchmark: "B9" }),
  ];
  assert.equal(
    table("B9", figures),
    "B9\n         rhythm  rhythm_before  to before\ntasks/s    12.0           8.00     1.50 ×\n",
  );
});

Deno.test("beside() shows the figures that were kept with their ratio to the new ones", () => {
  const date = "2026-11-21T13:17:58.027Z";
  const kept = [figure("rhythm", 10), figure("floor", NaN), figure("rhythm", 1, { measure: "gone" })];
  const figures = [figure("rhythm", 12), figure("rhythm_before", 9), figure("floor", 24)];
  assert.equal(
    beside("B1", figures, { date, figures: kept }),
    `B1 beside the run of 2026-11-21 in bench/results.json
                     rhythm         rhythm_before
tasks  10.0 → 12.0 = 1.20 ×  10.0 → 9.00 = 0.90 ×
`,
  );
  assert.equal(
    beside("B17", [], { date, figures: kept }),
    "B17 beside the run of 2026-11-21 in bench/results.json: it has no figures of it\n",
  );
});

Deno.test("chart() leaves out who has no figure, and says when and where", () => {
  const run = { date: "2026-11-21T13:17:58.027Z", machine: "2 × A & B", server: "PostgreSQL" };
  const svg = chart([figure("rhythm", 12), figure("restate", NaN), figure("floor", 24)], run);
  assert.deepEqual(
    [...svg.matchAll(/<text[^>]*>([^<]*)</g)].map(([, words]) => words),
    [
      "B1: 20,000 queued no-op tasks, one worker: tasks a second, more is better",
      "Rhythm",
      "12.0",
      "SQL floor",
      "24.0",
      "2026-11-21; 2 × A &amp; B; PostgreSQL",
    ],
  );
});

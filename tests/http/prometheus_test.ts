import { strictEqual as same } from "node:assert/strict";
import { renderMetrics } from "../../src/http/prometheus.ts";

Deno.test("renderMetrics() writes counters with escaped labels", () => {
  const text = renderMetrics([{
    name: "jobs_total",
    help: "Jobs\nby queue",
    type: "counter",
    samples: [{ labels: { queue: 'a"b\\c\n' }, value: 3 }, { value: Infinity }],
  }]);
  same(
    text,
    '# HELP jobs_total Jobs\\nby queue\n# TYPE jobs_total counter\njobs_total{queue="a\\"b\\\\c\\n"} 3\njobs_total +Inf\n',
  );
});

Deno.test("renderMetrics() cumulates the buckets of a histogram", () => {
  const text = renderMetrics([{
    name: "t_seconds",
    help: "T",
    type: "histogram",
    distributions: [{ labels: { op: "x" }, bounds: [0.1, 1], counts: [2, 3, 1], sum: 4.5 }],
  }]);
  same(
    text,
    [
      "# HELP t_seconds T",
      "# TYPE t_seconds histogram",
      't_seconds_bucket{op="x",le="0.1"} 2',
      't_seconds_bucket{op="x",le="1"} 5',
      't_seconds_bucket{op="x",le="+Inf"} 6',
      't_seconds_sum{op="x"} 4.5',
      't_seconds_count{op="x"} 6',
      "",
    ].join("\n"),
  );
});

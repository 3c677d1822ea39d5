/**
 * Draws the figures of a run: a block a benchmark, a bar a peer.
 *
 *     deno run -A --config=bench/deno.json bench/chart.ts bench/results.json docs/benchmark.svg
 *
 * @module
 */
import { short } from "./numbers.ts";
import type { Figure } from "./run.ts";

/** The figure that stands for a benchmark, and what it says. */
const HEADS: Readonly<Record<string, readonly [measure: string, title: string]>> = {
  B1: ["tasks", "20,000 queued no-op tasks, one worker: tasks a second"],
  B2: ["tasks", "20,000 tasks enqueued in bulk: tasks a second"],
  B3: ["start p50", "an idle worker starts what comes in: ms, median"],
  B4: ["steps", "500 workflows of 10 steps, one worker: steps a second"],
  B5: ["until the result", "one parent awaits 1,000 children: seconds"],
  B6: ["p50", "2,000 workflows sleep 3 s: late by ms, median"],
  B7: ["p50", "signal until the waiting workflow's result is seen: ms, median"],
};
const NAMES: Readonly<Record<string, string>> = {
  rhythm: "Rhythm",
  rhythm_code: "Rhythm, in code",
  graphile_worker: "graphile-worker",
  pg_boss: "pg-boss",
  dbos: "DBOS",
  openworkflow: "OpenWorkflow",
  absurd: "Absurd",
  restate: "Restate",
  floor: "SQL floor",
};
const COLOURS: Readonly<Record<string, string>> = {
  rhythm: "#2f6f4f",
  rhythm_code: "#6aa886",
  floor: "#b9b9b9",
};
const [WIDTH, LEFT, BAR, GAP] = [760, 140, 14, 30];

/** What a run says of itself. */
export interface Run {
  /** When. */
  readonly date: string;
  /** On what machine. */
  readonly machine: string;
  /** With which server. */
  readonly server: string;
}

/** The chart as SVG; peers without a figure are left out. */
export function chart(figures: readonly Figure[], run?: Run): string {
  const lines: string[] = [];
  let y = 0;
  for (const [benchmark, [measure, title]] of Object.entries(HEADS)) {
    const rows = figures.filter((figure) =>
      figure.benchmark === benchmark && figure.measure === measure && Number.isFinite(figure.median)
    );
    if (rows.length === 0) continue;
    y += GAP;
    lines.push(text(10, y, `${benchmark}: ${title}, ${rows[0]!.better} is better`, ' font-weight="bold"'));
    const longest = Math.max(...rows.map(({ median }) => median));
    for (const { peer, median } of rows) {
      y += BAR + 4;
      const width = Math.max(1, median / longest * (WIDTH - LEFT - 70));
      lines.push(text(20, y, NAMES[peer] ?? peer));
      lines.push(
        `<rect x="${LEFT}" y="${y - 11}" width="${width.toFixed(1)}" height="${BAR}" fill="${
          COLOURS[peer] ?? "#7a9cc6"
        }"/>`,
      );
      lines.push(text(LEFT + width + 6, y, short(median)));
    }
  }
  if (run !== undefined) {
    y += GAP;
    lines.push(text(10, y, `${run.date.slice(0, 10)}; ${run.machine}; ${run.server}`, ' font-size="10"'));
  }
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${
    y + 16
  }" font-family="sans-serif" font-size="12" role="img">
<title>Rhythm beside its peers</title>
<rect width="100%" height="100%" fill="#ffffff"/>
${lines.join("\n")}
</svg>
`;
}

function text(x: number, y: number, words: string, more = ""): string {
  const safe = words.replaceAll("&", "&amp;").replaceAll("<", "&lt;");
  return `<text x="${x.toFixed(1)}" y="${y}"${more} fill="#222222">${safe}</text>`;
}

if (import.meta.main) {
  const [from = "bench/results.json", to = "docs/benchmark.svg"] = Deno.args;
  const { figures, ...run } = JSON.parse(await Deno.readTextFile(from)) as Run & { figures: Figure[] };
  await Deno.writeTextFile(to, chart(figures, run));
}

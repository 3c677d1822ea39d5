/**
 * Draws the figures of a run: one row of bars a benchmark, each peer against the best.
 *
 *     deno run -A bench/chart.ts bench/results.json docs/benchmark.svg
 *
 * @module
 */
import { short } from "./numbers.ts";
import type { Figure } from "./run.ts";

const HEAD_FIGURES: Readonly<Record<string, string>> = {
  B1: "tasks",
  B2: "tasks",
  B3: "start p50",
  B4: "steps",
  B5: "until the result",
  B6: "p50",
  B7: "p50",
};
const COLOURS: Readonly<Record<string, string>> = { rhythm: "#2f6f4f", floor: "#b9b9b9" };
const [WIDTH, LEFT, BAR, GAP] = [760, 170, 14, 26];

/** The chart as SVG. */
export function chart(figures: readonly Figure[]): string {
  const lines: string[] = [];
  let y = 10;
  for (const [benchmark, measure] of Object.entries(HEAD_FIGURES)) {
    const rows = figures.filter((figure) => figure.benchmark === benchmark && figure.measure === measure);
    if (rows.length === 0) continue;
    const { unit, better } = rows[0]!;
    y += GAP;
    lines.push(
      text(
        10,
        y,
        `${benchmark}: ${measure}${unit === "/s" ? " a second" : ` in ${unit}`}, ${better} is better`,
        "bold",
      ),
    );
    const longest = Math.max(...rows.map(({ median }) => median));
    for (const { peer, median } of rows) {
      y += BAR + 4;
      const width = Math.max(1, median / longest * (WIDTH - LEFT - 90));
      lines.push(text(20, y, peer, "normal"));
      lines.push(
        `<rect x="${LEFT}" y="${y - 11}" width="${width.toFixed(1)}" height="${BAR}" fill="${
          COLOURS[peer] ?? "#7a9cc6"
        }"/>`,
      );
      lines.push(text(LEFT + width + 6, y, short(median), "normal"));
    }
  }
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${
    y + 20
  }" font-family="sans-serif" font-size="12">
<rect width="100%" height="100%" fill="#ffffff"/>
${lines.join("\n")}
</svg>
`;
}

function text(x: number, y: number, words: string, weight: string): string {
  return `<text x="${x.toFixed(1)}" y="${y}" font-weight="${weight}" fill="#222222">${words}</text>`;
}

if (import.meta.main) {
  const [from = "bench/results.json", to = "docs/benchmark.svg"] = Deno.args;
  const { figures } = JSON.parse(await Deno.readTextFile(from)) as { figures: Figure[] };
  await Deno.writeTextFile(to, chart(figures));
}

import { short } from "./numbers.ts";
import type { Figure } from "./run.ts";

/** The figures of one benchmark as a table: a line a measure, a column a peer, ratios to Rhythm's best peer. */
export function table(title: string, figures: readonly Figure[]): string {
  const peers = [...new Set(figures.map(({ peer }) => peer))];
  const measures = [...new Set(figures.map(({ measure }) => measure))];
  const rows = [["", ...peers, "Rhythm to the best peer", "to the floor"]];
  for (const measure of measures) {
    const of = (peer: string): Figure | undefined =>
      figures.find((figure) => figure.peer === peer && figure.measure === measure);
    const ours = of("rhythm");
    const sample = ours ?? figures.find((figure) => figure.measure === measure)!;
    rows.push([
      sample.unit === "" || sample.unit === "/s" ? `${measure}${sample.unit}` : `${measure}, ${sample.unit}`,
      ...peers.map((peer) => cell(of(peer))),
      ratio(ours, best(peers.filter((peer) => !peer.startsWith("rhythm") && peer !== "floor").map(of))),
      ratio(ours, of("floor")),
    ]);
  }
  const widths = rows[0]!.map((_, column) => Math.max(...rows.map((row) => row[column]!.length)));
  const line = (row: string[]): string =>
    row.map((text, column) => column === 0 ? text.padEnd(widths[0]!) : text.padStart(widths[column]!)).join(
      "  ",
    );
  return `${title}\n${rows.map(line).join("\n")}\n`;
}

function cell(figure: Figure | undefined): string {
  if (figure === undefined) return "";
  const { median, min, max } = figure;
  return figure.rounds.length === 1 ? short(median) : `${short(median)} (${short(min)}–${short(max)})`;
}

function best(figures: readonly (Figure | undefined)[]): Figure | undefined {
  const there = figures.filter((figure) => figure !== undefined);
  return there.sort((a, b) => a.better === "more" ? b.median - a.median : a.median - b.median)[0];
}

function ratio(ours: Figure | undefined, other: Figure | undefined): string {
  if (ours === undefined || other === undefined || other.median === 0) return "";
  return `${(ours.median / other.median).toFixed(2)} ×`;
}

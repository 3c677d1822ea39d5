import { judge } from "./musts.ts";
import { short } from "./numbers.ts";
import type { Figure } from "./run.ts";

/**
 * The figures of one benchmark as a table: a line a measure, a column a peer, ratios to Rhythm's best peer, and what must be
 * reached. Columns without any figure are left out.
 */
export function table(title: string, figures: readonly Figure[]): string {
  const peers = [...new Set(figures.map(({ peer }) => peer))];
  const measures = [...new Set(figures.map(({ measure }) => measure))];
  const rows = [["", ...peers, "to before", "Rhythm to the best peer", "to the floor", "must"]];
  for (const measure of measures) {
    const of = (peer: string): Figure | undefined =>
      figures.find((figure) => figure.peer === peer && figure.measure === measure);
    const ours = of("rhythm");
    const sample = ours ?? figures.find((figure) => figure.measure === measure)!;
    rows.push([
      sample.unit === "" || sample.unit === "/s" ? `${measure}${sample.unit}` : `${measure}, ${sample.unit}`,
      ...peers.map((peer) => cell(of(peer))),
      ratio(ours, of("rhythm_before")),
      ratio(ours, best(peers.filter((peer) => !peer.startsWith("rhythm") && peer !== "floor").map(of))),
      ratio(ours, of("floor")),
      judge(figures.filter((figure) => figure.measure === measure)),
    ]);
  }
  return `${title}\n${aligned(rows)}\n`;
}

/** A run that was kept. */
export interface LastRun {
  /** When it was. */
  readonly date: string;
  /** Its figures. */
  readonly figures: readonly Figure[];
}

/** The figures of one benchmark beside those that were kept: `old → new = ratio`, a column a peer. */
export function beside(
  benchmark: string,
  figures: readonly Figure[],
  { date, figures: kept }: LastRun,
): string {
  const old = ({ peer, measure }: Figure): Figure | undefined =>
    kept.find((figure) =>
      figure.benchmark === benchmark && figure.measure === measure &&
      figure.peer === peer.replace(/_before$/, "") &&
      Number.isFinite(figure.median)
    );
  const peers = [...new Set(figures.map(({ peer }) => peer))];
  const rows = [["", ...peers]];
  for (const measure of new Set(figures.map(({ measure }) => measure))) {
    const cells = peers.map((peer) => {
      const now = figures.find((figure) => figure.peer === peer && figure.measure === measure);
      const then = now === undefined ? undefined : old(now);
      if (now === undefined || then === undefined || !Number.isFinite(now.median)) return "";
      return `${short(then.median)} → ${short(now.median)} = ${ratio(now, then)}`;
    });
    if (cells.some((cell) => cell !== "")) rows.push([measure, ...cells]);
  }
  const head = `${benchmark} beside the run of ${date.slice(0, 10)} in bench/results.json`;
  return rows.length === 1 ? `${head}: it has no figures of it\n` : `${head}\n${aligned(rows)}\n`;
}

function aligned(all: readonly string[][]): string {
  const filled = all[0]!.map((_, column) => all.slice(1).some((row) => row[column] !== ""));
  const rows = all.map((row) => row.filter((_, column) => filled[column]));
  const widths = rows[0]!.map((_, column) => Math.max(...rows.map((row) => row[column]!.length)));
  const line = (row: string[]): string =>
    row.map((text, column) => column === 0 ? text.padEnd(widths[0]!) : text.padStart(widths[column]!)).join(
      "  ",
    );
  return rows.map(line).join("\n");
}

function cell(figure: Figure | undefined): string {
  if (figure === undefined || !Number.isFinite(figure.median)) return "";
  const { median, min, max } = figure;
  return figure.rounds.length === 1 ? short(median) : `${short(median)} (${short(min)}–${short(max)})`;
}

function best(figures: readonly (Figure | undefined)[]): Figure | undefined {
  const there = figures.filter((figure) =>
    figure !== undefined && Number.isFinite(figure.median)
  ) as Figure[];
  return there.sort((a, b) => a.better === "more" ? b.median - a.median : a.median - b.median)[0];
}

function ratio(ours: Figure | undefined, other: Figure | undefined): string {
  if (ours === undefined || other === undefined) return "";
  if (other.median === 0 || !Number.isFinite(other.median)) return "";
  return `${(ours.median / other.median).toFixed(2)} ×`;
}

import { heat } from "../../client/heat.ts";
import { systemClock } from "../../runtime/clock.ts";
import type { Call, CommonOptions } from "../command.ts";
import { tellCount, tellDuration } from "../format.ts";
import { openSession } from "../session.ts";
import { cut } from "../table.ts";

/** Which version and time, as flags say it. */
export interface HeatFlags extends CommonOptions {
  since?: Date;
  to?: number;
}

const COLUMNS = ["came", "p50", "p95", "failed", "retried"];

/** Prints the text of a flow, with what happened at each line. */
export async function showHeat({ options, terminal, args, json }: Call<HeatFlags>): Promise<void> {
  await using session = await openSession(options);
  const { since, to: version } = options;
  const filter = { ...(since !== undefined && { since }), ...(version !== undefined && { version }) };
  const found = await heat(session.core, args[0]!, filter, new Date(systemClock.now()));
  if (json) return terminal.print(JSON.stringify(found));
  const { paint } = terminal;
  const byLine = new Map(found.lines.map((one) => [one.line, one]));
  const time = (ms: number | null): string => ms === null ? "" : tellDuration(ms);
  const text = found.source.trimEnd().split(/\r?\n/);
  const cells = text.map((_, index) => {
    const one = byLine.get(index + 1);
    const some = (count: number): string => count === 0 ? "" : tellCount(count);
    return one === undefined
      ? COLUMNS.map(() => "")
      : [some(one.came), time(one.p50Ms), time(one.p95Ms), some(one.failed), some(one.retried)];
  });
  const widths = COLUMNS.map((name, at) => Math.max(name.length, ...cells.map((row) => row[at]!.length)));
  const digits = String(text.length).length;
  const row = (figures: readonly string[]): string =>
    figures.map((cell, at) => cell.padStart(widths[at]!)).join("  ");
  terminal.print(paint("bold", `${row(COLUMNS)}  ${found.name} version ${found.version}`));
  const room = terminal.isTerminal
    ? terminal.columns - widths.reduce((sum, one) => sum + one + 2, 0) - digits - 3
    : Infinity;
  text.forEach((line, index) => {
    const one = byLine.get(index + 1);
    const figures = row(cells[index]!);
    const style = one === undefined ? "quiet" : one.failed > 0 ? "bad" : one.retried > 0 ? "warn" : "busy";
    const number = paint("quiet", String(index + 1).padStart(digits));
    terminal.print(`${paint(style, figures)}  ${number} │ ${cut(line, Math.max(10, room))}`.trimEnd());
  });
  if (found.lines.length === 0) terminal.say("nothing waited or failed there in that time");
}

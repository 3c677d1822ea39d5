import { stateStyle, tellDuration, tellTime } from "../format.ts";
import { cut } from "../table.ts";
import type { Terminal } from "../terminal.ts";
import { nameOf, type Placed } from "./render_tree.ts";

const NAME = 24;
const MOST = 40;

/** When each execution of a tree waited (`·`) and was at work (`━`), one line each, on one scale. */
export function renderTimeline(placed: readonly Placed[], terminal: Terminal, now: Date): string[] {
  const { paint } = terminal;
  const shown = placed.slice(0, MOST);
  const begin = Math.min(...shown.map(({ execution }) => execution.createdAt.getTime()));
  const end = Math.max(
    ...shown.map(({ execution }) => (execution.completedAt ?? now).getTime()),
    begin + 1,
  );
  const width = Math.max(20, Math.min(80, terminal.columns - NAME - 16));
  const at = (time: Date): number => Math.round(((time.getTime() - begin) / (end - begin)) * width);
  const lines = shown.map((one) => {
    const { execution, branch } = one;
    const { createdAt, completedAt, status } = execution;
    // A workflow is at work from its creation on: what is stored is when a worker took it last.
    const startedAt = execution.type === "workflow" && status !== "pending" ? createdAt : execution.startedAt;
    const from = Math.min(at(createdAt), width - 1);
    const to = Math.max(at(completedAt ?? now), from + 1);
    const begun = startedAt === null ? to : Math.min(Math.max(at(startedAt), from), to);
    const start = Math.min(begun, to - (startedAt === null ? 0 : 1));
    const open = completedAt === null ? "╌" : "━";
    const drawn = " ".repeat(from) + paint("quiet", "·".repeat(start - from)) +
      paint(stateStyle(status), open.repeat(to - start));
    const name = cut(`${branch}${nameOf(one)}`, NAME).padEnd(NAME);
    return `  ${paint("quiet", name)} ${drawn}`.trimEnd();
  });
  const left = tellTime(new Date(begin), now);
  const right = tellDuration(end - begin);
  const scale = `${left}${right.padStart(Math.max(width - left.length, right.length + 1))}`;
  const more = placed.length > MOST ? [paint("quiet", `  … and ${placed.length - MOST} more`)] : [];
  return [paint("quiet", `  ${" ".repeat(NAME)} ${scale}`), ...lines, ...more];
}

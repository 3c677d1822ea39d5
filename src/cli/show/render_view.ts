import type { Execution } from "../../define/mod.ts";
import { errorLines } from "../error_lines.ts";
import {
  brief,
  glyph,
  stateStyle,
  tellDuration,
  tellProgress,
  tellSince,
  tellTime,
  tellTries,
} from "../format.ts";
import type { Terminal } from "../terminal.ts";
import type { ExecutionView } from "./read_view.ts";
import { listedStep } from "../steps.ts";
import { renderSource, renderVariables, renderWaits } from "./render_position.ts";
import { renderObstacles } from "./render_reasons.ts";
import { renderTimeline } from "./render_timeline.ts";
import { placeInTree, renderTree } from "./render_tree.ts";

/** So many alike children have a line each. */
const ALIKE = 4;

/** Draws everything about an execution. */
export function renderView(
  view: ExecutionView,
  terminal: Terminal,
  options: { full: boolean; now: Date },
): string {
  const { execution, position, waits } = view;
  const { cancelReason } = execution;
  const { now, full } = options;
  const { paint } = terminal;
  const placed = placeInTree(execution, [...view.tree, ...view.steps.map(listedStep)], {
    most: full ? Infinity : ALIKE,
  });
  const status = execution.frozenStatus ?? execution.status;
  const isOver = ["completed", "failed", "cancelled"].includes(status);
  const fibres = isOver ? [] : position?.fibres ?? [];
  const sourceTitle = position === null ? "" : `Source · ${position.name} version ${position.version}`;
  const sections: [title: string, lines: string[]][] = [
    ["", [...heading(execution, terminal, now), ...renderObstacles(view.reasons, terminal)]],
    ["Tree", placed.length > 1 ? renderTree(placed, terminal, now) : []],
    ["Timeline", renderTimeline(placed, terminal, now)],
    [sourceTitle, renderSource(view, terminal, { full })],
    ["Variables", fibres.length === 0 ? [] : renderVariables(fibres, terminal, { full })],
    ["Waits for", renderWaits(waits, terminal, now)],
    ["Progress", isOver || execution.progress === null ? [] : [`  ${tellProgress(execution.progress)}`]],
    ["Checkpoint", execution.checkpoint === null ? [] : [`  ${value(execution.checkpoint, terminal, full)}`]],
    ["Inputs", [`  ${value(execution.inputs, terminal, full)}`]],
    ["Output", status === "completed" ? [`  ${value(execution.output, terminal, full)}`] : []],
    ...(cancelReason === null ? [] : [cancelled(status, cancelReason)]),
    [
      status === "failed" ? "Error" : "Last error",
      execution.error === null ? [] : errorLines(execution.error, terminal, { full }),
    ],
  ];
  return sections.filter(([, lines]) => lines.length > 0)
    .map(([title, lines]) => [...(title === "" ? [] : [paint("bold", title)]), ...lines].join("\n"))
    .join("\n\n");
}

function heading(execution: Execution, terminal: Terminal, now: Date): string[] {
  const { paint } = terminal;
  const { id, type, target, status, frozenStatus, queue, createdAt, completedAt, parentId } = execution;
  const since = completedAt === null
    ? `created ${tellSince(createdAt, now)}`
    : `after ${tellDuration(completedAt.getTime() - createdAt.getTime())}`;
  const facts = [
    `queue ${queue}`,
    tellTries(execution),
    `created ${tellTime(createdAt, now)}`,
    ...(completedAt === null ? [] : [`ended ${tellTime(completedAt, now)}`]),
    ...(execution.runAt !== null && execution.runAt > now ? [`runs ${tellSince(execution.runAt, now)}`] : []),
    ...(completedAt === null && execution.attempt === 0 && execution.expiresAt !== null
      ? [`expires ${tellSince(execution.expiresAt, now)}`]
      : []),
    ...(Object.keys(execution.metadata).length === 0 ? [] : [`metadata ${brief(execution.metadata, 50)}`]),
  ];
  return [
    `${glyph(status, terminal)} ${type} ${paint("bold", target)} ${paint(stateStyle(status), status)}${
      frozenStatus === null ? "" : ` ${frozenStatus}`
    } ${since}`,
    paint("quiet", id),
    paint("quiet", facts.join(" · ")),
    ...(parentId === null ? [] : [paint("quiet", `child of ${parentId}`)]),
  ];
}

function cancelled(status: Execution["status"], reason: string): [title: string, lines: string[]] {
  return [status === "cancelled" ? "Cancelled" : "Is being cancelled", [`  ${reason}`]];
}

function value(given: unknown, terminal: Terminal, full: boolean): string {
  return full
    ? JSON.stringify(given, null, 2).replaceAll("\n", "\n  ")
    : brief(given, Math.max(40, terminal.columns - 4));
}

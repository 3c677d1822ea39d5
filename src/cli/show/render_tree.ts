import { glyph, stateStyle, tellDuration, tellProgress, tellTries } from "../format.ts";
import type { Listed } from "../steps.ts";
import type { Terminal } from "../terminal.ts";

/** An execution or a step, with its place in the tree. */
export interface Placed {
  /** The execution or step. */
  execution: Listed;
  /** The lines that lead to it: `│  ├─ `. */
  branch: string;
}

const MOST = 200;

/** Brings executions and steps into the order of a tree, with its lines. */
export function placeInTree(root: Listed, all: readonly Listed[]): Placed[] {
  const children = new Map<string, Listed[]>();
  for (const one of all.toSorted((a, b) => a.createdAt.getTime() - b.createdAt.getTime())) {
    if (one.parentId === null || one.id === root.id) continue;
    const siblings = children.get(one.parentId);
    if (siblings === undefined) children.set(one.parentId, [one]);
    else siblings.push(one);
  }
  const placed: Placed[] = [];
  const visit = (execution: Listed, branch: string, below: string): void => {
    placed.push({ execution, branch });
    const under = children.get(execution.id) ?? [];
    under.forEach((child, index) => {
      const last = index === under.length - 1;
      visit(child, below + (last ? "└─ " : "├─ "), below + (last ? "   " : "│  "));
    });
  };
  visit(root, "", "");
  return placed;
}

/** The tree of executions, each with its state, how long it took and its attempts. */
export function renderTree(placed: readonly Placed[], terminal: Terminal, now: Date): string[] {
  const { paint } = terminal;
  const shown = placed.slice(0, MOST);
  const width = Math.max(
    ...shown.map(({ execution, branch }) => branch.length + execution.targetName.length),
  );
  const lines = shown.map(({ execution, branch }) => {
    const { targetName, status, attempt, createdAt, completedAt, type } = execution;
    const space = " ".repeat(width - branch.length - targetName.length);
    const took = tellDuration((completedAt ?? now).getTime() - createdAt.getTime());
    const name = type === "workflow" ? paint("name", targetName) : targetName;
    const tries = attempt > 1 ? paint("warn", `  ${tellTries(execution)}`) : "";
    const id = paint("quiet", type === "step" ? "step" : execution.id);
    const state = paint(stateStyle(status), status.padEnd(9));
    const isNews = completedAt === null && execution.progress !== null;
    const progress = isNews ? paint("busy", `  ${tellProgress(execution.progress)}`) : "";
    return `  ${paint("quiet", branch)}${glyph(status, terminal)} ${name}${space}  ${state} ${
      took.padStart(9)
    }  ${id}${tries}${progress}`;
  });
  if (placed.length > MOST) lines.push(paint("quiet", `  … and ${placed.length - MOST} more`));
  return lines;
}

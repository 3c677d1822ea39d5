import { brief, glyph, stateStyle, tellDuration, tellProgress, tellTries } from "../format.ts";
import { widthOf } from "../redraw.ts";
import { shortId } from "../short_id.ts";
import type { Listed } from "../steps.ts";
import { cut } from "../table.ts";
import type { Terminal } from "../terminal.ts";

/** An execution or a step, or many that are alike, with its place in the tree. */
export interface Placed {
  /** The execution or step; of many that are alike the first one, with the time from the first to the last. */
  execution: Listed;
  /** The lines that lead to it: `│  ├─ `. */
  branch: string;
  /** All of them, where they are many. */
  crowd?: readonly Listed[];
}

const MOST = 200;
const NARROW = 100;
const LEAST_INPUTS = 12;
const LEAST_NAME = 12;
/** What a line has beside the name and the id: its margin, the sign, the state and how long it took. */
const BESIDE = "  ✔ ".length + "  completed ".length + 9 + 2;

/**
 * Brings executions and steps into the order of a tree, with its lines.
 *
 * @param root the uppermost
 * @param all it and all below it
 * @param options `most`: so many alike children without children of their own have a line each; more become one
 */
export function placeInTree(root: Listed, all: readonly Listed[], { most }: { most: number }): Placed[] {
  const children = new Map<string, Listed[]>();
  for (const one of all.toSorted((a, b) => a.createdAt.getTime() - b.createdAt.getTime())) {
    if (one.parentId === null || one.id === root.id) continue;
    const siblings = children.get(one.parentId);
    if (siblings === undefined) children.set(one.parentId, [one]);
    else siblings.push(one);
  }
  const placed: Placed[] = [];
  const visit = (crowd: readonly Listed[], branch: string, below: string): void => {
    const [execution] = crowd;
    if (crowd.length > 1) return void placed.push({ execution: joined(crowd), branch, crowd });
    placed.push({ execution: execution!, branch });
    const hasChildren = (id: string): boolean => children.has(id);
    const under = crowds(children.get(execution!.id) ?? [], { most, hasChildren });
    under.forEach((child, index) => {
      const last = index === under.length - 1;
      visit(child, below + (last ? "└─ " : "├─ "), below + (last ? "   " : "│  "));
    });
  };
  visit([root], "", "");
  return placed;
}

function crowds(
  siblings: readonly Listed[],
  { most, hasChildren }: { most: number; hasChildren: (id: string) => boolean },
): Listed[][] {
  const groups = Map.groupBy(siblings, (one) => {
    const { id, type, target, status, attempt } = one;
    return type !== "step" && hasChildren(id) ? id : JSON.stringify([type, target, status, attempt]);
  });
  return [...groups.values()].flatMap((group) => group.length <= most ? group.map((one) => [one]) : [group])
    .sort(([a], [b]) => a!.createdAt.getTime() - b!.createdAt.getTime());
}

function joined(crowd: readonly Listed[]): Listed {
  const time = (of: (one: Listed) => Date | null, choose: (...all: number[]) => number): Date | null => {
    const times = crowd.map(of);
    return times.some((at) => at === null) ? null : new Date(choose(...times.map((at) => at!.getTime())));
  };
  return {
    ...crowd[0]!,
    startedAt: time(({ startedAt }) => startedAt, Math.min),
    completedAt: time(({ completedAt }) => completedAt, Math.max),
    progress: null,
  };
}

/** The tree of executions, each with its state, how long it took, its attempts and what it was started with. */
export function renderTree(placed: readonly Placed[], terminal: Terminal, now: Date): string[] {
  const { paint } = terminal;
  const shown = placed.slice(0, MOST);
  const room = terminal.isTerminal ? terminal.columns - BESIDE - idRoom(shown, terminal) : Infinity;
  const width = Math.min(
    Math.max(...shown.map((one) => one.branch.length + nameOf(one).length)),
    Math.max(...shown.map((one) => one.branch.length + LEAST_NAME), room),
  );
  const lines = shown.map((one) => {
    const { execution, branch, crowd = [] } = one;
    const { status, attempt, createdAt, completedAt, type } = execution;
    const name = cut(nameOf(one), width - branch.length);
    const space = " ".repeat(width - branch.length - name.length);
    const took = tellDuration((completedAt ?? now).getTime() - createdAt.getTime());
    const painted = type === "workflow" ? paint("name", name) : name;
    const tries = attempt > 1 ? paint("warn", `  ${tellTries(execution)}`) : "";
    const id = crowd.length > 0 ? "" : paint("quiet", `  ${idOf(execution, terminal)}`);
    const state = paint(stateStyle(status), status.padEnd(9));
    const isNews = completedAt === null && execution.progress !== null;
    const progress = isNews ? paint("busy", `  ${tellProgress(execution.progress)}`) : "";
    const line = `  ${paint("quiet", branch)}${glyph(status, terminal)} ${painted}${space}  ${state} ${
      took.padStart(9)
    }${id}${tries}${progress}`;
    // Those of the root have a section of their own.
    if (branch === "" || type === "step") return line;
    return `${line}${inputsOf(one, { room: terminal.columns - widthOf(line) - 2, terminal })}`;
  });
  if (placed.length > MOST) lines.push(paint("quiet", `  … and ${placed.length - MOST} more`));
  return lines;
}

/** What it is called in a tree: `greet`, `greet ×500`. */
export function nameOf({ execution, crowd }: Placed): string {
  return crowd === undefined ? execution.target : `${execution.target} ×${crowd.length}`;
}

function idRoom(placed: readonly Placed[], terminal: Terminal): number {
  return Math.max(...placed.map(({ execution }) => idOf(execution, terminal).length));
}

function idOf({ type, id }: Listed, { columns }: Terminal): string {
  if (type === "step") return "step";
  return columns < NARROW ? shortId(id) : id;
}

// Of many: of the first and the last.
function inputsOf(
  { execution, crowd }: Placed,
  { room, terminal }: { room: number; terminal: Terminal },
): string {
  if (room < LEAST_INPUTS) return "";
  const last = crowd?.at(-1);
  const text = last === undefined
    ? brief(execution.inputs, room)
    : `${brief(execution.inputs, Math.floor((room - 3) / 2))} … ${
      brief(last.inputs, Math.floor((room - 3) / 2))
    }`;
  return text === "{}" ? "" : terminal.paint("quiet", `  ${text}`);
}

import type { HistoryItem, HistoryStep, PastState, RunsPart, StateChange } from "../client/history.ts";
import type { JsonValue } from "../shared/json.ts";
import type { Call } from "./command.ts";
import { EXIT } from "./exit_codes.ts";
import { brief, tellTime } from "./format.ts";
import { ID_OR_STEP, STEP_OR_TIME } from "./kinds.ts";
import { openSession } from "./session.ts";
import { shortId, wholeId } from "./short_id.ts";
import { renderMarkedSource, renderVariables } from "./show/render_position.ts";
import { table } from "./table.ts";
import type { Terminal } from "./terminal.ts";

/** Prints the steps of a workflow. */
export async function showHistory(call: Call<{ after: number; limit: number }>): Promise<void> {
  const { terminal, options } = call;
  await using session = await openSession(call.options);
  const id = await wholeId(session, call.args[0]!);
  const page = { after: options.after, limit: options.limit };
  const steps = await session.executions.history(id, page);
  if (call.json) return terminal.print(JSON.stringify({ id, steps }));
  if (steps.length === 0) return terminal.say("it has taken no step");
  terminal.print(table(
    steps.map((step) => [
      { text: String(step.step), style: "busy" },
      { text: tellTime(step.at), style: "quiet" },
      told(step),
      step.started.map(named).join(", "),
      linesOf(step),
    ]),
    {
      head: ["step", "time", "took", "started", "lines"],
      right: [0],
      flexible: [3, 2],
      optional: [1],
      least: 16,
    },
    terminal,
  ));
  if (steps.length === page.limit) terminal.say(`more: --after ${steps.at(-1)!.step}`);
}

/** What a step took, or what a person did, in a few words. */
export function told({ act, took, by, note }: HistoryStep): string {
  if (act !== "step") return `${act} by ${by}${note === null ? "" : `: ${note}`}`;
  return took.length === 0 ? "began" : took.map(named).join(", ");
}

/** What was taken or started, in a few words. */
export function named({ kind, name, status, asked }: HistoryItem): string {
  const what = name === undefined
    ? kind
    : kind === "signal" || kind === "signal to"
    ? `${asked ? "question" : kind} ${name}`
    : name;
  return status === undefined || status === "completed" ? what : `${what} (${status})`;
}

// A loop that goes round says little by its lines; equal ones are told once.
function linesOf({ from, to }: HistoryStep): string {
  const side = (lines: readonly number[]): string => [...new Set(lines)].join(" ") || "–";
  return `${side(from)} → ${side(to)}`;
}

/** Prints a workflow as it was after a step, or at a time. */
export async function showStateAt(call: Call<{ full?: boolean; at?: number | Date }>): Promise<void> {
  const { terminal, options } = call;
  await using session = await openSession(call.options);
  const id = await wholeId(session, call.args[0]!);
  const when = options.at ?? STEP_OR_TIME.read(call.args[1]!) as number | Date;
  const state = await session.executions.at(id, when);
  if (call.json) return terminal.print(JSON.stringify(state));
  terminal.print(stateLines(state, terminal, { full: options.full === true }).join("\n"));
}

/** A workflow as it was: the place in its text, its variables, what it asked for. */
export function stateLines(state: PastState, terminal: Terminal, { full }: { full: boolean }): string[] {
  const { paint } = terminal;
  const lines = [
    `${paint("name", `${state.flow} v${state.version}`)} ${
      paint("quiet", shortId(state.id))
    }  after step ${state.step}, ${tellTime(state.at)}: ${state.status}`,
  ];
  const marks = state.fibres.map(({ line, column }) => ({ line, column }));
  if (state.error?.at !== undefined) marks.push(state.error.at);
  const failed = state.error !== undefined;
  lines.push(...renderMarkedSource({ source: state.source, marks, failed, full }, terminal));
  if (state.error !== undefined) lines.push(paint("bad", `${state.error.type}: ${state.error.message}`));
  if (state.output !== undefined) {
    lines.push(`output = ${full ? JSON.stringify(state.output) : brief(state.output, 200)}`);
  }
  if (state.fibres.length > 0) lines.push("", ...renderVariables(state.fibres, terminal, { full }));
  if (state.started.length > 0) lines.push("", `  started ${state.started.map(named).join(", ")}`);
  return lines;
}

/** Prints what changed between two steps of a workflow, or where two workflows part. */
export async function showDifference(call: Call): Promise<number> {
  const { terminal, args } = call;
  await using session = await openSession(call.options);
  const id = await wholeId(session, args[0]!);
  const other = ID_OR_STEP.read(args[1]!) as string | number;
  if (typeof other === "number") {
    const [from, to] = [Number(args[1]), Number(args[2] ?? other + 1)];
    const changes = await session.executions.diff(id, from, to);
    if (call.json) terminal.print(JSON.stringify({ id, from, to, changes }));
    else {terminal.print(
        changes.flatMap((change) => changeLines(change, terminal)).join("\n") || "nothing changed",
      );}
    return changes.length === 0 ? EXIT.ok : EXIT.no;
  }
  const second = await wholeId(session, other);
  const part = await session.executions.diffRuns(id, second);
  if (call.json) terminal.print(JSON.stringify({ ids: [id, second], part }));
  else terminal.print(part === null ? "they do the same" : partLines(part, terminal).join("\n"));
  return part === null ? EXIT.ok : EXIT.no;
}

const WORDS = {
  took: "they took different things",
  started: "they asked for different things",
  state: "their states differ",
  end: "they ended differently",
};

function partLines(part: RunsPart, terminal: Terminal): string[] {
  const lines = part.lines.map((side) => [...new Set(side)].join(" ") || "–");
  const places = [...new Set(lines)];
  return [
    `They part at step ${part.step}, in ${places.length === 1 ? "line" : "lines"} ${places.join(" and ")}: ${
      part.differs.map((one) => WORDS[one]).join(", ")
    }`,
    ...part.changes.flatMap((change) => changeLines(change, terminal)),
  ];
}

/** What changed in one branch. */
export function changeLines({ function: name, line, variables }: StateChange, terminal: Terminal): string[] {
  const { paint } = terminal;
  const where = name === "main" || name === "" ? "the flow" : `${name}()`;
  const room = Math.max(20, Math.floor((terminal.columns - 30) / 2));
  const side = (value: JsonValue | undefined): string => value === undefined ? "–" : brief(value, room);
  const width = Math.max(0, ...Object.keys(variables).map(({ length }) => length));
  return [
    `${paint("bold", where)}: line ${line.from ?? "–"} → ${line.to ?? "–"}`,
    ...Object.entries(variables).map(([variable, { from, to }]) =>
      `  ${paint("name", variable.padEnd(width))}  ${paint("bad", side(from))} → ${paint("good", side(to))}`
    ),
  ];
}

import type { HistoryStep, PastState } from "../../client/history.ts";
import type { Call, CommonOptions } from "../command.ts";
import { Redraw } from "../redraw.ts";
import { openSession, type Session } from "../session.ts";
import { wholeId } from "../short_id.ts";
import { named, stateLines, told } from "../show_history.ts";

/** Where it begins, and how much is shown. */
export interface ReplayFlags extends CommonOptions {
  full?: boolean;
  at?: number | Date;
}

/** Steps through the past of a workflow: with keys on a terminal, else all its steps one below the other. */
export async function replay(call: Call<ReplayFlags>): Promise<void> {
  const { terminal, options, json } = call;
  await using session = await openSession(options);
  const id = await wholeId(session, call.args[0]!);
  const steps = (await allSteps(session, id)).filter(isShown);
  const states = new Map<number, PastState>();
  const stateAt = async ({ step }: HistoryStep): Promise<PastState> => {
    let state = states.get(step);
    if (state === undefined) states.set(step, state = await session.executions.at(id, step));
    return state;
  };
  if (json) {
    for (const step of steps) terminal.print(JSON.stringify(await stateAt(step)));
    return;
  }
  if (steps.length === 0) return terminal.say("it has no step that can be shown");
  const full = options.full === true;
  const draw = async (index: number): Promise<string[]> => [
    head(steps, index),
    ...stateLines(await stateAt(steps[index]!), terminal, { full }),
  ];
  if (!terminal.isTerminal || !terminal.canAsk) {
    for (let index = 0; index < steps.length; index++) terminal.print(`${(await draw(index)).join("\n")}\n`);
    return;
  }
  const first = options.at === undefined
    ? 0
    : placeOf(steps, (await session.executions.at(id, options.at)).step);
  await walk({
    first,
    count: steps.length,
    draw,
    redraw: new Redraw(terminal),
    help: terminal.paint("quiet", HELP),
  });
}

const HELP = "← → a step · PgUp PgDn ten · Home End · q quits";

interface Walk {
  readonly first: number;
  readonly count: number;
  readonly draw: (index: number) => Promise<string[]>;
  readonly redraw: Redraw;
  readonly help: string;
}

async function walk({ first, count, draw, redraw, help }: Walk): Promise<void> {
  let index = first;
  Deno.stdin.setRaw(true);
  try {
    redraw.show([help, "", ...await draw(index)].join("\n"));
    for await (const key of keys()) {
      const next = after(key, index, count);
      if (next === "end") break;
      if (next === index) continue;
      index = next;
      redraw.show([help, "", ...await draw(index)].join("\n"));
    }
  } finally {
    Deno.stdin.setRaw(false);
  }
  redraw.end((await draw(index)).join("\n"));
}

function after(key: string, index: number, count: number): number | "end" {
  const to = (wanted: number): number => Math.max(0, Math.min(count - 1, wanted));
  switch (key) {
    case "left":
      return to(index - 1);
    case "right":
      return to(index + 1);
    case "back":
      return to(index - 10);
    case "on":
      return to(index + 10);
    case "home":
      return 0;
    case "end":
      return count - 1;
    case "quit":
      return "end";
    default:
      return index;
  }
}

/** What terminals send, in both modes of their cursor keys. */
const KEYS: Record<string, string> = {
  "\x1b[D": "left",
  "\x1bOD": "left",
  "\x1b[A": "left",
  "\x1bOA": "left",
  h: "left",
  "\x1b[C": "right",
  "\x1bOC": "right",
  "\x1b[B": "right",
  "\x1bOB": "right",
  l: "right",
  " ": "right",
  "\x1b[5~": "back",
  "\x1b[6~": "on",
  "\x1b[H": "home",
  "\x1bOH": "home",
  "\x1b[1~": "home",
  "\x1b[F": "end",
  "\x1bOF": "end",
  "\x1b[4~": "end",
  q: "quit",
  Q: "quit",
  "\x03": "quit",
  "\x04": "quit",
};

// deno-lint-ignore no-control-regex
const KEY = /\x1b(?:\[[0-9;]*[A-Za-z~]|O[A-Za-z])|[^]/g;

// One read gives all that was typed meanwhile. A sequence that a slow line cuts in two is no key.
async function* keys(): AsyncGenerator<string> {
  const buffer = new Uint8Array(256);
  const decoder = new TextDecoder();
  for (;;) {
    const read = await Deno.stdin.read(buffer);
    if (read === null) return;
    for (const [key] of decoder.decode(buffer.subarray(0, read)).matchAll(KEY)) yield KEYS[key] ?? "";
  }
}

function head(steps: readonly HistoryStep[], index: number): string {
  const step = steps[index]!;
  const started = step.started.length === 0 ? "" : `, started ${step.started.map(named).join(", ")}`;
  return `${index + 1} of ${steps.length}: ${told(step)}${started}`;
}

/** The last step that is not after a number. */
function placeOf(steps: readonly HistoryStep[], step: number): number {
  return Math.max(0, steps.findLastIndex((one) => one.step <= step));
}

// A workflow in TypeScript has steps, and no states.
function isShown({ act, from, to, started, took }: HistoryStep): boolean {
  return act !== "step" || from.length + to.length + started.length > 0 || took.length === 0;
}

async function allSteps(session: Session, id: string): Promise<HistoryStep[]> {
  const steps: HistoryStep[] = [];
  for (let after = 0;;) {
    const page = await session.executions.history(id, { after, limit: 1_000 });
    steps.push(...page);
    if (page.length < 1_000) return steps;
    after = page.at(-1)!.step;
  }
}

import type { FailureHookFilter, FailureKind, FailureState } from "../define/mod.ts";
import { CliError } from "./cli_error.ts";
import type { Call, CommonOptions } from "./command.ts";
import { EXIT } from "./exit_codes.ts";
import { count, tellCount, tellTime } from "./format.ts";
import { readJsonObject } from "./json_text.ts";
import { openSession } from "./session.ts";
import { table } from "./table.ts";
import type { Style } from "./terminal.ts";

/** Which kinds, as flags say it. */
export interface FailureFlags extends CommonOptions {
  state?: FailureState[];
  target?: string;
  limit: number;
}

/** What is said of a kind. */
export interface FailureWords extends CommonOptions {
  note?: string;
}

/** What a hook starts, when, and for which executions, as flags say it. */
export interface HookFlags extends CommonOptions {
  task?: string;
  flow?: string;
  url?: string;
  secretFrom?: string;
  event?: "new" | "failed";
  queue?: string;
  type?: "task" | "workflow";
  target?: string;
  metadata?: string;
}

const STYLES: Record<FailureState, Style> = { new: "bad", known: "warn", resolved: "good", ignored: "quiet" };

/** Lists kinds of failures. */
export async function listFailures({ options, terminal, json }: Call<FailureFlags>): Promise<void> {
  await using session = await openSession(options);
  const { state, target, limit } = options;
  const failures = await session.failures.list({
    limit,
    ...(state === undefined ? {} : { state }),
    ...(target === undefined ? {} : { target }),
  });
  if (json) return terminal.print(JSON.stringify({ failures }));
  if (failures.length === 0) return terminal.say("there are no such failures");
  const rows = failures.map((kind) => [
    kind.fingerprint,
    { text: kind.state, style: STYLES[kind.state] },
    kind.target,
    tellCount(kind.count),
    tellCount(kind.failed),
    spark(kind.trend),
    tellTime(kind.lastAt),
    errorOf(kind),
  ]);
  const head = ["fingerprint", "state", "target", "count", "failed", "24 hours", "last", "error"];
  terminal.print(table(rows, { head, right: [3, 4], flexible: [7, 2], optional: [5, 6] }, terminal));
}

/** Shows a kind of failures. */
export async function showFailure({ options, terminal, json, args }: Call): Promise<number> {
  await using session = await openSession(options);
  const kind = await session.failures.get(args[0]!);
  if (kind === null) {
    throw new CliError(`no failure has the fingerprint ${args[0]}`, {
      exit: EXIT.notFound,
      hint: "`rhythm failures` shows those there are",
    });
  }
  if (json) {
    terminal.print(JSON.stringify(kind));
    return EXIT.ok;
  }
  const lines: [string, string][] = [
    ["target", `${kind.type} ${kind.target}`],
    ["error", errorOf(kind)],
    ["came", `${count(kind.count, "time")}; ${tellCount(kind.failed)} failed now`],
    ["first", tellTime(kind.firstAt)],
    ["last", tellTime(kind.lastAt)],
    ["24 hours", spark(kind.trend)],
    ...(kind.versions.length === 0 ? [] : [["versions", kind.versions.join(", ")] as [string, string]]),
    ["example", kind.exampleId],
    [
      "state",
      kind.changedAt === null
        ? kind.state
        : `${kind.state}; set by ${kind.changedBy}, ${tellTime(kind.changedAt)}`,
    ],
    ...(kind.note === null ? [] : [["note", kind.note] as [string, string]]),
  ];
  terminal.print(
    lines.map(([name, value]) => `${terminal.paint("quiet", name.padEnd(8))}  ${value}`).join("\n"),
  );
  return EXIT.ok;
}

/** Says what is known of a kind of failures. */
export async function setFailure(call: Call<FailureWords>, state: FailureState): Promise<number> {
  await using session = await openSession(call.options);
  const fingerprint = call.args[0]!;
  const { note } = call.options;
  const changed = await session.failures.set(fingerprint, state, note === undefined ? {} : { note });
  call.terminal.print(
    call.json
      ? JSON.stringify({ fingerprint, state, changed })
      : `${fingerprint} ${changed ? "is" : "was"} ${state}`,
  );
  return changed ? EXIT.ok : EXIT.no;
}

/** Lists hooks. */
export async function listHooks({ options, terminal, json }: Call): Promise<void> {
  await using session = await openSession(options);
  const hooks = await session.failures.hooks();
  if (json) return terminal.print(JSON.stringify({ hooks }));
  if (hooks.length === 0) return terminal.say("there are no hooks");
  const rows = hooks.map((one) => [
    one.name,
    one.event,
    JSON.stringify(one.filter),
    one.host ?? `${one.type} ${one.target}`,
    tellCount(one.started),
    one.lastAt === null ? "" : tellTime(one.lastAt),
    one.problem ?? "",
  ]);
  const head = ["hook", "event", "filter", "starts", "started", "last", "problem"];
  terminal.print(table(rows, { head, right: [4], flexible: [6, 2], optional: [2, 5] }, terminal));
}

/** Creates or replaces a hook. */
export async function setHook({ options, terminal, json, args }: Call<HookFlags>): Promise<void> {
  const { task, flow, url, secretFrom, event, queue, type, target, metadata } = options;
  const filter: FailureHookFilter = {
    ...(type === undefined ? {} : { type }),
    ...(target === undefined ? {} : { target }),
    ...(metadata === undefined ? {} : { metadata: await readJsonObject(metadata, "--metadata") }),
  };
  if ([task, flow, url].filter((one) => one !== undefined).length !== 1) {
    throw new CliError("a hook needs one of --task, --flow and --url");
  }
  const secret = secretFrom === undefined ? undefined : Deno.env.get(secretFrom);
  if (secretFrom !== undefined && !secret) {
    throw new CliError(`the environment has no variable ${secretFrom}`);
  }
  await using session = await openSession(options);
  await session.failures.setHook(args[0]!, {
    filter,
    ...(url === undefined
      ? { target: task ?? flow!, type: task === undefined ? "workflow" : "task" }
      : { url }),
    ...(secret === undefined ? {} : { secret }),
    ...(event === undefined ? {} : { event }),
    ...(queue === undefined ? {} : { queue }),
  });
  terminal.print(json ? JSON.stringify({ hook: args[0] }) : `hook "${args[0]}" is set`);
}

/** Removes a hook. */
export async function removeHook({ options, terminal, json, args }: Call): Promise<number> {
  await using session = await openSession(options);
  const removed = await session.failures.removeHook(args[0]!);
  const words = removed ? `hook "${args[0]}" is removed` : `there is no hook "${args[0]}"`;
  terminal.print(json ? JSON.stringify({ hook: args[0], removed }) : words);
  return removed ? EXIT.ok : EXIT.no;
}

function errorOf({ errorType, message }: FailureKind): string {
  return [errorType, message].filter((one) => one !== null && one !== "").join(": ");
}

/** The course of numbers as small bars; nothing is a dot. */
export function spark(numbers: readonly number[]): string {
  const most = Math.max(...numbers, 1);
  return numbers.map((one) => one === 0 ? "·" : BARS[Math.ceil((one / most) * BARS.length) - 1]).join("");
}

const BARS = "▁▂▃▄▅▆▇█";

import type {
  Operation,
  OperationAction,
  OperationFilter,
  OperationPlace,
  OperationRequest,
} from "../define/mod.ts";
import { CliError } from "./cli_error.ts";
import type { Call } from "./command.ts";
import { type MigrationFlags, migrationOf } from "./change_options.ts";
import { EXIT } from "./exit_codes.ts";
import { type FilterFlags, filterOf } from "./filter.ts";
import { count, tellCount, tellTime } from "./format.ts";
import { readJson } from "./json_text.ts";
import { pause } from "./pause.ts";
import { wrapped } from "./redraw.ts";
import { openSession, type Session } from "./session.ts";
import { shortId, wholeId } from "./short_id.ts";
import { table } from "./table.ts";
import type { Terminal } from "./terminal.ts";

/** Which executions, and how. */
export interface OperateFlags extends Omit<FilterFlags, "limit" | "cursor">, Omit<MigrationFlags, "dryRun"> {
  flowVersion?: number;
  line?: number;
  reason?: string;
  toQueue?: string;
  toPriority?: number;
  delay?: string;
  runAt?: Date;
  dryRun?: boolean;
  wait?: boolean;
}

const ACTS_SHOWN = 20;
const PATIENCE_MS = 100;

/** Starts an operation; waits for its end unless told not to, and works on it meanwhile. */
export async function operate(call: Call<OperateFlags>, action: OperationAction): Promise<number> {
  const { options, terminal, json } = call;
  await using session = await openSession(call.options);
  const isChange = action === "migrate" || action === "repair";
  const request: OperationRequest = {
    ...(isChange && migrationOf(options)),
    ...{ action, filter: await whichOf(options, session) },
    ...(action === "repair" && options.resume && { then: "resume" as const }),
  };
  if (options.reason !== undefined) request.reason = options.reason;
  if (action === "change") {
    const { toQueue: queue, toPriority: priority, delay, runAt } = options;
    const given = Object.entries({ queue, priority, delay, runAt }).filter(([, value]) =>
      value !== undefined
    );
    if (given.length === 0) {
      throw new CliError("nothing says what to change", {
        hint: "`--to-queue`, `--to-priority`, `--delay` or `--run-at` says what is new",
      });
    }
    request.change = Object.fromEntries(given);
  }
  if (options.dryRun) request.dryRun = true;
  if (action === "signal") {
    request.name = call.args[0]!;
    if (call.args[1] !== undefined) request.payload = await readJson(call.args[1], "the payload");
  }
  if (action === "repair" && options.set === undefined && options.to === undefined) {
    throw new CliError("nothing says what to repair", {
      hint: "`--set name=value` changes a variable, `--to` names the version to go to",
    });
  }
  let operation = await session.operations.start(request);
  if (options.wait !== false) {
    while (operation.state === "running") {
      // Nothing more for now: others have locked what is left, or a worker is at it.
      if (!await session.operations.work(operation.id)) await pause(PATIENCE_MS, call.signal);
      operation = await session.operations.get(operation.id);
    }
  }
  const places = isChange ? await session.operations.places(operation.id) : [];
  terminal.print(
    json ? JSON.stringify({ ...operation, ...(isChange && { places }) }) : wrapped(tell(operation), terminal),
  );
  if (!json && places.length > 0) terminal.print(placesTable(places, terminal));
  if (!json && operation.state === "running") {
    terminal.say("it goes on in the background: `rhythm operations`");
  }
  return operation.refused > 0 ? EXIT.no : EXIT.ok;
}

async function whichOf(options: OperateFlags, session: Session): Promise<OperationFilter> {
  const { limit: _, cursor: __, ...filter } = await filterOf({ ...options, limit: 1 });
  const which: OperationFilter = { ...filter };
  if (typeof which.parent === "string") which.parent = await wholeId(session, which.parent);
  if (options.flowVersion !== undefined) which.version = options.flowVersion;
  if (options.line !== undefined) which.line = options.line;
  if (Object.keys(which).length > 0) return which;
  throw new CliError("nothing says which executions", {
    hint: "name a target, a status, a queue …; for all of them: `--before 0s`",
  });
}

function tell({ id, action, state, dryRun, looked, done, unchanged, refused, locked }: Operation): string {
  const parts = [
    `${tellCount(done)} ${dryRun ? "would be changed" : "done"}`,
    ...(unchanged === 0 ? [] : [`${tellCount(unchanged)} unchanged`]),
    ...(refused === 0 ? [] : [`${tellCount(refused)} refused`]),
    ...(locked === 0 ? [] : [`${tellCount(locked)} locked`]),
  ];
  return `${action} ${id} ${state}: ${parts.join(", ")}, of ${count(looked, "execution")} looked at`;
}

/** By where workflows stood: where they go on. */
function placesTable(places: readonly OperationPlace[], terminal: Terminal): string {
  const side = (lines: readonly (number | null)[], sources: readonly (string | null)[]): string =>
    lines.map((line, nth) => line === null ? "nowhere" : `${line}: ${sources[nth] ?? ""}`).join(" | ") ||
    "its beginning";
  const rows = places.map(({ version, lines, sources, toLines, toSources, how, why, executions }) => [
    tellCount(executions),
    `v${version}`,
    how === null ? "not known yet" : side(lines, sources),
    how === null ? "" : side(toLines, toSources),
    how ?? "",
    why ?? "",
  ]);
  const head = ["workflows", "of", "stand at", "go on at", "is", "why"];
  return table(rows, { head, right: [0], flexible: [5, 2, 3], optional: [5] }, terminal);
}

/** Lists the last operations. */
export async function listOperations({ options, terminal, json }: Call): Promise<void> {
  await using session = await openSession(options);
  const operations = await session.operations.list();
  if (json) return terminal.print(JSON.stringify({ operations }));
  if (operations.length === 0) return terminal.say("there are no operations");
  const rows = operations.map((one) => [
    terminal.isTerminal ? shortId(one.id) : one.id,
    one.dryRun ? `${one.action} (dry run)` : one.action,
    one.state,
    ...[one.looked, one.done, one.unchanged, one.refused].map(tellCount),
    tellTime(one.createdAt),
    one.startedBy,
    JSON.stringify(one.filter),
  ]);
  const head = ["id", "action", "state", "looked", "done", "unchanged", "refused", "started", "by", "filter"];
  terminal.print(table(rows, { head, right: [3, 4, 5, 6], flexible: [9], optional: [5, 8] }, terminal));
}

/** Shows an operation, and the first things that it did. */
export async function showOperation({ options, terminal, json, args }: Call): Promise<void> {
  await using session = await openSession(options);
  const operation = await session.operations.get(await operationId(session, args[0]!));
  const acts = await session.operations.acts(operation.id, { limit: json ? 1_000 : ACTS_SHOWN });
  if (json) return terminal.print(JSON.stringify({ operation, acts }));
  terminal.print(wrapped(tell(operation), terminal));
  if (acts.length === 0) return;
  const rows = acts.map(({ executionId, at, result, detail }) => [
    executionId,
    result ?? "locked",
    tellTime(at),
    detail ?? "",
  ]);
  terminal.print(table(rows, { head: ["execution", "result", "at", "why"], flexible: [3] }, terminal));
}

/** Stops an operation, or continues it. */
export async function changeOperation(call: Call, verb: "stop" | "resume"): Promise<number> {
  await using session = await openSession(call.options);
  const id = await operationId(session, call.args[0]!);
  const changed = await session.operations[verb](id);
  const word = verb === "stop"
    ? changed ? "is stopped" : "was not running"
    : changed
    ? "goes on"
    : "was not stopped";
  call.terminal.print(call.json ? JSON.stringify({ id, changed }) : `${id} ${word}`);
  return changed ? EXIT.ok : EXIT.no;
}

async function operationId(session: Session, given: string): Promise<string> {
  if (!/^[0-9a-f]{8}$/i.test(given)) return given;
  const found = (await session.operations.list()).find(({ id }) => id.endsWith(given.toLowerCase()));
  if (found !== undefined) return found.id;
  throw new CliError(`no operation has an id that ends with ${given}`, {
    exit: EXIT.notFound,
    hint: "`rhythm operations` shows the last ones",
  });
}

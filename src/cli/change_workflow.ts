import type { ChangePlan, StepChanges } from "../client/changes.ts";
import { assignment, type ForkFlags, migrationOf } from "./change_options.ts";
import { CliError } from "./cli_error.ts";
import type { Call } from "./command.ts";
import { readJson } from "./json_text.ts";
import { openSession } from "./session.ts";
import { shortId, wholeId } from "./short_id.ts";
import { changeLines, named } from "./show_history.ts";
import type { Terminal } from "./terminal.ts";

/** What a dry run says. */
function planLines({ changes, cancels, goesOn }: ChangePlan, terminal: Terminal): string[] {
  return [
    ...changes.length === 0
      ? ["no variable would change"]
      : changes.flatMap((one) => changeLines(one, terminal)),
    ...goesOn.length === 0 ? [] : [`under way at the step: ${goesOn.map(named).join(", ")}`],
    ...cancels.length === 0
      ? []
      : [`would be cancelled: ${cancels.map(({ name, id }) => `${name} ${shortId(id!)}`).join(", ")}`],
  ];
}

/** Changes a workflow, or makes another one of it, and says what happened. */
export async function changeWorkflow(
  call: Call<ForkFlags>,
  act: "edit" | "rewind" | "fork",
): Promise<void> {
  const { terminal, args, options, json } = call;
  if (act === "edit" && options.set === undefined) {
    throw new CliError("rhythm edit needs --set, with a variable and its new value: --set amount=40");
  }
  const inputs = options.inputs === undefined ? undefined : await readJson(options.inputs, "--inputs");
  await using session = await openSession(options);
  const id = await wholeId(session, args[0]!);
  const changes: StepChanges = {
    step: Number(args[1] ?? 1),
    ...(options.set !== undefined && { set: Object.fromEntries(options.set.map(assignment)) }),
    ...(options.fibre !== undefined && { fibre: options.fibre }),
    ...(options.note !== undefined && { note: options.note }),
  };
  if (act === "fork") {
    const { to, map, accept } = migrationOf(options);
    const made = await session.executions.fork(id, {
      ...{ ...changes, dryRun: options.dryRun === true },
      ...(to !== undefined && { version: to }),
      ...(map !== undefined && { map }),
      ...(accept !== undefined && { accept }),
      ...(inputs !== undefined && { inputs }),
    });
    if (json) return terminal.print(JSON.stringify(made));
    const names = made.starts.map(named);
    const again = names.length === 0
      ? "nothing begins again"
      : `${names.join(", ")} ${names.length === 1 ? "begins" : "begin"} again`;
    terminal.print(
      made.id === null
        ? `from step ${made.step}: ${again}`
        : `${made.id} goes on from step ${made.step}\n${again}`,
    );
    return;
  }
  const { step, ...edits } = changes;
  if (options.dryRun) {
    const plan = act === "edit"
      ? await session.executions.edit(id, { ...edits, dryRun: true })
      : await session.executions.rewind(id, { ...changes, dryRun: true });
    if (json) return terminal.print(JSON.stringify({ id, ...plan }));
    terminal.print(planLines(plan, terminal).join("\n"));
    return;
  }
  const change = act === "edit"
    ? await session.executions.edit(id, edits)
    : await session.executions.rewind(id, changes);
  if (json) return terminal.print(JSON.stringify({ id, change }));
  terminal.print(
    act === "edit"
      ? `${id} is changed, as step ${change}`
      : `${id} goes on from step ${step}, as step ${change}`,
  );
}

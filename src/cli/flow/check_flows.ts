import { analyzeFlow } from "../../flow/check/mod.ts";
import { type Diagnostic, lineStarts, positionAt, renderDiagnostics } from "../../flow/diagnostics/mod.ts";
import type { Call } from "../command.ts";
import { EXIT } from "../exit_codes.ts";
import { count } from "../format.ts";
import { loadTasks } from "../load_tasks.ts";
import { findProject, taskModules } from "../project.ts";
import { type FlowFile, readFlowFiles } from "./read_flows.ts";
import { pictureFor } from "./picture.ts";

/** A problem, for programs. */
interface Told extends Diagnostic {
  path: string;
  line: number;
  column: number;
}

/** Shows every problem of every flow. */
export async function checkFlows(call: Call<{ strict?: boolean; tasks?: string[] }>): Promise<number> {
  const { terminal } = call;
  const files = await readFlowFiles(call.args);
  const tasks = await taskNames(call);
  const told: Told[] = [];
  for (const file of files) {
    const { diagnostics } = analyzeFlow({ name: file.path, source: file.source, tasks });
    told.push(...diagnostics.map((one) => placed(one, file)));
    if (call.json || diagnostics.length === 0) continue;
    const { path: name, source } = file;
    terminal.print(`${renderDiagnostics(diagnostics, { name, source, ...pictureFor(terminal) })}\n`);
  }
  const errors = told.filter(({ severity }) => severity === "error").length;
  const warnings = told.length - errors;
  const bad = errors > 0 || (call.options.strict === true && warnings > 0);
  if (call.json) terminal.print(JSON.stringify({ files: files.length, errors, warnings, diagnostics: told }));
  else terminal.print(summary(files.length, { errors, warnings }, call));
  return bad ? EXIT.no : EXIT.ok;
}

/** The names of the project's tasks; nothing: there is no module of tasks, or it does not load. */
async function taskNames(
  { options, terminal }: Call<{ tasks?: string[] }>,
): Promise<Set<string> | undefined> {
  const modules = await taskModules(await findProject(), options.tasks);
  if (modules.length === 0) return undefined;
  try {
    return new Set((await loadTasks(modules)).tasks.map(({ name }) => name));
  } catch (error) {
    if (options.tasks !== undefined) throw error;
    terminal.say(
      `${terminal.paintError("warn", "note:")} names of tasks are not checked: ${(error as Error).message}`,
    );
  }
}

function summary(
  files: number,
  { errors, warnings }: { errors: number; warnings: number },
  call: Call,
): string {
  const { paint } = call.terminal;
  const checked = `${count(files, "flow")} checked`;
  if (errors + warnings === 0) return `${paint("good", "✔")} ${checked}, no problems`;
  const found = [
    ...(errors > 0 ? [paint("bad", count(errors, "error"))] : []),
    ...(warnings > 0 ? [paint("warn", count(warnings, "warning"))] : []),
  ];
  return `${checked}: ${found.join(", ")}`;
}

function placed(diagnostic: Diagnostic, { path, source }: FlowFile): Told {
  return { path, ...positionAt(lineStarts(source), diagnostic.start), ...diagnostic };
}

import { pathToFileURL } from "node:url";
import { type AnyTask, type AnyWorkflow, isTask, isWorkflow } from "../define/mod.ts";
import { CliError } from "./cli_error.ts";
import { EXIT } from "./exit_codes.ts";

/** What a module of tasks exports. */
export interface LoadedTasks {
  /** Everything made by `task()`, also in exported arrays. */
  readonly tasks: readonly AnyTask[];
  /** Everything made by `workflow()`, also in exported arrays. */
  readonly workflows: readonly AnyWorkflow[];
  /** Plain functions, by the names they are exported under. */
  readonly functions: ReadonlyMap<string, (input: unknown) => unknown>;
}

/**
 * Loads modules and finds the tasks that they export.
 *
 * @param paths absolute paths
 * @param version what to tell reloads apart by; each gives new modules
 * @throws {CliError} a module is not there, or fails while it loads
 */
export async function loadTasks(paths: readonly string[], version = 0): Promise<LoadedTasks> {
  const tasks = new Set<AnyTask>();
  const workflows = new Set<AnyWorkflow>();
  const functions = new Map<string, (input: unknown) => unknown>();
  for (const path of paths) {
    for (const [name, value] of Object.entries(await load(path, version))) {
      const several: unknown[] = Array.isArray(value) ? value : [value];
      for (const one of several) {
        if (isTask(one)) tasks.add(one);
        else if (isWorkflow(one)) workflows.add(one);
      }
      if (typeof value === "function" && !isTask(value) && !isWorkflow(value)) {
        functions.set(name, value as (input: unknown) => unknown);
      }
    }
  }
  return { tasks: [...tasks], workflows: [...workflows], functions };
}

async function load(path: string, version: number): Promise<Record<string, unknown>> {
  const url = pathToFileURL(path);
  if (version > 0) url.searchParams.set("v", String(version));
  try {
    return await import(url.href);
  } catch (error) {
    const isMissing = await Deno.stat(path).then(() => false, () => true);
    throw new CliError(
      isMissing ? `there is no module ${path} to load tasks from` : sentenceOf(error, path),
      {
        exit: isMissing ? EXIT.notFound : EXIT.no,
        code: "TASKS_NOT_LOADED",
        cause: error,
        ...(Deno.build.standalone
          ? {
            hint:
              "this is rhythm as one binary, which loads no modules: use deno run -A jsr:@rhythm/core/cli",
          }
          : {}),
      },
    );
  }
}

// A module's own trouble: its sentence, and the first place of it that is no library's.
function sentenceOf(error: unknown, path: string): string {
  if (!(error instanceof Error)) return `cannot load tasks from ${path}: ${String(error)}`;
  const own = (error.stack ?? "").split("\n").find((line) =>
    /file:\/\//.test(line) && !line.includes("/src/cli/")
  );
  const place = own === undefined ? "" : ` (${own.trim().replace(/^at /, "").replaceAll("file://", "")})`;
  const message = error.message.replaceAll("file://", "").replace(/\.$/, "");
  return `cannot load tasks from ${path}: ${error.name}: ${message}${place}`;
}

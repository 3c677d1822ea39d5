import { relative } from "node:path";
import { FlowNotReadableError, type FlowSource, readFlowSources } from "../../app/flow_sources.ts";
import { CliError } from "../cli_error.ts";
import { EXIT } from "../exit_codes.ts";
import { findProject, flowPlaces } from "../project.ts";

/** A flow file. */
export interface FlowFile extends FlowSource {
  /** Its path, as a person would write it from here. */
  readonly path: string;
}

/**
 * Reads flow files.
 *
 * @param paths files and directories; none: the project's
 * @throws {CliError} there is none
 */
export async function readFlowFiles(paths: readonly string[]): Promise<FlowFile[]> {
  const places = paths.length > 0 ? paths : await flowPlaces(await findProject(), undefined);
  if (places.length === 0) {
    throw new CliError("there are no flows here: no flows/ in this project, and no path was given", {
      exit: EXIT.notFound,
      code: "NOT_FOUND",
      hint: "name files or directories; `rhythm init` makes a project",
    });
  }
  const found = await readSources(places);
  if (found.length > 0) return found.map((flow) => ({ ...flow, path: nearPath(flow.path!) }));
  throw new CliError(`there is no .flow file in ${places.map(nearPath).join(", ")}`, {
    exit: EXIT.notFound,
    code: "NOT_FOUND",
  });
}

async function readSources(places: readonly string[]): Promise<FlowSource[]> {
  try {
    return await readFlowSources(places);
  } catch (error) {
    if (!(error instanceof FlowNotReadableError)) throw error;
    const missing = error.cause instanceof Deno.errors.NotFound;
    throw new CliError(error.message.replace(/\. "flows" takes.*$/s, ""), {
      exit: missing ? EXIT.notFound : EXIT.no,
      code: error.code,
      cause: error,
    });
  }
}

/** A path from here, if that is shorter. */
export function nearPath(path: string): string {
  const near = relative(Deno.cwd(), path);
  return near === "" ? "." : near.startsWith("..") && near.length > path.length ? path : near;
}

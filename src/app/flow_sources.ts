import { describe, InvalidOptionError } from "../define/mod.ts";
import { RhythmError } from "../shared/error.ts";

/** A flow as text. */
export interface FlowSource {
  /** The name it is registered under, unless its front matter gives another. */
  readonly name: string;
  /** The text. */
  readonly source: string;
  /** The file it came from, for diagnostics. */
  readonly path?: string;
}

/** Where flows come from: a directory (searched in depth), a file, or the text itself. */
export type FlowInput = string | URL | FlowSource;

/** Thrown when a place that should hold flows cannot be read. */
export class FlowNotReadableError extends RhythmError {
  /** The name of the class, also where code was minified. */
  override readonly name = "FlowNotReadableError";

  /**
   * Makes the error and its message.
   *
   * @param path the file or directory
   * @param options the error of the file system
   */
  constructor(path: string, options: ErrorOptions) {
    const reason = options.cause instanceof Deno.errors.NotFound
      ? "it does not exist"
      : options.cause instanceof Error
      ? options.cause.message
      : "it could not be read";
    super(
      `Cannot read flows from "${path}": ${reason}. "flows" takes directories, .flow files and { name, source }; ` +
        `relative paths start at ${Deno.cwd()}`,
      { ...options, code: "FLOW_NOT_READABLE" },
    );
  }
}

/**
 * Reads every flow that was named.
 *
 * @param inputs directories, files and texts
 * @returns the flows in the order of their places, a directory's by path
 * @throws {FlowNotReadableError} a path cannot be read
 */
export async function readFlowSources(inputs: readonly FlowInput[]): Promise<FlowSource[]> {
  const found: FlowSource[] = [];
  for (const input of inputs) {
    if (typeof input === "string" || input instanceof URL) found.push(...await readPath(input));
    else found.push(checkSource(input));
  }
  return found;
}

async function readPath(path: string | URL): Promise<FlowSource[]> {
  try {
    const info = await Deno.stat(path);
    const files = info.isDirectory ? await flowFiles(path) : [path];
    return await Promise.all(files.map(readFlow));
  } catch (error) {
    throw new FlowNotReadableError(String(path), { cause: error });
  }
}

async function flowFiles(directory: string | URL): Promise<(string | URL)[]> {
  const files: (string | URL)[] = [];
  for await (const entry of Deno.readDir(directory)) {
    const path = join(directory, entry.name);
    if (entry.isDirectory && !entry.name.startsWith(".")) files.push(...await flowFiles(path));
    else if (entry.name.endsWith(".flow")) files.push(path);
  }
  return files.sort((a, b) => String(a) < String(b) ? -1 : 1);
}

async function readFlow(path: string | URL): Promise<FlowSource> {
  const last = String(path).split("/").at(-1)!;
  const file = path instanceof URL ? decodeURIComponent(last) : last;
  return { name: file.replace(/\.flow$/, ""), source: await Deno.readTextFile(path), path: String(path) };
}

function join(directory: string | URL, name: string): string | URL {
  if (directory instanceof URL) {
    return new URL(encodeURIComponent(name), `${directory.href.replace(/\/?$/, "/")}`);
  }
  return `${directory.replace(/\/$/, "")}/${name}`;
}

function checkSource(input: FlowSource): FlowSource {
  if (
    typeof input === "object" && input !== null && typeof input.name === "string" &&
    typeof input.source === "string"
  ) {
    return input;
  }
  throw new InvalidOptionError(
    "flows",
    `Rhythm.init(): "flows" takes directories, .flow files and { name, source }, not ${describe(input)}`,
  );
}

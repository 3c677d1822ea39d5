import { createHash } from "node:crypto";
import { basename, dirname, isAbsolute, join, relative, resolve, sep } from "node:path";
import { RhythmError } from "../../shared/error.ts";

/** A flow file of the project. */
export interface DevFile {
  /** Its path from the project. */
  readonly path: string;
  /** A digest of its text. */
  readonly digest: string;
}

/** Thrown for a file that is no flow of the project, or is another one than was expected. */
export class FlowFileError extends RhythmError {
  /** The name of the class, also where code was minified. */
  override readonly name = "FlowFileError";
}

/**
 * The flow files of a project, for an editor. It reads and writes `.flow` files in the places of flows, and nothing else: no path leads
 * out of them, and no symbolic link.
 */
export class FlowFiles {
  readonly #root: string;
  readonly #places: readonly string[];

  /** @param root the project @param places files and directories of flows, absolute */
  constructor(root: string, places: readonly string[]) {
    this.#root = root;
    this.#places = places.map((place) => resolve(place));
  }

  /** All of them, by path. */
  async list(): Promise<DevFile[]> {
    const found = (await Promise.all(this.#places.map(filesIn))).flat();
    const files = await Promise.all(found.map(async (path) => {
      const text = await Deno.readTextFile(path).catch(() => null);
      return text === null ? [] : [{ path: this.#near(path), digest: digestOf(text) }];
    }));
    return files.flat().sort((a, b) => a.path < b.path ? -1 : 1);
  }

  /** Where new ones go, from the project; nothing: only single files were named. */
  async folder(): Promise<string | undefined> {
    for (const place of this.#places) if (await isDirectory(place)) return this.#near(place);
    return undefined;
  }

  /** The absolute path of a flow file that is there. */
  async find(path: string): Promise<string> {
    const found = await this.#resolve(path);
    const info = await Deno.lstat(found).catch(() => undefined);
    if (info === undefined) throw new FlowFileError(`There is no file ${path}`, { code: "NOT_FOUND" });
    if (!info.isFile) throw refusal(path, "it is no plain file");
    return found;
  }

  /** The text of a file. */
  async read(path: string): Promise<DevFile & { source: string }> {
    const source = await Deno.readTextFile(await this.find(path));
    return { path, source, digest: digestOf(source) };
  }

  /**
   * Writes a file whole.
   *
   * @param path its path from the project
   * @param source its text
   * @param digest the text that is replaced; null: there is no such file yet
   */
  async write(path: string, source: string, { digest }: { digest: string | null }): Promise<string> {
    const target = digest === null ? await this.#resolve(path) : await this.find(path);
    if (digest !== null && digestOf(await Deno.readTextFile(target)) !== digest) throw changed(path);
    const draft = join(dirname(target), `.${basename(target)}.${crypto.randomUUID()}`);
    try {
      await Deno.writeTextFile(draft, source, { createNew: true });
      // A link fails if the name was taken meanwhile; a rename would replace it.
      if (digest === null) await Deno.link(draft, target);
      else await Deno.rename(draft, target);
    } catch (error) {
      if (error instanceof Deno.errors.AlreadyExists) {
        throw new FlowFileError(`There is a file ${path} already`, { code: "FILE_CHANGED" });
      }
      throw error;
    } finally {
      await Deno.remove(draft).catch(() => {});
    }
    return target;
  }

  #near(path: string): string {
    return relative(this.#root, path).replaceAll(sep, "/") || ".";
  }

  async #resolve(path: string): Promise<string> {
    if (isAbsolute(path) || /[\0\\]/.test(path) || !path.endsWith(".flow")) {
      throw refusal(path, "expected the path of a .flow file from the project");
    }
    const target = resolve(this.#root, path);
    if (!/^[\p{L}\p{N}_][\p{L}\p{N}_. -]*\.flow$/u.test(basename(target))) {
      throw refusal(path, "a name has letters, digits, _ and -");
    }
    for (const place of this.#places) {
      if (target === place && !await isLink(target)) return target;
      if (!target.startsWith(place + sep) || await isLink(target)) continue;
      // Where it really is: a directory on the way may be a link.
      const [real, folder] = await Promise.all([realPath(place), realPath(dirname(target))]);
      if (real === undefined || folder === undefined) continue;
      const way = relative(place, dirname(target));
      if (folder === (way === "" ? real : join(real, way)) && !/(^|[/\\])\./.test(way)) return target;
    }
    throw refusal(path, "it is in no directory of flows of this project, or behind a symbolic link");
  }
}

async function filesIn(place: string): Promise<string[]> {
  if (!await isDirectory(place)) return place.endsWith(".flow") && !await isLink(place) ? [place] : [];
  const found: string[] = [];
  for await (const entry of Deno.readDir(place)) {
    if (entry.isSymlink || entry.name.startsWith(".")) continue;
    if (entry.isDirectory) found.push(...await filesIn(join(place, entry.name)));
    else if (entry.name.endsWith(".flow")) found.push(join(place, entry.name));
  }
  return found;
}

function isDirectory(path: string): Promise<boolean> {
  return Deno.stat(path).then((info) => info.isDirectory, () => false);
}

function isLink(path: string): Promise<boolean> {
  return Deno.lstat(path).then((info) => info.isSymlink, () => false);
}

function realPath(path: string): Promise<string | undefined> {
  return Deno.realPath(path).catch(() => undefined);
}

function digestOf(text: string): string {
  return createHash("sha256").update(text).digest("hex").slice(0, 32);
}

function refusal(path: string, why: string): FlowFileError {
  return new FlowFileError(`Cannot use ${JSON.stringify(path)}: ${why}`, { code: "FILE_REFUSED" });
}

function changed(path: string): FlowFileError {
  return new FlowFileError(`Cannot save ${path}: it was changed on disk since it was read`, {
    code: "FILE_CHANGED",
  });
}

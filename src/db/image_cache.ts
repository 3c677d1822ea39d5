import type { Buffer } from "node:buffer";
import { createHash } from "node:crypto";
import { dirname, join } from "node:path";

/** How many images are kept: those that were made last. */
const KEPT = 3;
const DIGEST_BYTES = 32;

/**
 * Reads an image that an earlier process of this user left.
 *
 * @param name its name
 * @returns nothing: there is none, or this process may not look
 */
export function readCached(name: string): Uint8Array<ArrayBuffer> | undefined {
  const path = pathOf(name);
  if (path === undefined || !isAllowed("read", path)) return undefined;
  try {
    using file = Deno.openSync(path);
    const { size } = file.statSync();
    // Not `Deno.readFile`, and no slice of it: each copy of the image takes longer than to read it.
    const digest = filled(file, new Uint8Array(DIGEST_BYTES));
    const image = filled(file, new Uint8Array(size - DIGEST_BYTES));
    // A damaged one is made again: a database that begins with it would be damaged, too.
    return digestOf(image).equals(digest) ? image : undefined;
  } catch {
    return undefined;
  }
}

/**
 * Leaves an image to later processes of this user. Where that is not possible, they make it again.
 *
 * @param name its name
 * @param image what is kept
 */
export async function writeCached(name: string, image: Uint8Array): Promise<void> {
  const path = pathOf(name);
  if (path === undefined || !isAllowed("write", dirname(path)) || !isAllowed("read", dirname(path))) return;
  try {
    await Deno.mkdir(dirname(path), { recursive: true });
    // Others read it only when it is whole.
    const draft = await Deno.makeTempFile({ dir: dirname(path), prefix: "draft-" });
    await Deno.writeFile(draft, digestOf(image));
    await Deno.writeFile(draft, image, { append: true });
    await Deno.rename(draft, path);
    await prune(dirname(path));
  } catch {
    // A full or read-only disk: it is made again next time.
  }
}

function filled(file: Deno.FsFile, bytes: Uint8Array<ArrayBuffer>): Uint8Array<ArrayBuffer> {
  for (let at = 0; at < bytes.length;) {
    const count = file.readSync(bytes.subarray(at));
    if (count === null) throw new Error("The file is too short");
    at += count;
  }
  return bytes;
}

function digestOf(image: Uint8Array): Buffer {
  return createHash("sha256").update(image).digest();
}

async function prune(directory: string): Promise<void> {
  const found: { path: string; at: number }[] = [];
  for await (const { name } of Deno.readDir(directory)) {
    const path = join(directory, name);
    found.push({ path, at: (await Deno.stat(path)).mtime?.getTime() ?? 0 });
  }
  found.sort((a, b) => b.at - a.at);
  for (const { path } of found.slice(KEPT)) await Deno.remove(path).catch(() => {});
}

function pathOf(name: string): string | undefined {
  const place = Deno.build.os === "windows" ? variable("LOCALAPPDATA") : variable("XDG_CACHE_HOME") ??
    under(variable("HOME"), Deno.build.os === "darwin" ? "Library/Caches" : ".cache");
  return place === undefined ? undefined : join(place, "rhythm", "embedded", name);
}

function under(home: string | undefined, directory: string): string | undefined {
  return home === undefined ? undefined : join(home, directory);
}

function variable(name: string): string | undefined {
  const { state } = Deno.permissions.querySync({ name: "env", variable: name });
  return (state === "granted" && Deno.env.get(name)) || undefined;
}

function isAllowed(name: "read" | "write", path: string): boolean {
  return Deno.permissions.querySync({ name, path }).state === "granted";
}

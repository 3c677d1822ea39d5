import { type CancelTimer, systemClock } from "../../runtime/clock.ts";
import { join } from "node:path";

const PASSED_OVER = new Set(["node_modules", "dist", "build", "target", "vendor"]);
const MOST_DIRECTORIES = 2_000;
const SETTLE_MS = 60;

/** What {@linkcode watchFiles} calls, and what ends it. */
export interface WatchOptions {
  /** Called with the paths that changed; calls do not overlap. */
  readonly onChange: (paths: ReadonlySet<string>) => Promise<void>;
  /** Called once, when changes are seen from now on. */
  readonly onReady: () => void;
  /** Ends the watching. */
  readonly signal: AbortSignal;
}

/**
 * Tells which files of a project change, several changes in quick succession as one.
 *
 * @param root the project
 * @param options what to call, and what ends the watching
 */
export async function watchFiles(root: string, options: WatchOptions): Promise<void> {
  let known: ReadonlySet<string> | undefined;
  while (!options.signal.aborted) known = await watchOnce(root, { ...options, known });
}

// Ends when a directory comes: the next one watches the directories that there are then.
async function watchOnce(
  root: string,
  { onChange, onReady, signal, known }: WatchOptions & { known: ReadonlySet<string> | undefined },
): Promise<ReadonlySet<string>> {
  const directories = await directoriesOf(root);
  const watcher = Deno.watchFs(directories, { recursive: false });
  const close = (): void => watcher.close();
  signal.addEventListener("abort", close, { once: true });
  // It may have come while the directories were read.
  if (signal.aborted) close();
  const changed = new Set<string>();
  let cancel: CancelTimer | undefined;
  let telling = Promise.resolve();
  const tell = (): void => {
    const paths = new Set(changed);
    changed.clear();
    telling = telling.then(() => onChange(paths));
  };
  const note = (paths: readonly string[]): void => {
    for (const path of paths) if (!/(^|\/)\.[^/]*$|~$/.test(path)) changed.add(path);
    cancel?.();
    if (changed.size > 0) cancel = systemClock.after(SETTLE_MS, tell);
  };
  if (known === undefined) onReady();
  // What was written into a new directory before it was watched.
  else for (const one of directories) if (!known.has(one)) note(await filesOf(one));
  for await (const event of watcher) {
    if (event.kind === "access") continue;
    note(event.paths);
    const isTree = event.kind === "create" && (await Promise.all(event.paths.map(isDirectory))).some(Boolean);
    if (isTree) break;
  }
  signal.removeEventListener("abort", close);
  if (signal.aborted) cancel?.();
  return new Set(directories);
}

async function filesOf(directory: string): Promise<string[]> {
  const entries = await Array.fromAsync(Deno.readDir(directory)).catch(() => []);
  return entries.filter((entry) => entry.isFile).map((entry) => join(directory, entry.name));
}

async function directoriesOf(root: string): Promise<string[]> {
  const found = [root];
  for (let index = 0; index < found.length && found.length < MOST_DIRECTORIES; index++) {
    try {
      for await (const entry of Deno.readDir(found[index]!)) {
        if (!entry.isDirectory || entry.name.startsWith(".") || PASSED_OVER.has(entry.name)) continue;
        found.push(join(found[index]!, entry.name));
      }
    } catch (error) {
      if (!(error instanceof Deno.errors.NotFound || error instanceof Deno.errors.PermissionDenied)) {
        throw error;
      }
    }
  }
  return found;
}

async function isDirectory(path: string): Promise<boolean> {
  return await Deno.stat(path).then((info) => info.isDirectory, () => false);
}

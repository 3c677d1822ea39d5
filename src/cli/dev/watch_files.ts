import { join } from "node:path";

const PASSED_OVER = new Set(["node_modules", "dist", "build", "target", "vendor"]);
const MOST_DIRECTORIES = 2_000;
const SETTLE_MS = 60;

/**
 * Tells which files of a project change, several changes in quick succession as one.
 *
 * @param root the project
 * @param options what to call with the paths, and what ends the watching
 */
export async function watchFiles(
  root: string,
  options: { onChange: (paths: ReadonlySet<string>) => Promise<void>; signal: AbortSignal },
): Promise<void> {
  while (!options.signal.aborted) await watchOnce(root, options);
}

// Ends when a directory comes or goes: the next one watches the directories that there are then.
async function watchOnce(
  root: string,
  { onChange, signal }: { onChange: (paths: ReadonlySet<string>) => Promise<void>; signal: AbortSignal },
): Promise<void> {
  const directories = await directoriesOf(root);
  const watcher = Deno.watchFs(directories, { recursive: false });
  const close = (): void => watcher.close();
  signal.addEventListener("abort", close, { once: true });
  const changed = new Set<string>();
  let timer: ReturnType<typeof setTimeout> | undefined;
  let telling = Promise.resolve();
  const tell = (): void => {
    const paths = new Set(changed);
    changed.clear();
    telling = telling.then(() => onChange(paths));
  };
  for await (const event of watcher) {
    if (event.kind === "access") continue;
    for (const path of event.paths) if (!/(^|\/)\.[^/]*$|~$/.test(path)) changed.add(path);
    clearTimeout(timer);
    if (changed.size > 0) timer = setTimeout(tell, SETTLE_MS);
    const isTree = event.kind === "create" && (await Promise.all(event.paths.map(isDirectory))).some(Boolean);
    if (isTree) break;
  }
  signal.removeEventListener("abort", close);
  if (signal.aborted) clearTimeout(timer);
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

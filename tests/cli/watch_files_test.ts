import { deepStrictEqual as equal } from "node:assert/strict";
import { watchFiles } from "../../src/cli/dev/watch_files.ts";
import { project } from "./support.ts";

Deno.test("watchFiles() ends when it is stopped before it has begun to watch", async () => {
  await using made = await project();
  const stop = new AbortController();
  const changes: string[] = [];
  const watching = watchFiles(made.path, {
    onChange: (paths) => Promise.resolve(void changes.push(...paths)),
    onReady: () => {},
    signal: stop.signal,
  });
  stop.abort();
  await watching;
  equal(changes, []);
});

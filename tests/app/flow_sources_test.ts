import { deepStrictEqual as equal, rejects } from "node:assert/strict";
import { pathToFileURL } from "node:url";
import { FlowNotReadableError, readFlowSources } from "../../src/app/flow_sources.ts";

async function withFiles(
  files: Record<string, string>,
  run: (directory: string) => Promise<void>,
): Promise<void> {
  const directory = await Deno.makeTempDir({ prefix: "rhythm flows " });
  try {
    for (const [path, text] of Object.entries(files)) {
      await Deno.mkdir(`${directory}/${path}`.replace(/\/[^/]*$/, ""), { recursive: true });
      await Deno.writeTextFile(`${directory}/${path}`, text);
    }
    await run(directory);
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
}

Deno.test("readFlowSources() takes directories in depth, files, URLs and texts", async () => {
  await withFiles(
    { "b.flow": "b", "a/c d.flow": "c", "a/readme.md": "no", ".git/x.flow": "no" },
    async (directory) => {
      const names = (found: { name: string; source: string }[]): string[] =>
        found.map(({ name, source }) => `${name}=${source}`);
      equal(names(await readFlowSources([directory])), ["c d=c", "b=b"]);
      equal(names(await readFlowSources([pathToFileURL(directory)])), ["c d=c", "b=b"]);
      equal(names(await readFlowSources([`${directory}/b.flow`, { name: "t", source: "s" }])), [
        "b=b",
        "t=s",
      ]);
    },
  );
});

Deno.test("readFlowSources() says which place it could not read, and why", async () => {
  await rejects(readFlowSources(["./no/such/place"]), (error: unknown) => {
    return error instanceof FlowNotReadableError && error.code === "FLOW_NOT_READABLE" &&
      /Cannot read flows from "\.\/no\/such\/place": it does not exist/.test(error.message);
  });
  await rejects(readFlowSources([{ source: "x" } as never]), { code: "INVALID_OPTION" });
});

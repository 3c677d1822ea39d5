/** What the files of a new project say. */
export interface ProjectOptions {
  /** Its name. */
  name: string;
  /** The version of Rhythm to use. */
  version: string;
  /** A checkout of Rhythm to use instead of the published package. */
  checkout: string | undefined;
}

/** The files of a new project, by their paths. */
export function projectFiles(options: ProjectOptions): Record<string, string> {
  return {
    "deno.json": denoJson(options),
    ".gitignore": ".rhythm/\n",
    "flows/hello.flow": HELLO_FLOW,
    "tasks.ts": TASKS,
    "worker.ts": WORKER,
    "tests/hello_test.ts": TEST,
    "README.md": readme(options),
  };
}

function denoJson({ version, checkout }: ProjectOptions): string {
  const cli = `jsr:@rhythm/core@^${version}/cli`;
  // A small heap, and one arena of malloc: docs/operate/workers.md says what they cost, and when to raise the heap.
  const worker =
    "MALLOC_ARENA_MAX=1 deno run -A --v8-flags=--max-old-space-size=512,--max-semi-space-size=8 worker.ts";
  // What runs for a short time begins in half of it if the embedded Postgres is compiled once, and not optimised while it runs.
  const soon = "-A --v8-flags=--liftoff-only";
  const config = {
    tasks: {
      dev: `deno run ${soon} ${cli} dev`,
      rhythm: `deno run -A ${cli}`,
      worker,
      test: `deno test ${soon} --no-check`,
      check: "deno check",
    },
    imports: { "@rhythm/core": `jsr:@rhythm/core@^${version}`, zod: "npm:zod@^4" },
    fmt: { lineWidth: 110 },
    ...(checkout === undefined ? {} : { links: [checkout] }),
  };
  return `${JSON.stringify(config, null, 2)}\n`;
}

const HELLO_FLOW = `\`\`\`
name: hello
description: Greet somebody, and once more when they wave back
input: { type: object, required: [name], properties: { name: { type: string } } }
\`\`\`
const greeting = await Task.run("greet", { name: Inputs.name })
console.log(greeting)

await Timer.delay("1s")

try {
  const { from } = await Signal.next("wave", { timeout: "10m" })
  return { greeting, wavedBack: true, from }
} catch (error) {
  if (error.name !== "TimeoutError") throw error
  return { greeting, wavedBack: false }
}
`;

const TASKS =
  `// What flows run: ordinary functions with a name, an input and rules for what happens when they fail.
import { task } from "@rhythm/core";
import { z } from "zod";

export const greet = task(
  { name: "greet", input: z.object({ name: z.string() }), retry: { maxAttempts: 3 } },
  ({ name }, ctx) => {
    ctx.log.info(\`greeting \${name}, attempt \${ctx.attempt}\`);
    return \`Hello, \${name}!\`;
  },
);
`;

const WORKER = `// A worker for production: RHYTHM_DATABASE_URL=postgres://… deno task worker
import { Rhythm } from "@rhythm/core";
import * as tasks from "./tasks.ts";

await using rhythm = await Rhythm.init({ flows: ["./flows"], tasks: Object.values(tasks) });
await rhythm.worker({ port: 8080 }).run(); // until SIGINT or SIGTERM
`;

const TEST = `import assert from "node:assert/strict";
import { fakeTask, testRhythm } from "@rhythm/core/testing";
import * as tasks from "../tasks.ts";

const flows = [new URL("../flows", import.meta.url)];

Deno.test("hello greets, waits for a wave, and says who waved", async () => {
  await using app = await testRhythm({ flows, tasks: Object.values(tasks) });
  const run = await app.rhythm.workflows.start("hello", { name: "Ada" });
  await app.advance("1s");
  await run.signal("wave", { from: "Grace" });

  assert.deepEqual(await run.result({ timeout: "1m" }), {
    greeting: "Hello, Ada!",
    wavedBack: true,
    from: "Grace",
  });
});

Deno.test("hello waits ten minutes for a wave, which takes no time here", async () => {
  const greet = fakeTask("greet", () => "Hello!");
  await using app = await testRhythm({ flows, tasks: [greet] });
  const run = await app.rhythm.workflows.start("hello", { name: "Ada" });
  await app.advance("11m");

  assert.deepEqual((await run.get()).output, { greeting: "Hello!", wavedBack: false });
  assert.deepEqual(greet.inputs, [{ name: "Ada" }]);
});
`;

function readme({ name }: ProjectOptions): string {
  return `# ${name}

\`\`\`sh
deno task dev                                      # a database, a worker and HTTP, in one process

# in a second terminal
deno task rhythm start hello '{"name": "Ada"}'     # prints the execution's id
deno task rhythm show <id> -f                      # where it stands, as it goes on
deno task rhythm signal <id> wave '{"from": "Grace"}'
\`\`\`

- \`flows/hello.flow\`: a workflow, the body of an async JavaScript function that may stop at any \`await\`
- \`tasks.ts\`: the tasks it runs
- \`tests/\`: \`deno task test\`, in memory, with time that the test moves; \`deno task check\` checks types
- \`worker.ts\`: a worker for production, on your Postgres: \`RHYTHM_DATABASE_URL=postgres://… deno task worker\`

Change a flow or a task while \`deno task dev\` runs: it is loaded again, and what runs stays on its version.
\`deno task rhythm --help\` shows everything else.
`;
}

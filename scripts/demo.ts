/**
 * `deno task demo`: the engine in a Postgres inside this process, and one task from its queue to its end, in five calls.
 *
 * @module
 */
import { openEmbedded } from "../src/db/embedded.ts";
import { install } from "../src/db/install.ts";
import { readSchema } from "./gen.ts";

const say = (text: string): void => console.log(text);

say("Rhythm: durable execution that lives in your Postgres\n");
const database = await openEmbedded({ dataDir: "memory://" });
const { applied } = await install(database, { files: await readSchema() });
say(`  an embedded Postgres is open, the engine is installed: ${applied.length} files of SQL`);

const [started] = await database.query<{ id: string }>(
  "select rhythm.enqueue('add', $1::jsonb) as id",
  [JSON.stringify({ a: 20, b: 22 })],
);
say(`  task "add" is in its queue as execution ${started!.id}`);

const [worker] = await database.query<{ id: string }>("select rhythm.register_worker(null) as id");
const claimed = await database.query<Claimed>(
  "select id, attempt, inputs from rhythm.claim($1, null, 10, array['add'])",
  [worker!.id],
);
for (const { id, attempt, inputs } of claimed) {
  say(`  a worker leased it, attempt ${attempt}: ${inputs.a} + ${inputs.b} = ${inputs.a + inputs.b}`);
  const outcome = { id, attempt, status: "completed", output: inputs.a + inputs.b };
  await database.query("select rhythm.settle($1, $2::jsonb)", [worker!.id, JSON.stringify([outcome])]);
}
await database.query("select rhythm.stop_worker($1)", [worker!.id]);

const [end] = await database.query<{ execution: { status: string; output: number } }>(
  "select rhythm.get($1) as execution",
  [started!.id],
);
say(`  the database says: ${end!.execution.status}, output ${end!.execution.output}`);
await database.close();

say(`
What to try next
  sql/                       the engine, in reading order
  docs/worker-protocol.md    the five calls of a worker, in any language
  docs/flow-language.md      workflows as the body of an async function
  deno task test             the tests, on a Postgres of their own
`);

interface Claimed {
  id: string;
  attempt: number;
  inputs: { a: number; b: number };
}

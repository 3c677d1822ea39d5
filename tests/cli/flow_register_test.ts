// `rhythm flow register --migrate`: the real command, beside `rhythm worker`.
import { deepStrictEqual as equal, match } from "node:assert/strict";
import { freshDatabase, onEmbedded } from "../support/database.ts";
import { until } from "../support/until.ts";
import { Output, project, rhythm, start } from "./support.ts";

const OLD = `const item = Inputs.item
if (Inputs.path === "sure") await Signal.next("go")
else await Signal.next("other")
return { item, version: Context.version }
`;

const NEW = `// The branch for others is gone.
const item = Inputs.item
if (Inputs.path === "sure") await Signal.next("go")
return { item, version: Context.version }
`;

Deno.test({
  name:
    "flow register --migrate: what waits goes on in the new version where that is sure; the rest stays and is listed",
  ignore: onEmbedded,
  fn: async () => {
    await using database = await freshDatabase();
    await using folder = await project({ "flows/move.flow": OLD, "flows/same.flow": "return 1\n" });
    const run = (...args: string[]) => rhythm([...args, "-d", database.url], { cwd: folder.path });
    const file = `${folder.path}/flows/move.flow`;
    const register = (...args: string[]) => run("flow", "register", folder.path + "/flows", ...args);

    const first = await register("--migrate");
    equal([first.code, first.out], [0, "move version 1\nsame version 1\n"]);
    equal(first.err, "", "nothing ran before, so nothing goes over");
    equal(JSON.parse((await run("operations", "--json")).out).operations, []);

    const worker = start(["worker", "-d", database.url, "--name", "w1"], { cwd: folder.path });
    const said = new Output(worker.stderr);
    void new Output(worker.stdout).end();
    await said.until("worker starts");
    try {
      const begin = async (path: string): Promise<string> => {
        const id = (await run("start", "move", JSON.stringify({ item: path, path }))).out.trim();
        await until(async () => {
          equal(JSON.parse((await run("show", id, "--json")).out).execution.status, "suspended");
          return true;
        });
        return id;
      };
      const sure = await begin("sure");
      const other = await begin("other");

      // A file with an error: nothing is registered, and nobody is moved.
      await Deno.writeTextFile(file, "return (");
      const wrong = await register("--migrate");
      equal([wrong.code, wrong.out], [1, ""]);
      match(wrong.err, /move\.flow/);
      equal(JSON.parse((await run("operations", "--json")).out).operations, []);
      const nothing = await run("flow", "register", "nowhere", "--migrate");
      equal([nothing.code, nothing.err], [
        3,
        'error: Cannot read flows from "nowhere": it does not exist\n',
      ]);
      const valued = await register("--migrate=yes");
      equal(valued.code, 2);
      match(valued.err, /^error: .*--migrate/);

      await Deno.writeTextFile(file, NEW);
      const { code, out, err } = await register("--migrate");
      equal([code, out], [0, "move version 2\nsame version 1 (as before)\n"]);
      const [id] = /workflows of move go over where that is sure: `rhythm operations show ([0-9a-f-]{36})`/
        .exec(err)!.slice(1) as [string];
      await until(async () => {
        const { operation } = JSON.parse((await run("operations", "show", id, "--json")).out);
        return operation.state !== "running";
      });
      const shown = await run("operations", "show", id);
      match(shown.out, /^migrate [0-9a-f-]{36} completed: 1 done, 1 refused, of 2 executions looked at\n/);
      match(shown.out, new RegExp(`\\n${other} +refused .* its statement is gone`));
      match(shown.out, new RegExp(`\\n${sure} +done `));

      const ended = async (one: string, name: string): Promise<unknown> => {
        equal((await run("signal", one, name)).code, 0);
        return JSON.parse((await run("wait", one, "--timeout", "60s", "--json")).out).output;
      };
      equal(await ended(sure, "go"), { item: "sure", version: 2 });
      equal(await ended(other, "other"), { item: "other", version: 1 });
      const again = JSON.parse((await register("--migrate", "--json")).out);
      equal(
        again.flows.map((one: Record<string, unknown>) => [one.name, one.version, typeof one.operation]),
        [
          ["move", 2, "string"],
          ["same", 1, "string"],
        ],
      );
    } finally {
      worker.kill("SIGTERM");
      equal((await worker.status).code, 0);
    }
  },
});

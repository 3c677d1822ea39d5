// What the forms of the Python SDK do at their edges; the pages themselves are in the files beside this one.
import { deepStrictEqual as equal, rejects, strictEqual as same, throws } from "node:assert/strict";
import { FlowNotReadableError } from "../../mod.ts";
import * as core from "../../mod.ts";
import * as compat from "../../src/compat/mod.ts";
import { testApp } from "../app/support.ts";

Deno.test("an offset goes beyond the pages of the database", async () => {
  await using app = await testApp();
  const requests = Array.from(
    { length: 1_003 },
    (_, n) => ({ type: "task" as const, target: "noop", inputs: n, queue: "q" }),
  );
  await app.rhythm.executions.createMany(requests);
  const { executionService } = new compat.Application(app.rhythm);
  const listed = async (filters: compat.ExecutionFilters): Promise<unknown[]> =>
    (await executionService.queryExecutions({ queue: "q", ...filters })).map(({ inputs }) => inputs);
  equal(await listed({ limit: 2, offset: 1_000 }), [2, 1]);
  equal(await listed({ limit: 10, offset: 1_001 }), [1, 0]);
  equal(await listed({ offset: 1_003 }), []);
  same((await listed({ limit: 1_002 })).length, 1_002);
});

Deno.test("a workflow without a text needs a file that can be read", async () => {
  const missing = new compat.InitBuilder().databaseUrl("memory://").workflows([{
    name: "a",
    filePath: "./nowhere.flow",
  }]);
  await rejects(missing.init(), FlowNotReadableError);
  await rejects(compat.init({ workflows: [{ name: "a" }] }), {
    name: "InvalidOptionError",
    message: /"filePath"/,
  });
  await rejects(compat.init({} as never, ["./flows"]), { message: /"databaseUrl" must be/ });
  throws(() => new compat.InitBuilder().autoMigrate(1 as never), {
    message: /^autoMigrate\(\): "autoMigrate" must/,
  });
});

Deno.test("without an application the functions say that init() was not called, under their own names", async () => {
  const { tasks, workflows } = compat.client;
  for (const [name, call] of Object.entries({ queueTask: tasks.run, queueWorkflow: workflows.run })) {
    await rejects(call("word"), { message: new RegExp(`^${name}\\(\\)|closed`) });
  }
});

Deno.test("each function of the pages is in mod.ts, and in compat in the form of the pages", () => {
  const functions = [
    "init",
    "queueTask",
    "queueWorkflow",
    "queueExecution",
    "startWorkflow",
    "getExecution",
    "listExecutions",
    "cancelExecution",
    "waitForExecution",
    "scheduleExecution",
    "sendSignal",
    "run",
    "task",
  ] as const;
  equal(functions.filter((name) => typeof core[name] !== "function"), []);
  // These two are methods of services on the pages.
  const services = ["scheduleExecution", "sendSignal"];
  equal(functions.filter((name) => !(name in compat)), services);
});

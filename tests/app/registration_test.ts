import { deepStrictEqual as equal, rejects, strictEqual as same } from "node:assert/strict";
import { Admin, workflow } from "../../src/steps/mod.ts";
import { NotRegisteredError, Rhythm, task } from "../../mod.ts";
import { freshDatabase, onEmbedded, type TestDatabase } from "../support/database.ts";

const greet = task({ name: "greet" }, ({ who }: { who: string }) => `Hello, ${who}`);
const tidy = workflow("tidy", () => Promise.resolve("tidy"));
const application = {
  tasks: [greet],
  workflows: [tidy],
  flows: [{ name: "welcome", source: `return await Task.run("greet", { who: Inputs.who })` }],
  autoMigrate: false,
  log: { level: "silent" as const },
};

/** The connection string of a login of its own that has a role of the engine. */
async function login(test: TestDatabase, role: string): Promise<AsyncDisposable & { url: string }> {
  const name = `${test.name}_${role}`;
  await test.sql.unsafe(`create role "${name}" login; grant ${role} to "${name}"`);
  const url = new URL(test.direct);
  url.username = name;
  return {
    url: url.href,
    [Symbol.asyncDispose]: async () => {
      await test.sql.unsafe(`drop owned by "${name}"; drop role "${name}"`);
    },
  };
}

Deno.test({
  name: "worker.run() as rhythm_worker names what is not registered, and runs what a deployer registered",
  ignore: onEmbedded,
  fn: async () => {
    await using test = await freshDatabase();
    await using works = await login(test, "rhythm_worker");
    await using deploys = await login(test, "rhythm_deployer");
    await using rhythm = await Rhythm.init({ databaseUrl: works.url, ...application });
    await using early = rhythm.worker();
    await rejects(early.run(), (error: unknown) => {
      same(error instanceof NotRegisteredError && error.code, "NOT_REGISTERED");
      same(
        (error as Error).message,
        'Cannot start the worker: flow "welcome", task "greet", workflow "tidy" are not registered in schema "rhythm", ' +
          "and this role may not register anything. Start the application once as a role that has rhythm_deployer",
      );
      return true;
    });

    await (await Rhythm.init({ databaseUrl: deploys.url, ...application })).close();
    await using changed = await Rhythm.init({
      databaseUrl: works.url,
      ...application,
      flows: [{ name: "welcome", source: "return 2" }],
    });
    await rejects(changed.worker().run(), /^NotRegisteredError: .* flow "welcome" is not registered/);
    await changed.close();

    await using again = await Rhythm.init({ databaseUrl: works.url, ...application });
    await using worker = again.worker();
    const working = worker.run();
    const run = await again.workflows.start("welcome", { who: "Ada" });
    same(await run.result({ timeout: "20s" }), "Hello, Ada");
    same(await (await again.workflows.start(tidy, {})).result({ timeout: "20s" }), "tidy");
    await worker.stop();
    await working;
  },
});

Deno.test({
  name: "Rhythm.init() as rhythm_client registers nothing, and starts what is registered",
  ignore: onEmbedded,
  fn: async () => {
    await using test = await freshDatabase();
    await using starts = await login(test, "rhythm_client");
    const lines: unknown[] = [];
    const note = (message: string, fields?: object): number => lines.push([message, fields]);
    const log = { debug: note, info: note, warn: note, error: note };
    await using rhythm = await Rhythm.init({ databaseUrl: starts.url, ...application, log });
    equal(lines, [[
      "some flows and tasks are not registered, and this role may not register them: rhythm_deployer may",
      { missing: ['flow "welcome"', 'task "greet"', 'workflow "tidy"'] },
    ]]);
    await rejects(rhythm.flows.register({ name: "f", source: "return 1" }), { code: "42501" });
    equal(
      (await test.sql`select from rhythm.task`).length + (await test.sql`select from rhythm.flow`).length,
      0,
    );
    same((await greet.queue({ who: "Ada" })).id.length, 36);
  },
});

Deno.test({
  name: "Admin: a role without rhythm_deployer creates workflows that are registered",
  ignore: onEmbedded,
  fn: async () => {
    await using test = await freshDatabase();
    await using works = await login(test, "rhythm_worker");
    await using admin = new Admin(works.url);
    await rejects(admin.createWorkflow("tidy"), { code: "42501" });
    await test.sql`select rhythm.register_workflow('tidy')`;
    same((await admin.createWorkflow("tidy")).id().length, 36);
  },
});

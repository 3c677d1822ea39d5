import { deepStrictEqual as equal, rejects } from "node:assert/strict";
import { Rhythm } from "../../mod.ts";
import { freshDatabase } from "../support/database.ts";

Deno.test("register() says what of a flow's text Postgres does not store, and stores nothing", async () => {
  await using test = await freshDatabase();
  await using rhythm = await Rhythm.init({
    databaseUrl: test.url,
    autoMigrate: false,
    log: { level: "silent" },
  });
  for (const source of ['return "\\u0000"', 'return "\\ud800"', "// \0\nreturn 1", "// \ud800\nreturn 1"]) {
    await rejects(rhythm.flows.register({ name: "odd", source }), {
      code: "FLOW_NOT_STORABLE",
      message: /^Cannot register "odd": its text has the character U\+0000/,
    });
  }
  equal(await rhythm.flows.list(), []);
  await rhythm.flows.register({ name: "odd", source: 'return "\\\\u0000" + String.fromCharCode(0).length' });
});

Deno.test("an old worker that starts again leaves the newer flow current, and says so; a newer deploy and setVersion() go back", async () => {
  await using test = await freshDatabase();
  const warned: unknown[] = [];
  const start = async (source: string, deploy?: string): Promise<number> => {
    await using rhythm = await Rhythm.init({
      databaseUrl: test.url,
      autoMigrate: false,
      flows: [{ name: "order", source }],
      ...(deploy === undefined ? {} : { deploy }),
      log: {
        debug: () => {},
        info: () => {},
        error: () => {},
        warn: (_message, fields) => warned.push(fields),
      },
    });
    return (await rhythm.flows.list())[0]!.version;
  };
  equal([await start("return 1"), await start("return 2"), warned], [1, 2, []]);
  equal(await start("return 1"), 2);
  equal(warned, [{ flow: "order", version: 1, currentVersion: 2 }]);
  equal([await start("return 1", "build-7"), await start("return 2", "build-8")], [1, 2]);
  equal(await start("return 1", "build-7"), 2, "the deploy before");

  await using rhythm = await Rhythm.init({ databaseUrl: test.url, log: { level: "silent" } });
  await rhythm.flows.setVersion("order", 1);
  equal((await rhythm.flows.versions("order")).map((one) => [one.version, one.isCurrent]), [[2, false], [
    1,
    true,
  ]]);
  await rejects(rhythm.flows.setVersion("order", 9), { code: "RH004" });
});

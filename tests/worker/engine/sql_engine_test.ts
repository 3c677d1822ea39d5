import { deepStrictEqual as equal } from "node:assert/strict";
import type { Database, ListenOptions } from "../../../src/db/database.ts";
import { sqlEngine } from "../../../src/worker/engine/sql_engine.ts";

Deno.test("Engine.listen() takes a connection that is made anew for a call: what was said meanwhile is lost", async () => {
  const channels = new Map<string, ListenOptions>();
  const database: Partial<Database> = {
    listen: (channel, options) => {
      channels.set(channel, options);
      return Promise.resolve(() => Promise.resolve());
    },
  };
  const heard: string[] = [];
  const engine = sqlEngine({
    main: database as Database,
    beats: database as Database,
    transactional: database as Database,
    schema: "rhythm",
    name: "w",
    queues: ["mail"],
    targets: [],
    leaseMs: 15_000,
    runsCode: false,
  });
  await engine.listen({
    onWork: () => heard.push("work"),
    onDue: () => heard.push("due"),
    onDeaf: () => {},
    onStop: () => heard.push("stop"),
  });
  const work = channels.get("rhythm_work")!;
  for (const queue of ["", "mail", "other"]) work.onNotify(queue);
  equal(heard.splice(0), ["due", "work"]);
  work.onListen!();
  equal(heard, ["work", "due"]);
});

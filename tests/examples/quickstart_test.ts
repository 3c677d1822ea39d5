// The quickstart as its README says: a worker in one terminal, the menu of the scheduler in another.
import assert from "node:assert/strict";
import { freshDatabase, onEmbedded } from "../support/database.ts";
import { root, runProgram, startProgram } from "./support.ts";

const here = `${root}examples/quickstart/`;

Deno.test({
  name: "examples/quickstart: the scheduler's menu queues what the worker then runs, until Ctrl-C",
  ignore: onEmbedded,
  fn: async () => {
    await using db = await freshDatabase({ engine: "absent" });
    const menu = await runProgram(`${here}scheduler.ts`, { url: db.url, stdin: "1\n2\n3\nx\n4\n1\n" });
    assert.equal(menu.code, 0, menu.err);
    assert.match(
      menu.out,
      /1 {2}Schedule a workflow\n {2}2 {2}Schedule standalone tasks\n {2}3 {2}Schedule both\n {2}4 {2}Exit/,
    );
    assert.equal(menu.out.match(/Scheduled workflow/g)?.length, 2);
    assert.equal(menu.out.match(/Scheduled tasks/g)?.length, 2);
    assert.match(menu.out, /"x" is none of 1, 2, 3, 4/);

    const worker = startProgram(`${here}worker.ts`, { url: db.url });
    await worker.stdin.close();
    const ended = worker.output();
    const ids = [...menu.out.matchAll(/[0-9a-f]{8}-[0-9a-f-]{27}/g)].map(([id]) => id);
    assert.equal(ids.length, 6);
    for (const id of ids) {
      const [row] = await db.sql`select rhythm.wait_for(${id}, '20s') ->> 'status' as status`;
      assert.equal(row?.status, "completed");
    }
    worker.kill("SIGINT");
    const { code, stdout } = await ended;
    const text = new TextDecoder().decode(stdout);
    assert.equal(code, 0);
    assert.equal(text.match(/\[process_payment\] \$99\.99 for order order-/g)?.length, 2);
    assert.equal(text.match(/\[send_email\]/g)?.length, 4);
    assert.match(text, /The worker has stopped\.\n$/);
  },
});

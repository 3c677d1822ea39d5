// Webhooks of many customers: debounced, handled in order, and passed on to an API that bears little.
import assert from "node:assert/strict";
import { Rhythm, type Task, task } from "../../mod.ts";
import { freshDatabase, onEmbedded } from "../support/database.ts";
import { isLong } from "../support/long.ts";
import { until } from "../support/until.ts";

/** Counts what is under way at once, as the other side of a call sees it. */
class Api {
  #now = 0;
  readonly #of = new Map<string, number>();
  most = 0;
  mostOfOne = 0;
  calls = 0;

  async call(customer: string): Promise<void> {
    this.calls++;
    this.most = Math.max(this.most, ++this.#now);
    const own = (this.#of.get(customer) ?? 0) + 1;
    this.#of.set(customer, own);
    this.mostOfOne = Math.max(this.mostOfOne, own);
    await new Promise((resolve) => setTimeout(resolve, 2));
    this.#of.set(customer, this.#of.get(customer)! - 1);
    this.#now--;
  }
}

Deno.test({
  name:
    "scene: webhooks with debounce, unique and limits per customer: the last one of each is handled, the API never sees too many",
  ignore: onEmbedded,
  fn: async () => {
    const [customers, perCustomer, most] = isLong ? [500, 200, 10] : [30, 20, 3];
    await using test = await freshDatabase();
    const api = new Api();
    /** The webhook of each customer that was handled last, and the one that the API knows. */
    const handled = new Map<string, number>();
    const synced = new Map<string, number>();
    let digests = 0;
    type Hook = { customer: string; n: number };
    const sync: Task<{ customer: string }, void> = task(
      { name: "sync", queue: "api" },
      async ({ customer }: { customer: string }) => {
        const n = handled.get(customer)!;
        await api.call(customer);
        synced.set(customer, Math.max(n, synced.get(customer) ?? 0));
      },
    );
    const digest = task({ name: "digest", queue: "hooks" }, async ({ customer, n }: Hook) => {
      digests++;
      assert.ok(n > (handled.get(customer) ?? 0), `${customer}: ${n} came after ${handled.get(customer)}`);
      handled.set(customer, n);
      // One that waits sees this, because it begins after this start has committed.
      await sync.queue({ customer }, {
        concurrencyKey: customer,
        unique: { key: customer, while: "queued" },
      });
    });
    const open = () =>
      Rhythm.init({
        databaseUrl: test.url,
        autoMigrate: false,
        tasks: [sync, digest],
        log: { level: "error" },
      });
    await using one = await open();
    await using two = await open();
    await one.queues.configure("api", { concurrency: most, perKeyConcurrency: 1 });
    await one.queues.configure("hooks", { perKeyConcurrency: 1 });
    const workers = [one, two].map((rhythm) => rhythm.worker({ concurrency: 50, queues: ["hooks", "api"] }));
    const running = workers.map((worker) => worker.run());
    const names = Array.from({ length: customers }, (_, nth) => `customer ${nth}`);
    await Promise.all(names.map(async (customer, nth) => {
      for (let n = 1; n <= perCustomer; n++) {
        await [one, two][(nth + n) % 2]!.tasks.queue("digest", { customer, n }, {
          concurrencyKey: customer,
          debounce: { key: customer, delay: "30ms", maxDelay: "300ms" },
        });
      }
    }));
    await until(
      () => names.every((customer) => synced.get(customer) === perCustomer),
      "the API knows each customer's last webhook",
    );
    await until(async () => {
      const [row] = await test.database.query<{ n: number }>(
        "select count(*)::integer as n from rhythm.execution where state = 0",
      );
      return row!.n === 0;
    }, "nothing is left");
    await Promise.all(workers.map((worker) => worker.stop()));
    await Promise.all(running);
    console.log(
      `${
        customers * perCustomer
      } webhooks, ${digests} digests, ${api.calls} calls, at most ${api.most} at once`,
    );
    assert.ok(digests < customers * perCustomer, "many are one");
    assert.ok(api.calls <= digests, "no call without a digest");
    assert.ok(api.most <= most, `${api.most} calls at once`);
    assert.equal(api.mostOfOne, 1);
    const failed = await test.database.query(
      "select e.error from rhythm.executions as e where e.status <> 'completed'",
    );
    assert.deepEqual(failed, []);
    assert.deepEqual(await test.database.query("select * from rhythm.check()"), []);
  },
});

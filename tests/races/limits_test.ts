// Limits and turns with many sessions at once, sessions that are killed, and transactions that stay open.
import assert from "node:assert/strict";
import postgres from "postgres";
import { onEmbedded } from "../support/database.ts";
import { until } from "../support/until.ts";
import { claim, openArena, registerWorker, settle, violations } from "./support/sessions.ts";

const race = (name: string, run: () => Promise<void>): void =>
  Deno.test({ name, ignore: onEmbedded, fn: run });

/** A worker by hand: each call has the next number; one whose answer was lost is sent again, on another connection. */
class Hand implements AsyncDisposable {
  readonly #url: string;
  readonly #queues: string[];
  #sql: postgres.Sql;
  #lost!: Promise<"lost">;
  #id = "";
  #call = 0;
  held: { call: number; id: string }[] = [];

  constructor(url: string, queues: string[] = ["q"]) {
    this.#url = url;
    this.#queues = queues;
    this.#sql = this.#connect();
  }

  #connect(): postgres.Sql {
    const gone = Promise.withResolvers<"lost">();
    this.#lost = gone.promise;
    return postgres(this.#url, { max: 1, onnotice: () => {}, onclose: () => gone.resolve("lost") });
  }

  async #ask(statement: string, values: (string | number)[]): Promise<postgres.Row> {
    for (;;) {
      const answer = this.#sql.unsafe(statement, values).catch((error: { code?: string }) => {
        if (/^(CONNECTION_(CLOSED|DESTROYED|ENDED)|57P01|ECONNRESET|EPIPE)$/.test(error.code ?? "")) {
          return "lost" as const;
        }
        throw error;
      });
      const rows = await Promise.race([answer, this.#lost]);
      if (rows !== "lost") return rows[0]!;
      // Whether it happened is not known; the same call says so.
      void this.#sql.end({ timeout: 0 }).catch(() => {});
      this.#sql = this.#connect();
    }
  }

  async exchange(limit: number): Promise<number> {
    this.#id ||= (await this.#ask(
      "select rhythm.register_worker($1::uuid, string_to_array($2, ','), p_lease => '1h') as id",
      [crypto.randomUUID(), this.#queues.join(",")],
    )).id;
    const ends = this.held.map(({ call, id }) => ({ kind: "outcome", id, call, status: "completed" }));
    const call = ++this.#call;
    const { answer } = await this.#ask(
      "select rhythm.exchange($1::uuid, $2::integer, $3::text::jsonb, $4::text::jsonb) as answer",
      [this.#id, call, JSON.stringify(ends), JSON.stringify({ limit })],
    );
    this.held = (answer.parcels as { ids: string[] }[]).flatMap((parcel) =>
      parcel.ids.map((id) => ({ call, id }))
    );
    return this.held.length;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#sql.end({ timeout: 1 });
  }
}

async function load(sql: postgres.Sql, count: number, keys: number): Promise<void> {
  await sql`select rhythm.create_many((select jsonb_agg(jsonb_build_object('type', 'task', 'target', 'a', 'queue', 'q',
    'concurrency_key', 'k' || n % ${keys}::integer)) from generate_series(1, ${count}::integer) as n))`;
}

/** The most that was leased at once, in all and of one key. */
async function watch(sql: postgres.Sql, isOver: () => boolean): Promise<{ all: number; key: number }> {
  const worst = { all: 0, key: 0 };
  while (!isOver()) {
    const rows = await sql`select concurrency_key as key, sum(size)::integer as count from rhythm.batch
      where worker is not null group by 1`;
    worst.all = Math.max(worst.all, rows.reduce((sum, row) => sum + row.count, 0));
    worst.key = Math.max(worst.key, ...rows.map((row) => row.count));
  }
  return worst;
}

for (const count of [2, 20]) {
  race(
    `fair queue: ${count} workers, some killed, limits changed: never exceeded, nothing lost`,
    async () => {
      await using arena = await openArena(2);
      const { watcher } = arena;
      const [changing, killing] = arena.sessions as [postgres.Sql, postgres.Sql];
      await watcher`select rhythm.configure_queue('q', concurrency => 6, per_key_concurrency => 2, fair => 'key')`;
      await load(changing, 200, 7);
      let over = false;
      const watching = watch(watcher, () => over);
      const others = [
        (async () => {
          for (let n = 0; !over; n++) {
            await changing`select rhythm.configure_queue('q', concurrency => ${
              4 + n % 3
            }, per_key_concurrency => ${1 + n % 2},
            fair => ${n % 5 === 0 ? null : "key"})`;
            await changing`select rhythm.configure_key('q', 'k1', concurrency => 2, weight => ${1 + n % 4})`;
            if (n < 10) await load(changing, 5, 9);
            await changing`select rhythm.chores()`;
            const [row] =
              await changing`select count(*)::integer as count from rhythm.execution where state = 0`;
            over ||= n >= 10 && row?.count === 0;
          }
        })(),
        (async () => {
          for (let n = 0; n < 8 && !over; n++) {
            await killing`select pg_terminate_backend(pid) from pg_stat_activity
            where datname = current_database() and query like '%exchange(%' and pid <> pg_backend_pid() order by random() limit 1`;
            await killing`select pg_sleep(0.4)`;
          }
        })(),
      ];
      const working = Array.from({ length: count }, async (_, nth) => {
        await using hand = new Hand(arena.db.url);
        while (!over) await hand.exchange(1 + nth % 4);
        await hand.exchange(0);
      });
      for (const work of [watching, ...others, ...working]) work.catch(() => over = true);
      const worst = await watching;
      await Promise.all([...others, ...working]);
      assert.ok(worst.all > 0 && worst.all <= 6, `${worst.all} ran at once`);
      assert.ok(worst.key <= 2, `${worst.key} of one key ran at once`);
      assert.deepEqual(await violations(watcher), []);
    },
  );

  race(`rate: ${count} workers that wait for one another begin no more than it`, async () => {
    await using arena = await openArena(count);
    await arena
      .watcher`select rhythm.configure_queue('q', rate => 5, per => '1h', per_key_rate => 3, per_key_per => '1h')`;
    await load(arena.watcher, 100, 3);
    let begun = 0;
    await Promise.all(arena.sessions.map(async () => {
      await using hand = new Hand(arena.db.url);
      // A claim that waits for another one too long comes back with nothing.
      do {
        const claimed = await hand.exchange(4);
        begun += claimed;
      } while (begun < 5);
    }));
    assert.equal(begun, 5);
    assert.deepEqual(await violations(arena.watcher), []);
  });
}

race("claims wait neither for who queues, nor for who configures, nor for who cancels", async () => {
  await using arena = await openArena(3);
  const [one, two, three] = arena.sessions as [postgres.Sql, postgres.Sql, postgres.Sql];
  await arena.watcher`select rhythm.configure_queue('q', per_key_concurrency => 2, fair => 'key')`;
  await load(arena.watcher, 8, 2);
  const [first] = await arena.watcher`select id from rhythm.execution order by id limit 1`;
  await using hand = new Hand(arena.db.url);
  let close = (): void => {};
  const closed = new Promise<void>((resolve) => close = resolve);
  let open = 0;
  const keep = async (session: postgres.Sql, statement: string): Promise<void> => {
    await session.begin(async (tx) => {
      await tx.unsafe(statement);
      open++;
      await closed;
    });
  };
  const held = [
    keep(one, "select rhythm.queue('a', queue => 'q', concurrency_key => 'k0')"),
    keep(two, "select rhythm.configure_queue('q', per_key_concurrency => 1, fair => 'key')"),
    keep(three, `select rhythm.cancel('${first?.id}')`),
  ];
  await until(() => Promise.resolve(open === 3), "three transactions to be open");

  assert.equal(await hand.exchange(10), 4, "two of each key, and not the one that is being cancelled");
  close();
  await Promise.all(held);
  await hand.exchange(0);
  const again = await hand.exchange(10);
  assert.equal(again, 2, "one of each key, now");
});

race("workers of two limited queues in opposite orders do not deadlock", async () => {
  await using arena = await openArena(10);
  for (const queue of ["q", "r"]) {
    await arena.watcher`select rhythm.configure_queue(${queue}, concurrency => 50)`;
    await arena
      .watcher`select rhythm.create_many((select jsonb_agg(jsonb_build_object('type', 'task', 'target', 'a',
      'queue', ${queue}::text)) from generate_series(1, 100)))`;
  }
  await Promise.all(arena.sessions.map(async (_, nth) => {
    await using hand = new Hand(arena.db.url, nth % 2 === 0 ? ["q", "r"] : ["r", "q"]);
    for (let round = 0; round < 20; round++) await hand.exchange(5);
    await hand.exchange(0);
  }));
  const [row] = await arena.watcher`select count(*)::integer as count from rhythm.execution where state = 0`;
  assert.equal(row?.count, 0);
  assert.deepEqual(await violations(arena.watcher), []);
});

race(
  "a lease that ends while its queue gets a limit is counted until all agree on the limit, and is no fault",
  async () => {
    await using arena = await openArena(2);
    const [one] = arena.sessions as [postgres.Sql];
    const { watcher } = arena;
    await watcher`select rhythm.configure_queue('q', rate => 1000)`;
    await load(watcher, 5, 1);
    const worker = await registerWorker(watcher, ["q"]);
    const [held] = await claim(watcher, worker, 2);
    const other = await registerWorker(watcher, ["q"]);
    await one.begin(async (tx) => {
      // Nobody counts yet: so the end leaves no note.
      await settle(tx as unknown as postgres.Sql, worker, { id: held!.id, status: "completed" });
      await watcher`select rhythm.configure_queue('q', concurrency => 4, rate => 1000)`;
      assert.equal((await claim(watcher, other, 1)).length, 1);
      assert.deepEqual(await violations(watcher), []);
    });
    assert.deepEqual(await violations(watcher), []);
    // It is counted anew when all transactions of the server have ended that may not know the limit, also those of other databases.
    await until(async () => {
      await watcher`select rhythm.chores()`;
      const [state] = await watcher`select running from rhythm.queue_state where queue = 'q'`;
      return state?.running === 2;
    }, "the lease that ended to be counted no more");
    assert.deepEqual(await violations(watcher), []);
  },
);

race(
  "a transaction is not settled while it or an older one is open, and one of another server is",
  async () => {
    await using arena = await openArena(2);
    const [one, two] = arena.sessions as [postgres.Sql, postgres.Sql];
    await one.begin(async (older) => {
      const [first] = await older`select pg_current_xact_id()::text as xid`;
      await two.begin(async (younger) => {
        const [second] = await younger`select pg_current_xact_id()::text as xid`;
        const settled = async (xid: string): Promise<boolean> =>
          (await younger`select rhythm.is_settled(${xid}::text::xid8) as settled`)[0]!.settled;
        assert.deepEqual([await settled(first!.xid), await settled(second!.xid)], [false, false]);
        assert.equal(await settled(String(BigInt(second!.xid) + 1_000_000n)), true);
      });
    });
  },
);

race("an end is seen at once, however much became ready before it", async () => {
  await using arena = await openArena(1);
  const { watcher } = arena;
  await watcher`select rhythm.configure_queue('q', concurrency => 2)`;
  for (let part = 0; part < 4; part++) {
    await watcher`
      select count(*) from rhythm.create_many((
        select jsonb_agg(jsonb_build_object('type', 'task', 'target', 'a', 'queue', 'q', 'concurrency_key', n::text))
        from generate_series(${part * 5_000}::integer, ${part * 5_000 + 4_999}::integer) as n))`;
  }
  await using hand = new Hand(arena.db.url);
  // It ends what it holds, and claims in the room of that.
  for (let call = 1; call <= 3; call++) assert.equal(await hand.exchange(2), 2, `call ${call}`);
  assert.deepEqual(await violations(watcher), []);
});

// Addresses of signals, used from two and twenty sessions at once, against what ends their workflow, and under kills.
import assert from "node:assert/strict";
import type postgres from "postgres";
import { connect } from "../../src/db/connect.ts";
import { onEmbedded } from "../support/database.ts";
import { isLong } from "../support/long.ts";
import { type Arena, inTurn, openArena, violations } from "./support/sessions.ts";

async function waiting({ watcher }: Arena, uses: number | null): Promise<{ flow: string; token: string }> {
  await watcher`select rhythm.register_flow('f', 'return 1', '{}')`;
  const [row] =
    await watcher`select x.id as flow, rhythm.signal_token(x.id, 'approval', uses => ${uses}) as token
    from (select rhythm.start('f') as id offset 0) as x`;
  return row as { flow: string; token: string };
}

async function useAddress(sql: postgres.Sql, token: string): Promise<string> {
  const [row] = await sql`select rhythm.use_address(${token}, '{"ok": true}') ->> 'status' as status`;
  return row!.status;
}

async function signals(sql: postgres.Sql): Promise<number> {
  return Number((await sql`select count(*) as n from rhythm.signal`)[0]!.n);
}

for (const count of [2, 20]) {
  for (const uses of [1, 5]) {
    Deno.test({
      name: `an address for ${uses} uses sends no more, whatever ${count} sessions do`,
      ignore: onEmbedded,
      fn: async () => {
        await using arena = await openArena(count);
        const { token } = await waiting(arena, uses);
        const each = isLong ? 20 : 4;
        const came = (await Promise.all(arena.sessions.map(async (session) => {
          const statuses: string[] = [];
          for (let nth = 0; nth < each; nth++) statuses.push(await useAddress(session, token));
          return statuses;
        }))).flat();
        assert.equal(came.filter((status) => status === "sent").length, uses);
        assert.equal(came.filter((status) => status === "used").length, count * each - uses);
        assert.equal(await signals(arena.watcher), uses);
        assert.deepEqual(await violations(arena.watcher), []);
      },
    });
  }

  Deno.test({
    name: `${count} sessions that make the first addresses sign with one key`,
    ignore: onEmbedded,
    fn: async () => {
      await using arena = await openArena(count);
      const { watcher } = arena;
      await watcher`select rhythm.register_flow('f', 'return 1', '{}')`;
      const [flow] = await watcher`select rhythm.start('f') as id`;
      const tokens = await Promise.all(
        arena.sessions.map(async (session) =>
          (await session`select rhythm.signal_token(${flow!.id}, 'approval') as token`)[0]!.token as string
        ),
      );
      assert.equal(Number((await watcher`select count(*) as n from rhythm.signal_key`)[0]!.n), 1);
      for (const token of tokens) assert.equal(await useAddress(watcher, token), "sent");
    },
  });

  Deno.test({
    name: `an address whose ${count} sessions are killed: a use is there if and only if its signal is`,
    ignore: onEmbedded,
    fn: async () => {
      await using arena = await openArena(count);
      const { watcher } = arena;
      const { token } = await waiting(arena, null);
      let isOver = false;
      let sent = 0;
      const clients = Array.from({ length: count }, () => connect({ url: arena.db.url, maxConnections: 1 }));
      const using_ = clients.map(async (client) => {
        while (!isOver) {
          try {
            const [row] = await client.query<{ status: string }>(
              `select rhythm.use_address($1, '{"ok": true}') ->> 'status' as status`,
              [token],
            );
            if (row!.status === "sent") sent++;
          } catch {
            // Its connection was ended, and the next call opens another.
          }
        }
      });
      const watched = (await watcher`select pg_backend_pid() as pid`)[0]!.pid as number;
      const end = performance.now() + (isLong ? 20_000 : 2_000);
      let killed = 0;
      while (performance.now() < end) {
        const rows =
          await watcher`select pg_terminate_backend(a.pid) from (select x.pid from pg_stat_activity as x
          where x.datname = current_database() and x.pid <> ${watched} and x.query like '%use\\_address%' and x.backend_type = 'client backend' order by random() limit 2) as a`;
        killed += rows.length;
        await new Promise((done) => setTimeout(done, 50));
      }
      isOver = true;
      await Promise.all(using_);
      await Promise.all(clients.map((client) => client.close()));
      const [row] = await watcher`select uses from rhythm.signal_use`;
      assert.ok(killed > 5, `${killed} were killed`);
      assert.ok(sent > 5, `${sent} were sent`);
      assert.equal(row!.uses, await signals(watcher));
      // Some commits were not heard of any more.
      assert.ok(row!.uses >= sent);
      assert.deepEqual(await violations(watcher), []);
    },
  });
}

for (const isFirst of [true, false]) {
  Deno.test({
    name: `an address used ${isFirst ? "before" : "after"} its workflow is cancelled`,
    ignore: onEmbedded,
    fn: async () => {
      await using arena = await openArena(2);
      const { flow, token } = await waiting(arena, 1);
      const use = (sql: postgres.Sql): Promise<unknown> => useAddress(sql, token);
      const cancel = async (sql: postgres.Sql): Promise<unknown> =>
        await sql`select rhythm.cancel(${flow}, 'race')`;
      const acts = isFirst ? { first: use, second: cancel } : { first: cancel, second: use };
      assert.equal((await inTurn(arena, acts))[isFirst ? 0 : 1], isFirst ? "sent" : "over");
      assert.equal(await signals(arena.watcher), isFirst ? 1 : 0);
      assert.deepEqual(await violations(arena.watcher), []);
    },
  });

  Deno.test({
    name: `an address used ${isFirst ? "before" : "after"} its key is replaced at once`,
    ignore: onEmbedded,
    fn: async () => {
      await using arena = await openArena(2);
      const { token } = await waiting(arena, 1);
      const [one, two] = arena.sessions as [postgres.Sql, postgres.Sql];
      const rotate = async (): Promise<unknown> => await two`select rhythm.rotate_signal_key(keep => '0')`;
      if (!isFirst) await rotate();
      assert.equal(await useAddress(one, token), isFirst ? "sent" : "invalid");
      if (isFirst) await rotate();
      assert.equal(await useAddress(two, token), "invalid");
    },
  });
}

import type { Database } from "../../src/db/database.ts";
import { errorKind } from "../../src/db/error_kind.ts";
import type { Dice } from "./dice.ts";
import type { Process } from "./process.ts";

/** What somebody else has leased. */
interface Lease {
  readonly worker: string;
  readonly call: number;
  readonly type: "task" | "workflow";
  readonly ids: readonly string[];
  readonly seq: number | null;
  readonly isCode: boolean;
}

/** What comes with an answer. */
interface Answer {
  readonly refused: readonly { readonly id: string }[];
  readonly declined: readonly string[];
  readonly parcels: readonly {
    readonly common: { readonly type: string };
    readonly ids: readonly string[];
    readonly inputs: readonly { readonly v: number }[];
    readonly states?: readonly { readonly seq: number }[];
  }[];
}

/** A worker that somebody wrote from the page of the protocol, in another language: it runs `echo`, and no library is in it. */
export interface ForeignParts {
  readonly process: Process;
  readonly database: Database;
  readonly dice: Dice;
  /** What workers have leased now; nothing: a transaction is open. */
  readonly leases: () => Promise<readonly Lease[]>;
  /** Told of a promise that was not kept. */
  readonly onBroken: (what: string) => void;
}

/**
 * Works for a while. It knows less than our workers, so that other branches of the engine are taken: all its ends are `done`,
 * children, too. Now and then it says of what others have leased that it is over, with the very numbers of their calls. That
 * must be refused: a lease belongs to one worker.
 */
export class Foreign {
  readonly #parts: ForeignParts;
  readonly #held = new Map<string, { readonly call: number; readonly output: number }>();
  #flows: { readonly id: string; readonly call: number; readonly seq: number }[] = [];
  #id = "";
  #calls = 0;

  /** @param parts where it is */
  constructor(parts: ForeignParts) {
    this.#parts = parts;
  }

  /** Works, and dies or takes leave. */
  async run(forMs: number, end: "dies" | "leaves"): Promise<void> {
    const { process: { clock }, dice } = this.#parts;
    const until = clock.monotonic() + forMs;
    const pace = dice.pick([0.1, 1]);
    await this.#register();
    while (clock.monotonic() < until) {
      const { thieving, ends } = await this.#ends();
      const answer = await this.#exchange([...ends, ...thieving.map(({ end }) => end)]);
      if (answer !== undefined) this.#expectRefused(answer, thieving.map(({ id }) => id));
      if (dice.happens(0.2)) await this.#write();
      if (dice.happens(0.5)) await this.#beat();
      // Sometimes longer than its lease.
      const pauseMs = pace * dice.pick([20, 100, 400, 1_500]);
      await clock.sleep(dice.happens(0.04) ? LEASE_MS + 1_000 : pauseMs);
    }
    if (end === "leaves") await this.#insist("select rhythm.stop_worker($1::text::uuid)", [this.#id]);
  }

  async #register(): Promise<void> {
    this.#held.clear();
    this.#flows = [];
    this.#calls = 0;
    const [row] = await this.#insist<{ id: string }>(
      `select rhythm.register_worker(null, p_queues => '{default,other,narrow,keyed,rated}'::text[], p_name => 'foreign',
        p_lease => $1::text::interval, p_info => '{"tasks": ["echo"]}') as id`,
      [`${LEASE_MS}ms`],
    );
    this.#id = row!.id;
  }

  // Its own, some of them with the number of another call; and those of others.
  async #ends(): Promise<{ ends: object[]; thieving: { id: string; end: object }[] }> {
    const { dice, leases } = this.#parts;
    const byCall = new Map<number, string[]>();
    for (const [id, { call }] of this.#held) {
      if (dice.happens(0.6)) byCall.set(call, [...byCall.get(call) ?? [], id]);
    }
    const ends: object[] = [];
    const thieving: { id: string; end: object }[] = [];
    for (const flow of this.#flows.splice(0)) {
      const { id, call, seq } = flow;
      // Before it gives it back, it ends another step than the one that it was given.
      if (dice.happens(0.5)) {
        const end = {
          kind: "outcome",
          id,
          call,
          status: "completed",
          output: -1,
          seq: seq + dice.pick([-1, 1]),
        };
        if (end.seq >= 0) thieving.push({ id, end });
        this.#flows.push(flow);
      } else ends.push(releaseOf(id, call, seq));
    }
    for (const [call, ids] of byCall) {
      ids.sort();
      const outputs = ids.map((id) => this.#held.get(id)!.output);
      ends.push({ kind: "done", call, ids, outputs });
      for (const id of ids) this.#held.delete(id);
    }
    for (const [id, { call }] of this.#held) {
      if (!dice.happens(0.3)) continue;
      thieving.push({ id, end: { kind: "done", call: call + dice.pick([-1, 1]), ids: [id], outputs: [-1] } });
    }
    if (dice.happens(0.6)) {
      for (const { worker, call, type, ids, seq } of await leases()) {
        if (worker === this.#id || thieving.length > 10) continue;
        for (const id of ids.slice(0, 3)) {
          const isPlain = type === "task" && dice.happens(0.5);
          const end = isPlain ? { kind: "done", call, ids: [id], outputs: [-1] } : {
            kind: "outcome",
            id,
            call,
            status: "completed",
            output: -1,
            ...(seq === null ? {} : { seq }),
          };
          thieving.push({ id, end });
        }
      }
    }
    return { ends, thieving };
  }

  async #exchange(ends: readonly object[]): Promise<Answer | undefined> {
    const { dice } = this.#parts;
    const call = ++this.#calls;
    const want = { limit: dice.whole(0, 6), targets: ["echo"] };
    try {
      const [row] = await this.#insist<{ answer: Answer }>(
        `select rhythm.exchange(p_worker => $1::text::uuid, p_call => $2::text::integer, p_ends => $3::text::jsonb,
          p_want => $4::text::jsonb) as answer`,
        [this.#id, String(call), JSON.stringify(ends), JSON.stringify(want)],
      );
      for (const { common, ids, inputs, states } of row!.answer.parcels) {
        for (const [nth, id] of ids.entries()) {
          if (common.type === "task") this.#held.set(id, { call, output: inputs[nth]!.v });
          else this.#flows.push({ id, call, seq: states![nth]!.seq });
        }
      }
      return row!.answer;
    } catch (error) {
      // It was silent for too long.
      if (!String(error).includes("counts as dead")) throw error;
      await this.#register();
      return undefined;
    }
  }

  #expectRefused({ refused, declined }: Answer, ids: readonly string[]): void {
    const not = new Set([...refused.map(({ id }) => id), ...declined]);
    for (const id of ids) {
      if (!not.has(id)) this.#parts.onBroken(`a worker ended ${id}, which another has leased`);
    }
  }

  async #beat(): Promise<void> {
    const holds = [...this.#held].map(([id, { call }]) => ({ call, ids: [id] }));
    const [row] = await this.#insist<{ answer: { alive: boolean; lost: readonly string[] } }>(
      "select rhythm.beat(p_worker => $1::text::uuid, p_holds => $2::text::jsonb) as answer",
      [this.#id, JSON.stringify(holds)],
    );
    for (const id of row!.answer.lost) this.#held.delete(id);
    if (!row!.answer.alive) await this.#register();
  }

  // A step of code that another worker runs.
  async #write(): Promise<void> {
    const lease = (await this.#parts.leases()).find((one) => one.isCode && one.worker !== this.#id);
    if (lease === undefined) return;
    const id = lease.ids[0]!;
    const step = {
      execution_id: id,
      name: "stolen",
      kind: "step",
      status: "completed",
      seq: 1_000,
      output: -1,
    };
    const [row] = await this.#insist<{ refused: readonly { readonly execution_id: string }[] }>(
      "select rhythm.save_steps($1::text::uuid, $2::text::jsonb) as refused",
      [this.#id, JSON.stringify([step])],
    );
    if (row!.refused.length === 0) {
      this.#parts.onBroken(`a worker wrote a step of ${id}, which another has leased`);
    }
  }

  async #insist<R>(text: string, params: readonly unknown[]): Promise<R[]> {
    const { database, process: { clock } } = this.#parts;
    for (;;) {
      try {
        return await database.query<R>(text, params);
      } catch (error) {
        if (errorKind(error) !== "passing") throw error;
        await clock.sleep(100 + 900 * clock.random());
      }
    }
  }
}

// It does not know how to run workflows, which are given to every worker.
function releaseOf(id: string, call: number, seq: number): object {
  return { kind: "outcome", id, call, seq, status: "released", reason: "it runs tasks only", delay_ms: 200 };
}

const LEASE_MS = 6_000;
